import type { TableContent } from './table-snapshot.ts';

/**
 * What Trellis notes on a central table itself, as parameters. The table is the one place that a sync reads and writes anyway, under Glue's own
 * guard against concurrent writes: a mark costs no call of its own, and can never disagree with the table that it speaks of.
 */

export const DOMAIN_PARAMETER = 'trellis.domain';
export const SOURCE_ACCOUNT_PARAMETER = 'trellis.source_account';
export const SOURCE_VERSION_PARAMETER = 'trellis.source_version';
/** When the source was seen to be gone. */
export const MISSING_PARAMETER = 'trellis.missing_since';
/** Why the source's present version is kept out; what is published is the last good one. */
export const QUARANTINE_PARAMETER = 'trellis.quarantined';
/** The last changes, newest last: what is to be told of a write, until it was, and recent activity for people. */
export const CHANGES_PARAMETER = 'trellis.changes';

/** Why something of a producer stays out of the central catalog. */
export interface Quarantine {
  /** ISO 8601. */
  since: string;
  reasons: string[];
}

/** One write of a central table, as it is told. */
export interface NotedChange {
  /** ISO 8601. */
  at: string;
  /** Which delivery wrote it: the same one delivered again tells it again, for its first attempt may have died before it told. */
  by: string;
  kind: 'synced' | 'quarantined' | 'released' | 'missing';
  /** What changed, or why it is, or was, kept out. */
  what: string[];
}

export interface TableMarks {
  missingSince?: string;
  quarantine?: Quarantine;
  /** Newest last. */
  changes: NotedChange[];
}

/** How many changes a table remembers: more than deliveries of its hints are ever under way at once. */
const REMEMBERED_CHANGES = 20;

/** The marks of a central table. A mark that cannot be read (somebody edited it by hand) counts as none. */
export function readMarks(parameters: Readonly<Record<string, string>>): TableMarks {
  const missingSince = parameters[MISSING_PARAMETER];
  const quarantine = parse(parameters[QUARANTINE_PARAMETER], isQuarantine);
  return {
    ...(missingSince !== undefined && { missingSince }),
    ...(quarantine && { quarantine }),
    changes: parse(parameters[CHANGES_PARAMETER], isChanges) ?? [],
  };
}

/** The content with exactly these marks, and `notes` as the newest changes. */
export function withMarks(
  content: TableContent,
  { missingSince, quarantine, changes }: TableMarks,
  notes: readonly NotedChange[],
): TableContent {
  const {
    [MISSING_PARAMETER]: _,
    [QUARANTINE_PARAMETER]: __,
    [CHANGES_PARAMETER]: ___,
    ...others
  } = content.Parameters;
  const remembered = [...changes, ...notes].slice(-REMEMBERED_CHANGES);
  return {
    ...content,
    Parameters: {
      ...others,
      ...(missingSince !== undefined && { [MISSING_PARAMETER]: missingSince }),
      ...(quarantine && { [QUARANTINE_PARAMETER]: JSON.stringify(quarantine) }),
      ...(remembered.length > 0 && { [CHANGES_PARAMETER]: JSON.stringify(remembered) }),
    },
  };
}

function parse<T>(text: string | undefined, isT: (value: unknown) => value is T): T | undefined {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isT(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isQuarantine(value: unknown): value is Quarantine {
  const { since, reasons } = (value ?? {}) as Partial<Quarantine>;
  return typeof since === 'string' && isTexts(reasons);
}

function isChanges(value: unknown): value is NotedChange[] {
  return Array.isArray(value) && value.every(isChange);
}

function isChange(value: unknown): value is NotedChange {
  const { at, by, kind, what } = (value ?? {}) as Partial<NotedChange>;
  const isKnown = kind !== undefined && ['synced', 'quarantined', 'released', 'missing'].includes(kind);
  return isKnown && typeof at === 'string' && typeof by === 'string' && isTexts(what);
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(text => typeof text === 'string');
}
