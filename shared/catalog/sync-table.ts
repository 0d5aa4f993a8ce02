import type { Domain } from '../mesh/mesh.ts';
import { tell } from '../telling/outbox.ts';
import type { ToldEvent } from '../telling/told-event.ts';
import { canonicalText } from './canonical-text.ts';
import { DatabaseMissingError, type SyncServices, TableChangedError, type TablePlace } from './catalog-ports.ts';
import { centralDatabaseContent } from './central-content.ts';
import { planTableSync, type TableSyncPlan } from './plan-table-sync.ts';
import { eventOfNote, quarantineEvent, tableEvent } from './sync-events.ts';
import { hasListedPartitions, type PartitionHint, syncPartitions } from './sync-partitions.ts';
import { type NotedChange, readMarks } from './table-marks.ts';
import { placeOf } from './table-place.ts';
import type { TableSnapshot } from './table-snapshot.ts';

/** A hint that something of a producer's table changed. */
export interface TableChange {
  account: string;
  /** The producer's names. */
  database: string;
  table: string;
  partitions: PartitionHint;
  /** Names the delivery; the same when it is delivered again. */
  by: string;
  /** It was delivered before: something may have stopped half-way. */
  isRepeated: boolean;
  /** When the change happened at its source, ISO 8601; unknown where nobody told. */
  happenedAt?: string;
}

export type SyncOutcome = TableSyncPlan['kind'] | 'partitions' | 'unknown-domain';

/**
 * Brings the central table of one producer's table up to what the producer's catalog says now, whatever hinted at it. Safe to repeat, to run late,
 * twice at once, and to lose at any point.
 *
 * Calls: one read when this process knows the table to be in step; otherwise two reads, and for a change one write, one put of its events, and
 * a last read of the source: what changed there since, and was seen by another before our write, would otherwise stay unseen. The change that is to be told
 * is noted on the table by the write itself. A reading that may be old is taken once more.
 *
 * @throws TableChangedError when others kept writing meanwhile; the fault of a service. The hint is delivered again.
 */
export async function syncTable(services: SyncServices, change: TableChange): Promise<SyncOutcome> {
  const place = placeOf(services.mesh, change);
  if (!place) return 'unknown-domain';
  return untilSteady(new TableSync(services, place, change), place);
}

/**
 * Treats a central table as one whose source is gone: the mesh does not take its source in any more.
 * @throws as `syncTable`
 */
export async function giveUpTable(
  services: SyncServices,
  place: TablePlace,
  by: Pick<TableChange, 'by' | 'isRepeated'>,
): Promise<SyncOutcome> {
  return untilSteady(new TableSync(services, place, { partitions: 'none', ...by }, true), place);
}

/** What would be done for a table now, and its source. Reads, and changes nothing. */
export async function lookAtTable(
  services: SyncServices,
  place: TablePlace,
): Promise<{ plan: TableSyncPlan; source: TableSnapshot | undefined }> {
  const { mesh, producers, keptOut, now } = services;
  const central = await services.central.read(place.database, place.table);
  const known = central ? undefined : await keptOut.load(place);
  const source = await producers.readTable(place.account, place.sourceDatabase, place.table);
  const domain = mesh.domains[place.domain]!;
  const question = { domainName: place.domain, domain, central, keptOut: known, isReadLast: true };
  return { plan: planTableSync({ ...question, source, now: now(), by: 'look' }), source };
}

async function untilSteady(sync: TableSync, { database, table }: TablePlace): Promise<SyncOutcome> {
  for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) {
    const outcome = await sync.attempt(attempt).catch(retryWhenChanged);
    if (outcome) return outcome;
  }
  throw new TableChangedError(database, table);
}

/**
 * Some tenths of a second of a burst, in which others write the table or its source changes between any two calls. To give up costs more: the hint
 * rests 15 s, and what was told of it is told again, under the same ids.
 */
const MOST_ATTEMPTS = 25;

function retryWhenChanged(fault: unknown): undefined {
  if (!(fault instanceof TableChangedError)) throw fault;
  return undefined;
}

type HowChanged = Pick<TableChange, 'partitions' | 'by' | 'isRepeated' | 'happenedAt'>;

