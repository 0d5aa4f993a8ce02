import { addUpParts } from './add-up-parts.ts';
import type { ReconcileServices } from './reconcile-ports.ts';
import type { Run, RunReport } from './reconcile-run.ts';

/** Adds up what the parts came to. */
export async function concludeRun({ runs, now }: ReconcileServices, { id, request }: Run): Promise<RunReport> {
  const startedAt = await runs.begin(id, request);
  const { databases, counts, unread } = await addUpParts(runs.parts(id));
  const heldBack = await runs.heldBack(id);
  const report = { run: id, request, startedAt, endedAt: now(), databases, counts, heldBack, unread };
  await runs.end(id, report);
  return report;
}
