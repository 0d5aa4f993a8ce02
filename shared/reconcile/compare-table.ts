import type { TablePlace } from '../catalog/catalog-ports.ts';
import type { Pair } from '../catalog/pair-up.ts';
import { type CentralSnapshot, planTableSync, type TableSyncPlan } from '../catalog/plan-table-sync.ts';
import { hasListedPartitions, havePartitionsDrifted, type KnownPartitions } from '../catalog/sync-partitions.ts';
import { giveUpTable, lookAtTable, syncTable } from '../catalog/sync-table.ts';
import { type NotedChange, type Quarantine, readMarks } from '../catalog/table-marks.ts';
import type { TableSnapshot } from '../catalog/table-snapshot.ts';
import { centralDatabase, type Domain } from '../mesh/mesh.ts';
import type { PartDiary, Seen } from './part-diary.ts';
import type { ReconcileServices } from './reconcile-ports.ts';
import type { Difference, Run } from './reconcile-run.ts';

/** What the ledger knows of a database's tables, by table. */
export interface KnownTables {
  keptOut: Map<string, Quarantine>;
  partitions: Map<string, KnownPartitions>;
}

/**
 * Compares tables, as lists of both sides show them. A list only points: whatever is repaired is read by itself first, as for an event
 * (`syncTable`), and a table that a list leaves out is not believed to be gone.
 */
export class TableComparison {
  readonly #services: ReconcileServices;
  readonly #run: Run;
  readonly #diary: PartDiary;
  readonly #known: KnownTables;
  readonly #domain: Domain;
  /** Notes on tables name it: a step that is tried again knows its own. */
  readonly #by: string;

  constructor(services: ReconcileServices, run: Run, diary: PartDiary, known: KnownTables) {
    this.#services = services;
    this.#run = run;
    this.#diary = diary;
    this.#known = known;
    this.#domain = services.mesh.domains[diary.report.domain]!;
    this.#by = `reconcile/${run.id}`;
  }

