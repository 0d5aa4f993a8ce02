import type { DueItem, DueWork } from './ledger.ts';

/** Queues of work: for the one function that grants and revokes, and for the one that writes the catalog. */
export interface WorkQueue {
  send(items: readonly DueItem[]): Promise<void>;
}

/**
 * Hands all that is due now to the queue. What is still due at the next sweep is handed over again: doing it twice changes nothing.
 * With nothing due: one query, nothing else.
 * @returns how many were due
 */
export async function sweep({
  ledger,
  queue,
  now,
}: {
  ledger: DueWork;
  queue: WorkQueue;
  now(): string;
}): Promise<{ due: number }> {
  let due = 0;
  for await (const items of ledger.due(now())) {
    await queue.send(items);
    due += items.length;
  }
  return { due };
}
