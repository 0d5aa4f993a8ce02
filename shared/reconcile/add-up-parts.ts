import { addCounts, type Counts, NO_COUNTS, type PartReport } from './reconcile-run.ts';

/** What the parts of a run come to, so far. */
export interface PartsSum {
  /** Those that are done with. */
  databases: number;
  counts: Counts;
  /** Databases that could not be compared, or not wholly. */
  unread: number;
}

export async function addUpParts(parts: AsyncIterable<readonly PartReport[]>): Promise<PartsSum> {
  const sum = { databases: 0, counts: NO_COUNTS, unread: 0 };
  for await (const reports of parts) {
    for (const { counts, position, failure } of reports) {
      if (position === undefined || failure !== undefined) sum.databases++;
      sum.counts = addCounts(sum.counts, counts);
      if (failure !== undefined) sum.unread++;
    }
  }
  return sum;
}
