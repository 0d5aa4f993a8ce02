import * as z from 'zod/mini';
import type { PairPosition } from '../catalog/pair-up.ts';

/** What is asked of a run. Nothing: everything, repaired. */
const requestSchema = z.object({
  domain: z.optional(z.string()),
  /** The producer's name; only with a domain. */
  database: z.optional(z.string()),
  /** Changes nothing and tells nobody; the report says what it would do. */
  dryRun: z._default(z.boolean(), false),
  /** Inferred removals are made, however many they are. */
  confirmRemovals: z._default(z.boolean(), false),
  /** Tables of a domain that joins are no drift: nobody is told that they were missing. */
  reason: z._default(z.enum(['asked', 'nightly', 'onboarding']), 'asked'),
});

export type ReconcileRequest = z.infer<typeof requestSchema>;

export interface Run {
  /** The name of the execution; the same when a step of it is tried again. */
  id: string;
  request: ReconcileRequest;
  /** The step was begun before: something may have stopped half-way. */
  isRepeated: boolean;
}

/** One database of a domain to be compared. */
export interface Part {
  domain: string;
  /** The producer's name. */
  database: string;
  /** Its tables are gone by inference, and may go. */
  mayRemove?: boolean;
}

/**
 * What is compared with what, counted in tables unless it says otherwise. Each difference is in one of the kinds, and either repaired, left, or
 * (an inferred removal) held back until the whole run is known.
 */
export interface Counts {
  /** The producer's, links and views left out. */
  tables: number;
  /** The central ones that Trellis made. */
  central: number;
  /** At the source and not in the central catalog. */
  missing: number;
  different: number;
  /** In the central catalog and gone at the source. */
  extra: number;
  /** With other partitions. */
  partitions: number;
  /** Kept out, or no longer, without its having been told. */
  quarantine: number;
  /** In a central database, and not made by Trellis. Left alone. */
  foreign: number;
  /** Databases described differently, or empty and gone at their source. */
  databases: number;
  repaired: number;
  /** Could not be repaired, or is not to be. */
  left: number;
  /** Gone because their database is. */
  inferred: number;
}

export const NO_COUNTS: Counts = {
  tables: 0,
  central: 0,
  missing: 0,
  different: 0,
  extra: 0,
  partitions: 0,
  quarantine: 0,
  foreign: 0,
  databases: 0,
  repaired: 0,
  left: 0,
  inferred: 0,
};

export type DifferenceKind = 'missing' | 'different' | 'extra' | 'partitions' | 'quarantine' | 'foreign' | 'database';

export interface Difference {
  kind: DifferenceKind;
  /** `<central database>.<table>`, or a central database. */
  subject: string;
  expected: string;
  found: string;
  repaired: boolean;
  /** Why it was left. */
  reason?: string;
}

/** What comparing one database came to, so far. */
export interface PartReport extends Part {
  /** Of the producer's database: there, gone, or no longer taken in by the mesh. */
  source: 'there' | 'gone' | 'given-up';
  counts: Counts;
  /** The first differences; the counts have all. */
  differences: Difference[];
  /** Differences that are told as events, each by itself or, where they are many, as how many they are. */
  drift: number;
  /** Where comparing goes on; undefined: it is done. */
  position?: PairPosition;
  /** The database could not be compared: nothing is said of what was not. */
  failure?: string;
}

/** Removals that were too many to be made on inference alone. */
export interface HeldBack {
  domain: string;
  removals: number;
  /** The domain's central tables that the run has seen. */
  ofTables: number;
}

/** What a run came to. */
export interface RunReport {
  run: string;
  request: ReconcileRequest;
  startedAt: string;
  endedAt: string;
  databases: number;
  counts: Counts;
  heldBack: HeldBack[];
  /** Databases that could not be compared, or not wholly. */
  unread: number;
}

/** @throws RequestError with what is wrong and what helps */
export function parseRequest(input: unknown): ReconcileRequest {
  const parsed = requestSchema.safeParse(input ?? {});
  if (!parsed.success) throw new RequestError(z.prettifyError(parsed.error));
  if (parsed.data.database !== undefined && parsed.data.domain === undefined)
    throw new RequestError('A database is named without its domain: give both, or neither.');
  return parsed.data;
}

/** Trying again does not help. */
export class RequestError extends Error {
  override name = 'RequestError';
}

export function addCounts(one: Counts, other: Counts): Counts {
  const names = Object.keys(NO_COUNTS) as (keyof Counts)[];
  return Object.fromEntries(names.map(name => [name, one[name] + other[name]])) as unknown as Counts;
}

/** Names of the ledger's, and of what is told: a run tells of a thing once. */
export function partName({ domain, database }: Pick<Part, 'domain' | 'database'>): string {
  return `${domain}#${database}`;
}
