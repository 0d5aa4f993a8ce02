import type { SyncServices } from '../catalog/catalog-ports.ts';
import type { HeldBack, PartReport, ReconcileRequest, RunReport } from './reconcile-run.ts';

/** What a run keeps of itself: its steps may be tried again, and each writes what it came to as a whole. */
export interface RunLedger {
  /** Keeps what was asked. @returns when the run began, ISO 8601: the same for the same run */
  begin(run: string, request: ReconcileRequest): Promise<string>;
  savePart(run: string, report: PartReport): Promise<void>;
  loadPart(run: string, domain: string, database: string): Promise<PartReport | undefined>;
  /** Some at a time, by domain and database. */
  parts(run: string): AsyncIterable<readonly PartReport[]>;
  holdBack(run: string, heldBack: HeldBack): Promise<void>;
  heldBack(run: string): Promise<HeldBack[]>;
  end(run: string, report: RunReport): Promise<void>;
}

export interface ReconcileServices extends SyncServices {
  runs: RunLedger;
}