  async compare({ key: table, source, central }: Pair<TableSnapshot, CentralSnapshot>): Promise<void> {
    const { domain, database: sourceDatabase } = this.#diary.report;
    if (source && !source.isLinkOrView) this.#diary.count('tables');
    const plan = planTableSync({
      domainName: domain,
      domain: this.#domain,
      source,
      central,
      keptOut: central ? undefined : this.#known.keptOut.get(table),
      isReadLast: false,
      now: this.#services.now(),
      by: this.#by,
    });
    const { account } = this.#domain;
    const place = { account, domain, sourceDatabase, database: centralDatabase(domain, sourceDatabase), table };
    if (plan.kind === 'nothing' && plan.why === 'not-ours') return this.#leaveForeign(place);
    if (central) this.#diary.count('central');
    if (plan.kind !== 'nothing' || plan.why === 'stale') return this.#repair(place, plan);
    if (plan.why !== 'in-step' || !central) return;
    if (this.#run.isRepeated) await this.#tellAgain(place, readMarks(central.content.Parameters).changes);
    if (source && hasListedPartitions(source)) await this.#comparePartitions(place);
  }

  async #leaveForeign({ database, table }: TablePlace): Promise<void> {
    await this.#diary.leave({
      kind: 'foreign',
      subject: `${database}.${table}`,
      expected: 'only tables that Trellis made',
      found: 'a table that Trellis did not make',
      reason: 'Left as it is: remove it, or move it to a database that is no domain’s.',
    });
  }

  async #repair(place: TablePlace, plan: TableSyncPlan): Promise<void> {
    const { source, mayRemove } = this.#diary.report;
    const isInferred = plan.kind === 'mark-missing' && source === 'gone';
    if (isInferred && !mayRemove) return this.#diary.count('inferred');
    await this.#diary.repair(differenceOf(place, plan), {
      confirm: async () => (source === 'given-up' ? differenceOf(place, plan) : this.#look(place)),
      repair: async () => (await this.#sync(place)) !== 'nothing',
    });
  }

  /** The lists may be older than what is there, or have shown one side only. Where the table is in step, its partitions are left to compare. */
  async #look(place: TablePlace): Promise<Seen | undefined> {
    const { plan, source } = await lookAtTable(this.#services, place);
    if (plan.kind !== 'nothing') return differenceOf(place, plan);
    if (plan.why === 'in-step' && source && hasListedPartitions(source)) await this.#comparePartitions(place);
    return undefined;
  }

  async #comparePartitions(place: TablePlace): Promise<void> {
    const { domain: domainName, sourceDatabase, database, table } = place;
    const known = this.#known.partitions.get(table);
    const subject = `${database}.${table}`;
    const difference = {
      kind: 'partitions' as const,
      subject,
      expected: 'the partitions of its source',
      found: 'others',
    };
    if (this.#run.isRepeated && known?.changedBy === this.#by) this.#diary.wasRepaired(difference);
    const partitions = { domainName, domain: this.#domain, sourceDatabase, database, table };
    // An earlier try of this step wrote, and did not come to tell of it.
    const isUntold = known?.unfinished.includes(this.#by) ?? false;
    const hasDrifted = () => havePartitionsDrifted(this.#services, partitions, known);
    await this.#diary.repair(difference, {
      confirm: async () => (isUntold || (await hasDrifted()) ? difference : undefined),
      repair: async () => (await this.#sync(place)) !== 'nothing',
    });
  }

  /** An earlier try of this step has repaired the table, and may not have come to tell what it changed. */
  async #tellAgain(place: TablePlace, notes: readonly NotedChange[]): Promise<void> {
    const own = notes.findLast(({ by }) => by === this.#by);
    if (!own) return;
    await this.#sync(place);
    this.#diary.wasRepaired({ subject: `${place.database}.${place.table}`, ...differenceOfNote(own) });
  }

  #sync(place: TablePlace) {
    const { account, sourceDatabase: database, table } = place;
    const { isRepeated } = this.#run;
    if (this.#diary.report.source === 'given-up')
      return giveUpTable(this.#services, place, { by: this.#by, isRepeated });
    return syncTable(this.#services, { account, database, table, partitions: 'unknown', by: this.#by, isRepeated });
  }
}

function differenceOf({ database, table }: TablePlace, plan: TableSyncPlan): Seen {
  const subject = `${database}.${table}`;
  switch (plan.kind) {
    case 'create':
      return { subject, ...MISSING };
    case 'mark-missing':
      return { subject, ...EXTRA };
    case 'keep-out':
      return { kind: 'quarantine', subject, expected: plan.quarantine.reasons.join(' '), found: 'not kept out' };
    case 'let-go':
      return { kind: 'quarantine', subject, expected: 'nothing: it is gone at its source', found: 'kept out' };
    case 'update':
      return { subject, ...differenceOfNotes(plan.notes) };
    case 'nothing':
      return { subject, ...OTHERWISE };
  }
}

/** A difference without its subject. */
type What = Pick<Difference, 'kind' | 'expected' | 'found'>;

function differenceOfNotes(notes: readonly NotedChange[]): What {
  const note = notes.find(({ kind }) => kind !== 'synced') ?? notes[0];
  return note ? differenceOfNote(note) : OTHERWISE;
}

function differenceOfNote({ kind, what }: NotedChange): What {
  switch (kind) {
    case 'synced':
      return what.includes('created') ? MISSING : { ...OTHERWISE, found: `other ${what.join(', ')}` };
    case 'missing':
      return EXTRA;
    case 'quarantined':
      return { kind: 'quarantine', expected: what.join(' '), found: 'not kept out' };
    case 'released':
      return { kind: 'quarantine', expected: 'published', found: 'kept out' };
  }
}

const MISSING: What = { kind: 'missing', expected: 'as at its source', found: 'nothing' };
const EXTRA: What = { kind: 'extra', expected: 'nothing: it is gone at its source', found: 'a table' };
const OTHERWISE: What = { kind: 'different', expected: 'as at its source', found: 'otherwise' };
