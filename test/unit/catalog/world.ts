import { expect } from 'vitest';
import { centralContent } from '../../../shared/catalog/central-content.ts';
import type { Partition, PartitionPlan } from '../../../shared/catalog/plan-partition-sync.ts';
import type { CentralSnapshot } from '../../../shared/catalog/plan-table-sync.ts';
import { SeenTables } from '../../../shared/catalog/seen-tables.ts';
import { type SyncServices, syncTable, type TableChange } from '../../../shared/catalog/sync-table.ts';
import type { TableContent, TableSnapshot } from '../../../shared/catalog/table-snapshot.ts';
import type { Domain, Mesh } from '../../../shared/mesh/mesh.ts';
import type { ToldEvent } from '../../../shared/telling/told-event.ts';

export const NOW = '2026-11-21T09:00:00.000Z';
/** CreateTime of the sample's table: a whole second, as Glue gives it. */
export const CREATED = Date.parse('2026-11-20T08:00:00Z');

export const AVIATION: Domain = {
  account: '222222222222',
  databases: '*',
  prefixes: ['s3://trellis-aviation/'],
  stewards: ['arn:aws:iam::222222222222:role/Steward'],
  policies: 'policies/aviation',
  decisions: 'events',
};

export const MESH: Mesh = {
  stage: 'local',
  hub: '111111111111',
  domains: { aviation: AVIATION },
  consumers: { analytics: { account: '444444444444' } },
  graceHours: 24,
  noticeHours: 168,
  answerWithinHours: 168,
  caps: { inferredRemovalShare: 0.1 },
  piiPurposes: [],
};

export function flights(changes: Partial<TableContent> = {}): TableContent {
  return {
    Name: 'flights',
    Description: 'Flights, one row each.',
    TableType: 'EXTERNAL_TABLE',
    Parameters: { classification: 'parquet' },
    PartitionKeys: [],
    StorageDescriptor: {
      Columns: [
        { Name: 'date', Type: 'timestamp', Parameters: { 'trellis.classification': 'public' } },
        { Name: 'delay', Type: 'bigint', Comment: 'Minutes' },
      ],
      Location: 's3://trellis-aviation/ops/flights/',
      InputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat',
      SerdeInfo: { SerializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe' },
    },
    ...changes,
  };
}

/** `flights`, partitioned by day. */
export function dailyFlights(): TableContent {
  return flights({ PartitionKeys: [{ Name: 'day', Type: 'date' }] });
}

export function snapshot(content = flights(), versionId = 0, createdAt = CREATED): TableSnapshot {
  return { content, versionId, createdAt, isLinkOrView: false };
}

export function partition(day: string, location = `s3://trellis-aviation/ops/flights/day=${day}/`): Partition {
  return { values: [day], storage: { Location: location }, parameters: {} };
}

export function hint(changes: Partial<TableChange> = {}): TableChange {
  return { account: AVIATION.account, database: 'ops', table: 'flights', isRepeated: false, ...changes };
}

class TableMovedError extends Error {
  override name = 'TableChangedError';
}

/**
 * One producer's table, the central one, and what was told, in memory. Every port call is written to `calls`, and goes through `before`, which
 * may wait or throw: it throws before the call has its effect, `after` when it has had it.
 */
export class World {
  source: TableSnapshot | undefined = snapshot();
  sourcePartitions: Partition[] = [];
  central: CentralSnapshot | undefined;
  centralPartitions = new Map<string, Partition>();
  readonly staged = new Map<string, ToldEvent>();
  readonly marked = new Set<string>();
  readonly outbox = new Map<string, ToldEvent>();
  told: ToldEvent[] = [];
  /** The destinations that do not take events. */
  unreachable: string[] = [];
  calls: string[] = [];
  /** Of the writes of the central table, those that kept a version. */
  keptVersions: boolean[] = [];
  now = NOW;
  before: (call: string) => Promise<void> = async () => {};
  after: (call: string) => Promise<void> = async () => {};

  services(): SyncServices {
    return {
      mesh: MESH,
      producers: {
        readTable: () => this.#call('producers.readTable', () => structuredClone(this.source)),
        readPartitions: () => this.#call('producers.readPartitions', () => structuredClone(this.sourcePartitions)),
      },
      central: {
        read: () => this.#call('central.read', () => structuredClone(this.central)),
        create: (_, content) => this.#call('central.create', () => this.#create(content)),
        update: (_, content, versionId, keepVersion) =>
          this.#call('central.update', () => this.#update(content, versionId, keepVersion)),
        readPartitions: () => this.#call('central.readPartitions', () => [...this.centralPartitions.values()]),
        applyPartitions: (_, __, plan) => this.#call('central.applyPartitions', () => this.#applyPartitions(plan)),
      },
      staged: {
        load: () => this.#call('staged.load', () => [...this.staged.values()]),
        stage: (_, event) => this.#call('staged.stage', () => void this.staged.set(event.eventId, event)),
        clear: (_, eventId) => this.#call('staged.clear', () => void this.staged.delete(eventId)),
        markOnce: (account, eventId) => this.#call('staged.markOnce', () => this.#mark(`${account} ${eventId}`)),
      },
      outbox: {
        load: eventId => this.#call('outbox.load', () => this.outbox.get(eventId)),
        clear: eventIds => this.#call('outbox.clear', () => eventIds.forEach(id => void this.outbox.delete(id))),
        keep: event => this.#call('outbox.keep', () => void this.outbox.set(event.eventId, event)),
      },
      announcer: { announce: events => this.#call('announcer.announce', () => this.#announce(events)) },
      seen: new SeenTables(),
      now: () => this.now,
    };
  }

  async #call<T>(name: string, effect: () => T): Promise<T> {
    this.calls.push(name);
    await this.before(name);
    const answer = effect();
    await this.after(name);
    return answer;
  }

  #create(content: TableContent): void {
    if (this.central) throw new TableMovedError('there already');
    this.central = { content, versionId: '0' };
  }

  #update(content: TableContent, versionId: string, keepVersion: boolean): void {
    if (this.central?.versionId !== versionId) throw new TableMovedError('moved');
    this.central = { content, versionId: String(Number(versionId) + 1) };
    this.keptVersions.push(keepVersion);
  }

  #applyPartitions({ create, update, remove }: PartitionPlan): void {
    for (const one of [...create, ...update]) this.centralPartitions.set(one.values.join('/'), one);
    for (const values of remove) this.centralPartitions.delete(values.join('/'));
  }

  #mark(mark: string): boolean {
    const isNew = !this.marked.has(mark);
    this.marked.add(mark);
    return isNew;
  }

  #announce(events: readonly ToldEvent[]): ToldEvent[] {
    this.told.push(...events);
    return events
      .map(event => ({ ...event, destinations: event.destinations.filter(one => this.unreachable.includes(one)) }))
      .filter(event => event.destinations.length > 0);
  }

  /** A change of the producer's table, as Glue counts it. */
  change(content: TableContent): void {
    this.source = snapshot(content, (this.source?.versionId ?? -1) + 1, this.source?.createdAt);
  }
}

export function expectInStep(world: World): void {
  expect(world.central?.content).toEqual(centralContent(world.source!, 'aviation', AVIATION.account));
}

/** A world whose table was synced by the process of `services`, with the traces of that wiped away. */
export async function syncedWorld(
  content = flights(),
  partitions: Partition[] = [],
): Promise<{ world: World; services: SyncServices }> {
  const world = new World();
  world.source = snapshot(content);
  world.sourcePartitions = partitions;
  const services = world.services();
  await syncTable(services, hint());
  world.calls = [];
  world.told = [];
  return { world, services };
}
