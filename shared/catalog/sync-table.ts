import type { Domain, Mesh } from '../mesh/mesh.ts';
import { centralDatabase, isSyncedDatabase } from '../mesh/mesh.ts';
import { type Announcer, type Outbox, tell } from '../telling/outbox.ts';
import { type ToldEvent, toldEvent } from '../telling/told-event.ts';
import { type Partition, type PartitionPlan, partitionChanges, planPartitionSync } from './plan-partition-sync.ts';
import { type CentralSnapshot, planTableSync, type TableSyncPlan } from './plan-table-sync.ts';
import type { SeenTables } from './seen-tables.ts';
import { type TableContent, type TableSnapshot, writeSourceVersion } from './table-snapshot.ts';

/** A producer's catalog, for reading. Absence is believed only from the catalog's own word on that one table. */
export interface ProducerCatalog {
  /** @returns undefined when the catalog says that there is no such table. @throws when it cannot be read: that proves nothing. */
  readTable(account: string, database: string, table: string): Promise<TableSnapshot | undefined>;
  readPartitions(account: string, database: string, table: string): Promise<Partition[]>;
}

/** The central catalog, as its one writer. */
export interface CentralTables {
  read(database: string, table: string): Promise<CentralSnapshot | undefined>;
  /** Makes the database first where there is none. @throws TableChangedError when the table is there already. */
  create(database: string, content: TableContent): Promise<void>;
  /** @throws TableChangedError when the table is no longer at `versionId`. */
  update(database: string, content: TableContent, versionId: string, keepVersion: boolean): Promise<void>;
  readPartitions(database: string, table: string): Promise<Partition[]>;
  applyPartitions(database: string, table: string, plan: PartitionPlan): Promise<void>;
}

/** An event that waits for the catalog change that it tells of: kept before the change, told after it. */
export interface StagedEvents {
  load(table: string): Promise<ToldEvent[]>;
  stage(table: string, event: ToldEvent): Promise<void>;
  clear(table: string, eventId: string): Promise<void>;
  /** Marks an event as told. @returns false when it was before. */
  markOnce(account: string, eventId: string, at: string): Promise<boolean>;
}

export interface SyncServices {
  mesh: Mesh;
  producers: ProducerCatalog;
  central: CentralTables;
  staged: StagedEvents;
  outbox: Outbox;
  announcer: Announcer;
  seen: SeenTables;
  now(): string;
}

export interface TableChange {
  account: string;
  database: string;
  table: string;
  /** The change was delivered before: something may have stopped half-way. */
  isRepeated: boolean;
}

export type SyncOutcome = TableSyncPlan['kind'] | 'unknown-domain';

/**
 * Brings the central table of one producer's table up to what the producer's catalog says now, whatever event hinted at it. Safe to repeat,
 * to run late, twice at once, and to lose at any point.
 *
 * Calls: one read when this process knows the table to be in step; otherwise two reads, and for a change one write of the table, its event
 * kept, put, and forgotten. A reading that may be old is taken once more. Partitioned tables add the pages of both sides' partitions.
 *
 * @throws TableChangedError when others kept writing the central table meanwhile; the fault of a service. The change is delivered again.
 */
export async function syncTable(services: SyncServices, change: TableChange): Promise<SyncOutcome> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await syncOnce(services, attempt === 1 ? change : { ...change, isRepeated: true });
    } catch (fault) {
      if (!(fault instanceof TableChangedError) || attempt === CONFLICT_ATTEMPTS) throw fault;
    }
  }
}

const CONFLICT_ATTEMPTS = 4;

/** Another wrote the central table between reading and writing it: read again and plan again. */
export class TableChangedError extends Error {
  override name = 'TableChangedError';

  constructor(database: string, table: string, options?: ErrorOptions) {
    super(
      `${database}.${table} changed while it was being brought up to its source. Read again and plan again.`,
      options,
    );
  }
}

async function syncOnce(services: SyncServices, change: TableChange): Promise<SyncOutcome> {
  const owner = Object.entries(services.mesh.domains).find(
    ([, domain]) => domain.account === change.account && isSyncedDatabase(domain, change.database),
  );
  if (!owner) return 'unknown-domain';
  const [domainName, domain] = owner;
  const database = centralDatabase(domainName, change.database);
  const readSource = () => services.producers.readTable(change.account, change.database, change.table);
  let source = await readSource();
  if (!change.isRepeated && source && services.seen.isInStep(`${database}.${change.table}`, source)) return 'nothing';
  const central = await services.central.read(database, change.table);
  const question = { domainName, domain, central, now: services.now() };
  let plan = planTableSync({ ...question, source, isReadLast: false });
  if (plan.kind === 'nothing' && plan.why === 'stale') {
    source = await readSource();
    plan = planTableSync({ ...question, source, isReadLast: true });
  }
  const place: Place = { domainName, domain, database, change };
  await applyPlan(services, place, plan, source);
  // An earlier delivery may have written a change and not come to tell of it.
  if (change.isRepeated) await tellStaged(services, place, await services.staged.load(`${database}.${change.table}`));
  return plan.kind;
}

