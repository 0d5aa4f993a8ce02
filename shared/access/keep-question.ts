import type { Ledger } from './ledger.ts';
import type { Processes } from './take-services.ts';

/** Keeps the token of a waiting machine. When the answer was quicker than the question, the machine goes on at once. */
export async function keepQuestion(
  { ledger, processes }: { ledger: Pick<Ledger, 'saveTaskToken'>; processes: Pick<Processes, 'wake'> },
  requestId: string,
  taskToken: string,
): Promise<void> {
  const request = await ledger.saveTaskToken(requestId, taskToken);
  if (request?.state.status !== 'waiting') await processes.wake(taskToken);
}