/** The work on one hint. */
class TableSync {
  readonly #services: SyncServices;
  readonly #place: TablePlace;
  readonly #change: HowChanged;
  /** Nobody looks at the source: it counts as gone. */
  readonly #isGivenUp: boolean;
  readonly #domain: Domain;
  /** Notes that were told in this run, by event id. */
  readonly #told = new Set<string>();
  /** The last reading of the source, where it was taken to check what was written. */
  #checked: { source: TableSnapshot | undefined } | undefined;
  #outcome: SyncOutcome | undefined;

  constructor(services: SyncServices, place: TablePlace, change: HowChanged, isGivenUp = false) {
    this.#isGivenUp = isGivenUp;
    this.#services = services;
    this.#place = place;
    this.#change = change;
    this.#domain = services.mesh.domains[place.domain]!;
  }

  /** @returns undefined when the source changed meanwhile: try again */
  async attempt(count: number): Promise<SyncOutcome | undefined> {
    const { seen, central: tables, keptOut: keptOutTables } = this.#services;
    const { database, table } = this.#place;
    const isAgain = this.#change.isRepeated || count > 1;
    let source = this.#checked ? this.#checked.source : await this.#readSource();
    this.#checked = undefined;
    if (!isAgain && source && seen.isInStep(`${database}.${table}`, source)) return 'nothing';
    const central = await tables.read(database, table);
    const keptOut = central ? undefined : await keptOutTables.load(this.#place);
    const question = { domainName: this.#place.domain, domain: this.#domain, central, keptOut, by: this.#change.by };
    let plan = planTableSync({ ...question, source, isReadLast: false, now: this.#services.now() });
    if (plan.kind === 'nothing' && plan.why === 'stale') {
      source = await this.#readSource();
      plan = planTableSync({ ...question, source, isReadLast: true, now: this.#services.now() });
    }
    // An earlier attempt may have written a change and not come to tell of it.
    if (isAgain && central) await this.#tellNotes(readMarks(central.content.Parameters).changes.filter(this.#isMine));
    await this.#carryOut(plan, source);
    const partitions = isPublished(plan) && source ? await this.#syncPartitions(source, plan) : 'done';
    if ('notes' in plan) await this.#tellNotes(plan.notes);
    if (plan.kind !== 'nothing') this.#outcome = plan.kind;
    if (partitions === 'look-again') return undefined;

    if (plan.kind !== 'nothing') {
      const now = await this.#readSource();
      if (canonicalText(now) !== canonicalText(source)) {
        this.#checked = { source: now };
        return undefined;
      }
    }
    if (source && isPublished(plan)) seen.remember(`${database}.${table}`, source);
    return this.#outcome ?? plan.kind;
  }

  async #readSource(): Promise<TableSnapshot | undefined> {
    if (this.#isGivenUp) return undefined;
    const { account, sourceDatabase, table } = this.#place;
    return this.#services.producers.readTable(account, sourceDatabase, table);
  }

  readonly #isMine = (note: NotedChange): boolean => note.by === this.#change.by;

  async #carryOut(plan: TableSyncPlan, source: TableSnapshot | undefined): Promise<void> {
    const { central, keptOut, removals, seen, mesh, now } = this.#services;
    const { database, table } = this.#place;
    switch (plan.kind) {
      case 'nothing':
        return;
      case 'create':
        await this.#create(plan.content);
        // Its release is noted on the table now.
        if (plan.notes.some(({ kind }) => kind === 'released')) await keptOut.forget(this.#place);
        break;
      case 'update': {
        await central.update(database, plan.content, plan.versionId, plan.keepVersion);
        if (plan.notes.some(({ what }) => what.includes('there-again') || what.includes('recreated')))
          await removals.cancel(this.#place);
        break;
      }
      case 'mark-missing':
        seen.forget(`${database}.${table}`);
        // Before the mark: a table that is marked has its removal due.
        await removals.schedule(this.#place, now(), laterByHours(now(), mesh.graceHours));
        await central.update(database, plan.content, plan.versionId, false);
        break;
      case 'keep-out': {
        const { since, reasons } = plan.quarantine;
        const event = quarantineEvent(this.#place, [since, source?.versionId ?? 0], now(), reasons);
        await keptOut.save(this.#place, plan.quarantine, event);
        this.#services.measure('CatalogQuarantines', 1);
        return tell(this.#services, [event]);
      }
      case 'let-go': {
        const reasons = ['The table is gone at its source.'];
        const event = tableEvent('Catalog Change Released', this.#place, [now()], now(), { reasons });
        await keptOut.forget(this.#place, event);
        return tell(this.#services, [event]);
      }
    }
    this.#measureWrite(plan.notes);
  }

  async #create(content: Extract<TableSyncPlan, { kind: 'create' }>['content']): Promise<void> {
    const { central, producers } = this.#services;
    const { account, sourceDatabase, database } = this.#place;
    try {
      await central.create(database, content);
    } catch (fault) {
      if (!(fault instanceof DatabaseMissingError)) throw fault;
      const source = (await producers.readDatabase(account, sourceDatabase)) ?? {};
      await central.createDatabase(database, centralDatabaseContent(source, this.#place.domain, sourceDatabase));
      await central.create(database, content);
    }
  }

  #measureWrite(notes: readonly NotedChange[]): void {
    const { measure, now } = this.#services;
    measure('CatalogChanges', 1);
    for (const { kind } of notes) {
      if (kind === 'quarantined') measure('CatalogQuarantines', 1);
      if (kind === 'released') measure('CatalogReleases', 1);
    }
    if (this.#change.happenedAt === undefined) return;
    measure('SyncLagMilliseconds', Math.max(0, Date.parse(now()) - Date.parse(this.#change.happenedAt)));
  }

  async #syncPartitions(source: TableSnapshot, plan: TableSyncPlan): Promise<'done' | 'look-again'> {
    if (!hasListedPartitions(source)) return 'done';
    const { domain, sourceDatabase, database, table } = this.#place;
    const place = { domainName: domain, domain: this.#domain, sourceDatabase, database, table };
    // What was just made, or made again, has to be looked at whole.
    const isNew =
      plan.kind === 'create' || ('notes' in plan && plan.notes.some(({ what }) => what.includes('recreated')));
    const hint = isNew || this.#change.isRepeated ? 'unknown' : this.#change.partitions;
    const outcome = await syncPartitions(this.#services, place, source, { hint, by: this.#change.by });
    await this.#tellPartitions(outcome, 'notes' in plan && plan.notes.some(({ kind }) => kind === 'synced'));
    return (await outcome.finish()) ? 'done' : 'look-again';
  }

  /** @param isTold the change of the table that they came with is told anyway */
  async #tellPartitions(
    { changes, written, keptOut, keptOutBefore }: Awaited<ReturnType<typeof syncPartitions>>,
    isTold: boolean,
  ): Promise<void> {
    const events: ToldEvent[] = [];
    const happening = [this.#change.by, 'partitions'];
    const now = this.#services.now();
    const place = this.#place;
    if (changes.length > 0) {
      this.#outcome ??= 'partitions';
      if (written > 0) this.#services.measure('PartitionChanges', written);
      if (!isTold) events.push(tableEvent('Catalog Table Synced', place, [...happening, ...changes], now, { changes }));
    }
    const before = new Set(keptOutBefore);
    const released = keptOutBefore.filter(reason => !keptOut.includes(reason));
    if (keptOut.some(reason => !before.has(reason))) {
      this.#services.measure('CatalogQuarantines', 1);
      events.push(quarantineEvent(place, happening, now, keptOut));
    } else if (released.length > 0 && keptOut.length === 0)
      events.push(
        tableEvent('Catalog Change Released', place, [...happening, ...released], now, { reasons: released }),
      );
    await this.#announce(events);
  }

  async #tellNotes(notes: readonly NotedChange[]): Promise<void> {
    const events = notes
      .flatMap(note => eventOfNote(this.#place, note) ?? [])
      .filter(({ eventId }) => !this.#told.has(eventId));
    await this.#announce(events);
    for (const { eventId } of events) this.#told.add(eventId);
  }

  async #announce(events: readonly ToldEvent[]): Promise<void> {
    if (events.length === 0) return;
    for (const left of await this.#services.announcer.announce(events)) await this.#services.outbox.keep(left);
  }
}

/** Whether the central table is, or was just made, as the source is. */
function isPublished(plan: TableSyncPlan): boolean {
  switch (plan.kind) {
    case 'nothing':
      return plan.why === 'in-step';
    case 'create':
      return true;
    case 'update':
      return plan.notes.some(({ kind }) => kind === 'synced' || kind === 'released');
    default:
      return false;
  }
}

function laterByHours(instant: string, hours: number): string {
  return new Date(Date.parse(instant) + hours * 3_600_000).toISOString();
}