interface Place {
  domainName: string;
  domain: Domain;
  database: string;
  change: TableChange;
}

async function applyPlan(
  services: SyncServices,
  place: Place,
  plan: TableSyncPlan,
  source: TableSnapshot | undefined,
): Promise<void> {
  const { central, seen } = services;
  const { database, change } = place;
  switch (plan.kind) {
    case 'quarantine':
      return tellQuarantine(services, place, plan.reasons, source);
    case 'mark-missing':
      seen.forget(`${database}.${change.table}`);
      // Told when the grace period has passed and the table goes; a table that comes back in time is no news.
      return central.update(database, plan.content, plan.versionId, false);
    case 'create':
    case 'update': {
      const event = syncedEvent(services, place, plan.changes, source);
      await services.staged.stage(`${database}.${change.table}`, event);
      if (plan.kind === 'create') await central.create(database, plan.content);
      else await central.update(database, plan.content, plan.versionId, plan.keepVersion);
      await syncPartitions(services, place, source);
      await tellStaged(services, place, [event]);
      break;
    }
    case 'nothing':
      if (plan.why === 'in-step' && source) await syncPartitionsAlone(services, place, source);
      if (plan.why !== 'in-step') return;
  }
  if (source) seen.remember(`${database}.${change.table}`, source);
}

/** Hive-style partitions are listed in the catalog; projection and Iceberg need none. */
function hasListedPartitions({ content: { PartitionKeys, Parameters } }: TableSnapshot): boolean {
  const isIceberg = Parameters.table_type?.toUpperCase() === 'ICEBERG';
  return PartitionKeys.length > 0 && Parameters['projection.enabled']?.toLowerCase() !== 'true' && !isIceberg;
}

async function planPartitions(services: SyncServices, { database, domain, change }: Place): Promise<PartitionPlan> {
  // The source last: a partition that another handler has just copied is then in both, and is not taken for one that went.
  const central = await services.central.readPartitions(database, change.table);
  const source = await services.producers.readPartitions(change.account, change.database, change.table);
  return planPartitionSync(domain, source, central);
}

/** Brings the partitions of a table that was just written up to its source: part of that change, told with it. */
async function syncPartitions(services: SyncServices, place: Place, source: TableSnapshot | undefined): Promise<void> {
  if (!source || !hasListedPartitions(source)) return;
  await applyPartitions(services, place, await planPartitions(services, place), source);
}

async function applyPartitions(
  services: SyncServices,
  place: Place,
  plan: PartitionPlan,
  source: TableSnapshot,
): Promise<void> {
  if (partitionChanges(plan).length > 0)
    await services.central.applyPartitions(place.database, place.change.table, plan);
  if (plan.quarantined.length > 0) await tellQuarantine(services, place, plan.quarantined, source);
}

/** The table is in step; its partitions may not be. */
async function syncPartitionsAlone(services: SyncServices, place: Place, source: TableSnapshot): Promise<void> {
  if (!hasListedPartitions(source)) return;
  const plan = await planPartitions(services, place);
  const changes = partitionChanges(plan);
  // Partitions come and go without a new version of their table: the time tells one such change from the next.
  const events = changes.length > 0 ? [syncedEvent(services, place, changes, source, services.now())] : [];
  for (const event of events) await services.staged.stage(`${place.database}.${place.change.table}`, event);
  await applyPartitions(services, place, plan, source);
  await tellStaged(services, place, events);
}

function syncedEvent(
  { now }: SyncServices,
  { domainName, database, domain, change }: Place,
  changes: string[],
  source: TableSnapshot | undefined,
  ...more: string[]
) {
  const happening = [database, change.table, source ? writeSourceVersion(source) : 'gone', changes.join(), ...more];
  const data = { domain: domainName, database, table: change.table, changes };
  return toldEvent('Catalog Table Synced', happening, now(), [domain.account], data);
}

/** Tells of changes that were written. */
async function tellStaged(services: SyncServices, { database, change }: Place, events: ToldEvent[]): Promise<void> {
  if (events.length === 0) return;
  for (const left of await services.announcer.announce(events)) await services.outbox.keep(left);
  for (const { eventId } of events) await services.staged.clear(`${database}.${change.table}`, eventId);
}

/** Told once for each version of the source and its reasons; again where an earlier delivery may have stopped before it told. */
async function tellQuarantine(
  services: SyncServices,
  place: Place,
  reasons: string[],
  source: TableSnapshot | undefined,
): Promise<void> {
  const { database, domainName, domain, change } = place;
  const happening = [database, change.table, source ? writeSourceVersion(source) : 'gone', ...reasons];
  const at = services.now();
  const data = { domain: domainName, database, table: change.table, reasons };
  const event = toldEvent('Catalog Change Quarantined', happening, at, [domain.account], data);
  const isNews = await services.staged.markOnce(domain.account, event.eventId, at);
  if (isNews || change.isRepeated) await tell(services, [event]);
}
