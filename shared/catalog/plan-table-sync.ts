import type { Domain } from '../mesh/mesh.ts';
import { canonicalText } from './canonical-text.ts';
import { centralContent, keepsVersion, meaningfulChanges } from './central-content.ts';
import { locationFaults } from './location-faults.ts';
import {
  DOMAIN_PARAMETER,
  type NotedChange,
  type Quarantine,
  readMarks,
  SOURCE_VERSION_PARAMETER,
  type TableMarks,
  withMarks,
} from './table-marks.ts';
import {
  isOlder,
  parseSourceVersion,
  type SourceVersion,
  type TableContent,
  type TableSnapshot,
} from './table-snapshot.ts';

/** The central table as it was read just now. `versionId` guards its next write. */
export interface CentralSnapshot {
  content: TableContent;
  versionId: string;
}

export type TableSyncPlan =
  | {
      kind: 'nothing';
      /** `stale`: the reading may be older than what is there: read the source again. */
      why: 'in-step' | 'kept-out' | 'stale' | 'not-ours' | 'never-synced' | 'absent';
    }
  | { kind: 'create'; content: TableContent; notes: NotedChange[] }
  /** Also where only a mark changes: kept out, released, missing, there again. */
  | { kind: 'update'; content: TableContent; versionId: string; keepVersion: boolean; notes: NotedChange[] }
  /** The source is gone: the central table stays for the grace period, marked. */
  | { kind: 'mark-missing'; content: TableContent; versionId: string; notes: NotedChange[] }
  /** Never published: it would give one domain's name to another's data. */
  | { kind: 'keep-out'; quarantine: Quarantine }
  /** What was kept out is gone at its source. */
  | { kind: 'let-go' };

export interface TableSyncQuestion {
  domainName: string;
  domain: Domain;
  /** Undefined only when the producer's catalog said that this table does not exist. */
  source: TableSnapshot | undefined;
  central: CentralSnapshot | undefined;
  /** Why the table is kept out, where it has no central table to say so. */
  keptOut?: Quarantine | undefined;
  /** The source was read after the central table: nothing that is there comes from a later reading. */
  isReadLast: boolean;
  now: string;
  /** Which delivery asks (`NotedChange.by`). */
  by: string;
}

/** Works out what brings a central table up to its source. Planning again after the plan was applied gives nothing. Pure. */
export function planTableSync(question: TableSyncQuestion): TableSyncPlan {
  const { domainName, domain, source, central, keptOut, now, by } = question;
  if (central && !isOurs(central, domainName)) return { kind: 'nothing', why: 'not-ours' };
  if (!source || source.isLinkOrView) return planMissing(question);
  const faults = locationFaults(domainName, domain, source.content);
  const content = centralContent(source, domainName, domain.account);
  if (!central) {
    if (faults.length > 0) return planKeepOut(faults, keptOut, now);
    const notes = [noteOf('synced', ['created'])];
    if (keptOut) notes.push(noteOf('released', keptOut.reasons));
    return { kind: 'create', content: withMarks(content, { changes: [] }, notes), notes };
  }

  const fence = sourceVersionOf(central);
  if (isStale(question, source, fence)) return { kind: 'nothing', why: 'stale' };
  const marks = readMarks(central.content.Parameters);
  const { versionId } = central;
  if (faults.length > 0) {
    const isKnown = canonicalText(marks.quarantine?.reasons) === canonicalText(faults);
    if (isKnown && marks.missingSince === undefined) return { kind: 'nothing', why: 'kept-out' };
    const notes = isKnown ? [] : [noteOf('quarantined', faults)];
    const quarantine = { since: marks.quarantine?.since ?? now, reasons: faults };
    // What is published stays the last good version.
    const kept = withMarks(central.content, { quarantine, changes: marks.changes }, notes);
    return { kind: 'update', content: kept, versionId, keepVersion: false, notes };
  }
  const changes = changesOf(source, central, fence, marks, content);
  const notes = changes.length > 0 ? [noteOf('synced', changes)] : [];
  if (marks.quarantine) notes.push(noteOf('released', marks.quarantine.reasons));
  if (notes.length === 0) return { kind: 'nothing', why: 'in-step' };
  const marked = withMarks(content, { changes: marks.changes }, notes);
  return { kind: 'update', content: marked, versionId, keepVersion: keepsVersion(changes), notes };

  function noteOf(kind: NotedChange['kind'], what: string[]): NotedChange {
    return { at: now, by, kind, what };
  }
}

function changesOf(
  source: TableSnapshot,
  central: CentralSnapshot,
  fence: SourceVersion | undefined,
  { missingSince }: TableMarks,
  content: TableContent,
): string[] {
  const changes = meaningfulChanges(central.content, content);
  if (fence && (source.createdAt !== fence.createdAt || isOlder(source, fence))) return ['recreated', ...changes];
  return missingSince === undefined ? changes : ['there-again', ...changes];
}

/** A table in a central database that Trellis did not write, or wrote for another domain, is left alone. */
function isOurs(central: CentralSnapshot, domainName: string): boolean {
  return sourceVersionOf(central) !== undefined && central.content.Parameters[DOMAIN_PARAMETER] === domainName;
}

function sourceVersionOf({ content }: CentralSnapshot): SourceVersion | undefined {
  return parseSourceVersion(content.Parameters[SOURCE_VERSION_PARAMETER]);
}

/**
 * A reading taken before the central one may be older than what is there. Glue's CreateTime has whole seconds, so a table that was dropped and made
 * again within one second starts over at a lower version of what looks like the same incarnation; and a table that was marked missing looks no
 * newer when it comes back so: neither can be told from an old reading. A reading taken after the central one is the truth.
 */
function isStale({ isReadLast, central }: TableSyncQuestion, source: TableSnapshot, fence: SourceVersion | undefined) {
  if (isReadLast || !fence || !central) return false;
  const isMissing = readMarks(central.content.Parameters).missingSince !== undefined;
  return isOlder(source, fence) || (isMissing && source.createdAt === fence.createdAt);
}

function planMissing({ source, central, keptOut, now, by }: TableSyncQuestion): TableSyncPlan {
  if (!central && keptOut) return { kind: 'let-go' };
  if (!central) return { kind: 'nothing', why: source ? 'never-synced' : 'absent' };
  const marks = readMarks(central.content.Parameters);
  if (marks.missingSince !== undefined) return { kind: 'nothing', why: 'in-step' };
  const notes: NotedChange[] = [{ at: now, by, kind: 'missing', what: ['gone at its source'] }];
  const content = withMarks(central.content, { ...marks, missingSince: now }, notes);
  return { kind: 'mark-missing', content, versionId: central.versionId, notes };
}

function planKeepOut(reasons: string[], keptOut: Quarantine | undefined, now: string): TableSyncPlan {
  if (keptOut && canonicalText(keptOut.reasons) === canonicalText(reasons)) return { kind: 'nothing', why: 'kept-out' };
  return { kind: 'keep-out', quarantine: { since: keptOut?.since ?? now, reasons } };
}
