import type { ActiveGrant, Instant, Pair } from './access-request.ts';
import { type CellFilter, desiredFilter } from './entitlement.ts';

/**
 * What the ledger keeps for one principal on one table, and why converge is safe:
 *
 * - `applied`: every filter that Trellis put there or was about to, written **before** the call that puts it. Only these are ever revoked.
 * - `desiredVersion`: bumped in the transaction of every transition that touches the pair.
 * - `settledVersion`: the `desiredVersion` that was read at the start of a converge, written only after a look at Lake Formation found
 *   nothing missing and nothing left over. Behind `desiredVersion`: the sweep converges the pair again.
 */
export interface PairRecord extends Pair {
  /** By filter name. */
  applied: Record<string, CellFilter>;
  desiredVersion: number;
  settledVersion: number;
  /** Counts every write of the record; each write expects the one that it read. */
  revision: number;
}

export interface PairReading {
  record: PairRecord;
  grants: ActiveGrant[];
}

export function newPair(pair: Pair): PairRecord {
  return { ...pair, applied: {}, desiredVersion: 0, settledVersion: 0, revision: 0 };
}

export function isSettled(record: PairRecord): boolean {
  return record.settledVersion === record.desiredVersion;
}

/**
 * The record after a transition that leaves these grants active. What will be put into Lake Formation because of it is noted as applied here
 * already, in the transition's own transaction: converge then need not write before its first call. The description is not: it may be there already, and
 * not from Trellis.
 */
export function afterTransition(record: PairRecord, grants: readonly ActiveGrant[]): PairRecord {
  const desired = desiredFilter(record.principal, grants);
  return {
    ...record,
    applied: desired ? { ...record.applied, [desired.name]: desired } : record.applied,
    desiredVersion: record.desiredVersion + 1,
    revision: record.revision + 1,
  };
}

/** The record with entries noted as applied. */
export function withApplied(record: PairRecord, entries: readonly CellFilter[]): PairRecord {
  const noted = Object.fromEntries(entries.map(entry => [entry.name, entry]));
  return { ...record, applied: { ...record.applied, ...noted }, revision: record.revision + 1 };
}

/**
 * The record after a look at Lake Formation found exactly what was desired when `record` was read: what was applied and is no longer
 * desired has been seen gone, so it is forgotten.
 */
export function afterSettling(record: PairRecord, desired: readonly CellFilter[]): PairRecord {
  // What is desired, and somebody else had given before, is not Trellis's to take away.
  const ours = desired.filter(({ name }) => Object.hasOwn(record.applied, name));
  return {
    ...record,
    applied: Object.fromEntries(ours.map(entry => [entry.name, entry])),
    settledVersion: record.desiredVersion,
    revision: record.revision + 1,
  };
}

/** The `settledVersion` of a pair that is to be looked at again, whatever was seen before. No transition leads to it. */
export const NEVER_SETTLED = -1;

/** When the sweep should look at a pair: at once while it is unsettled, never when it is settled. The table's lease keeps the sweep from getting in the way. */
export function pairDueAt(record: PairRecord, now: Instant): Instant | undefined {
  return isSettled(record) ? undefined : now;
}
