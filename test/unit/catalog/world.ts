import { expect } from 'vitest';
import { TableChangedError } from '../../../shared/catalog/catalog-ports.ts';
import { centralContent, withoutOurs } from '../../../shared/catalog/central-content.ts';
import type { Partition, PartitionPage } from '../../../shared/catalog/compare-partitions.ts';
import type { CentralSnapshot } from '../../../shared/catalog/plan-table-sync.ts';
import type { DueRemoval, RemovalServices } from '../../../shared/catalog/remove-table.ts';
import { SeenTables } from '../../../shared/catalog/seen-tables.ts';
import { syncTable, type TableChange } from '../../../shared/catalog/sync-table.ts';
import type { Quarantine } from '../../../shared/catalog/table-marks.ts';
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
  const place = { account: AVIATION.account, database: 'ops', table: 'flights' };
  return { ...place, partitions: 'unknown', by: `message-${++messages}`, isRepeated: false, ...changes };
}

let messages = 0;

/**
 * One producer's table, the central one, and what was told, in memory. Every port call is written to `calls`, and goes through `before`, which
 * may wait or throw: it throws before the call has its effect, `after` when it has had it.
 */
export class World {
  source: TableSnapshot | undefined = snapshot();
  sourcePartitions: Partition[] = [];
  central: CentralSnapshot | undefined;
  centralPartitions = new Map<string, Partition>();
  keptOut: Quarantine | undefined;
  removal: (DueRemoval & { dueAt: string }) | undefined;
  /** The ledger's item of the table's partitions. */
  partitions = { looks: 0, unfinished: new Set<string>(), keptOut: [] as string[] };
  isClosed = false;
  /** Somebody still has something on the table. */
  hasGrants = false;
  readonly outbox = new Map<string, ToldEvent>();
  told: ToldEvent[] = [];
  /** The destinations that do not take events. */
  unreachable: string[] = [];
  calls: string[] = [];
  /** Of the writes of the central table, those that kept a version. */
  keptVersions: boolean[] = [];
  measured: string[] = [];
  /** Partitions on a page. */
  pageSize = 1000;
  now = NOW;
  before: (call: string) => Promise<void> = async () => {};
  after: (call: string) => Promise<void> = async () => {};

