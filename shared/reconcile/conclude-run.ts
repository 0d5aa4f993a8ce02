import type { ReconcileServices } from './reconcile-ports.ts';
import { addCounts, NO_COUNTS, type Run, type RunReport } from './reconcile-run.ts';

/** Adds up what the parts came to. */
export async function concludeRun({ runs, now }: ReconcileServices, { id, request }: Run): Promise<RunReport> {
  const startedAt = await runs.begin(id, request);
  let counts = NO_COUNTS;
  let databases = 0;
  let unread = 0;
  for await (const reports of runs.parts(id)) {
    for (const report of reports) {
      databases++;
      counts = addCounts(counts, report.counts);
      if (report.failure !== undefined) unread++;
    }
  }
  const heldBack = await runs.heldBack(id);
  const report = { run: id, request, startedAt, endedAt: now(), databases, counts, heldBack, unread };
  await runs.end(id, report);
  return report;
}