  services(): RemovalServices {
    const call = <T>(name: string, effect: () => T) => this.#call(name, effect);
    return {
      mesh: MESH,
      producers: {
        readTable: () => call('producers.readTable', () => structuredClone(this.source)),
        readDatabase: () => call('producers.readDatabase', () => ({ description: 'Operations.' })),
        ...notAsked('databaseNames', 'tablePages'),
        partitionPages: () => this.#pages('producers.partitionPages', () => this.sourcePartitions),
        findPartitions: (_, __, ___, values) =>
          call('producers.findPartitions', () => pick(this.sourcePartitions, values)),
      },
      central: {
        read: () => call('central.read', () => structuredClone(this.central)),
        create: (_, content) => call('central.create', () => this.#create(content)),
        update: (_, content, versionId, keepVersion) =>
          call('central.update', () => this.#update(content, versionId, keepVersion)),
        remove: () => call('central.remove', () => this.#remove()),
        createDatabase: () => call('central.createDatabase', () => undefined),
        ...notAsked('readDatabase', 'updateDatabase', 'removeDatabase', 'databaseNames', 'tablePages'),
        partitionPages: () => this.#pages('central.partitionPages', () => [...this.centralPartitions.values()]),
        findPartitions: (_, __, values) =>
          call('central.findPartitions', () => pick([...this.centralPartitions.values()], values)),
        createPartitions: (_, __, all) => call('central.createPartitions', () => this.#putPartitions(all, true)),
        updatePartitions: (_, __, all) => call('central.updatePartitions', () => void this.#putPartitions(all, false)),
        removePartitions: (_, __, values) =>
          call(
            'central.removePartitions',
            () => values.filter(one => this.centralPartitions.delete(one.join('/'))).length,
          ),
      },
      activity: {
        ...notAsked('knownIn'),
        begin: () =>
          call('activity.begin', () => {
            this.partitions.looks++;
            const { looks, unfinished, keptOut } = this.partitions;
            return { looks, unfinished: [...unfinished], keptOut };
          }),
        writing: (_, __, ___, by) => call('activity.writing', () => void this.partitions.unfinished.add(by)),
        finish: (_, __, ___, { looks, by, keptOut }) =>
          call('activity.finish', () => {
            this.partitions.unfinished.delete(by);
            this.partitions.keptOut = keptOut;
            return this.partitions.looks === looks;
          }),
      },
      keptOut: {
        ...notAsked('keptOutIn'),
        load: () => call('keptOut.load', () => this.keptOut),
        save: (_, quarantine, event) => call('keptOut.save', () => this.#keepOut(quarantine, event)),
        forget: (_, event) => call('keptOut.forget', () => this.#keepOut(undefined, event)),
      },
      removals: {
        schedule: (place, since, dueAt) =>
          call('removals.schedule', () => void Object.assign(this, { removal: { place, since, dueAt } })),
        cancel: () => call('removals.cancel', () => void Object.assign(this, { removal: undefined })),
      },
      due: {
        load: () => call('due.load', () => this.removal),
        postpone: () => call('due.postpone', () => undefined),
        conclude: (_, event) =>
          call('due.conclude', () => {
            if (event && !this.removal) return false;
            this.removal = undefined;
            this.isClosed = false;
            if (event) this.outbox.set(event.eventId, event);
            return true;
          }),
      },
      grants: {
        close: () =>
          call('grants.close', () => {
            this.isClosed = true;
            return !this.hasGrants;
          }),
      },
      outbox: {
        load: eventId => call('outbox.load', () => this.outbox.get(eventId)),
        clear: eventIds => call('outbox.clear', () => eventIds.forEach(id => void this.outbox.delete(id))),
        keep: event => call('outbox.keep', () => void this.outbox.set(event.eventId, event)),
      },
      announcer: { announce: events => call('announcer.announce', () => this.#announce(events)) },
      seen: new SeenTables(),
      measure: (name, value) => void this.measured.push(`${name} ${value}`),
      now: () => this.now,
    };
  }

  async *#pages(name: string, all: () => readonly Partition[]): AsyncGenerator<PartitionPage> {
    for (let start = 0; ; start += this.pageSize) {
      const [partitions, hasMore] = await this.#call(name, () => [
        structuredClone(all().slice(start, start + this.pageSize)),
        all().length > start + this.pageSize,
      ]);
      yield { partitions, hasMore };
      if (!hasMore) return;
    }
  }

  async #call<T>(name: string, effect: () => T): Promise<T> {
    this.calls.push(name);
    await this.before(name);
    const answer = effect();
    await this.after(name);
    return answer;
  }

  #create(content: TableContent): void {
    if (this.central) throw new TableChangedError('aviation_ops', 'flights');
    this.central = { content, versionId: '0' };
  }

  #update(content: TableContent, versionId: string, keepVersion: boolean): void {
    if (this.central?.versionId !== versionId) throw new TableChangedError('aviation_ops', 'flights');
    this.central = { content, versionId: String(Number(versionId) + 1) };
    this.keptVersions.push(keepVersion);
  }

  #remove(): void {
    this.central = undefined;
    this.centralPartitions.clear();
  }

  #putPartitions(partitions: readonly Partition[], isNew: boolean): number {
    const put = partitions.filter(({ values }) => !isNew || !this.centralPartitions.has(values.join('/')));
    for (const one of put) this.centralPartitions.set(one.values.join('/'), one);
    return put.length;
  }

  #keepOut(quarantine: Quarantine | undefined, event?: ToldEvent): void {
    this.keptOut = quarantine;
    if (event) this.outbox.set(event.eventId, event);
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
  expect(bare(world.central?.content)).toEqual(bare(centralContent(world.source!, 'aviation', AVIATION.account)));
  for (const mark of ['missing_since', 'quarantined'])
    expect(world.central?.content.Parameters).not.toHaveProperty([`trellis.${mark}`]);
}

/** A table without the marks of what happened to it. */
export function bare(content: TableContent | undefined): TableContent | undefined {
  return content && { ...content, Parameters: withoutOurs(content.Parameters) };
}

/** What this world has no more than one table for. */
function notAsked<Name extends string>(...names: Name[]): Record<Name, () => never> {
  const refuse = (name: string) => () => {
    throw new Error(`Nothing in this world asks for ${name}.`);
  };
  return Object.fromEntries(names.map(name => [name, refuse(name)])) as Record<Name, () => never>;
}

function pick(partitions: readonly Partition[], values: readonly string[][]): Partition[] {
  return partitions.filter(one => values.some(wanted => wanted.join('/') === one.values.join('/')));
}

/** A world whose table was synced by the process of `services`, with the traces of that wiped away. */
export async function syncedWorld(
  content = flights(),
  partitions: Partition[] = [],
): Promise<{ world: World; services: RemovalServices }> {
  const world = new World();
  world.source = snapshot(content);
  world.sourcePartitions = partitions;
  const services = world.services();
  await syncTable(services, hint());
  world.calls = [];
  world.told = [];
  return { world, services };
}
