import { expect } from 'vitest';
import { DatabaseMissingError, TableChangedError } from '../../../shared/catalog/catalog-ports.ts';
import { centralContent } from '../../../shared/catalog/central-content.ts';
import type { Partition } from '../../../shared/catalog/compare-partitions.ts';
import { locationFaults } from '../../../shared/catalog/location-faults.ts';
import type { CentralSnapshot } from '../../../shared/catalog/plan-table-sync.ts';
import { SeenTables } from '../../../shared/catalog/seen-tables.ts';
import type { KnownPartitions } from '../../../shared/catalog/sync-partitions.ts';
import { type Quarantine, readMarks } from '../../../shared/catalog/table-marks.ts';
import type { TableContent, TableSnapshot } from '../../../shared/catalog/table-snapshot.ts';
import type { Mesh } from '../../../shared/mesh/mesh.ts';
import type { ReconcileServices } from '../../../shared/reconcile/reconcile-ports.ts';
import type { HeldBack, PartReport, RunReport } from '../../../shared/reconcile/reconcile-run.ts';
import { takeStep } from '../../../shared/reconcile/take-step.ts';
import type { ToldEvent } from '../../../shared/telling/told-event.ts';
import { AVIATION, bare, CREATED, flights, MESH, NOW } from '../catalog/world.ts';

interface Table<T> {
  snapshot: T;
  partitions: Map<string, Partition>;
}

type Database<T> = { description?: string; tables: Map<string, Table<T>> };

/** The producer's process dies: nothing that it asks for after that has an effect. */
export class Crash extends Error {}

/**
 * The catalogs of one producer (`aviation`) and of the hub, the ledger's items, and what was told, in memory. Every call of a port goes through `#call`,
 * where a test may have the process die or a service fail.
 */
export class Catalogs {
  mesh: Mesh = MESH;
  now = NOW;
  readonly source = new Map<string, Database<TableSnapshot>>();
  readonly central = new Map<string, Database<CentralSnapshot>>();
  readonly keptOut = new Map<string, Quarantine>();
  readonly partitions = new Map<
    string,
    { looks: number; unfinished: Set<string>; keptOut: string[]; changedBy?: string }
  >();
  readonly removals = new Map<string, string>();
  readonly parts = new Map<string, PartReport>();
  readonly held = new Map<string, HeldBack>();
  report: RunReport | undefined;
  readonly outbox = new Map<string, ToldEvent>();
  readonly told = new Map<string, ToldEvent[]>();
  readonly measured = new Map<string, number>();
  calls: string[] = [];
  pageSize = 2;
  /** Before a call has its effect, and after. */
  before: (call: string) => void = () => {};
  after: (call: string) => void = () => {};
  #version = 0;

  /** Makes or changes a producer's table. */
  put(name: string, changes: Partial<TableContent> = {}, partitions: Partition[] = [], database = 'ops'): void {
    const home = this.#sourceDatabase(database);
    const before = home.tables.get(name)?.snapshot;
    const location = `s3://trellis-aviation/${database}/${name}/`;
    const content = flights({
      StorageDescriptor: { ...flights().StorageDescriptor, Location: location },
      ...changes,
      Name: name,
    });
    const createdAt = before?.createdAt ?? CREATED + ++this.#version * 1000;
    const versionId = before ? before.versionId + 1 : 0;
    home.tables.set(name, {
      snapshot: { content, createdAt, versionId, isLinkOrView: false },
      partitions: new Map(partitions.map(one => [one.values.join('/'), one])),
    });
  }

  drop(name: string, database = 'ops'): void {
    this.source.get(database)?.tables.delete(name);
  }

  #sourceDatabase(name: string): Database<TableSnapshot> {
    const database = this.source.get(name) ?? { description: `Of ${name}.`, tables: new Map() };
    this.source.set(name, database);
    return database;
  }

  centralTable(table: string, database = 'aviation_ops'): CentralSnapshot | undefined {
    return this.central.get(database)?.tables.get(table)?.snapshot;
  }

  services(): ReconcileServices {
    return {
      mesh: this.mesh,
      producers: {
        readTable: (_, database, table) =>
          this.#call('producers.readTable', () =>
            structuredClone(this.source.get(database)?.tables.get(table)?.snapshot),
          ),
        readDatabase: (_, database) => this.#call('producers.readDatabase', () => describe(this.source.get(database))),
        databaseNames: () => this.#pages('producers.databaseNames', () => [...this.source.keys()]),
        tablePages: (_, database, from) =>
          this.#tablePages('producers.tablePages', () => this.source.get(database)?.tables, from),
        partitionPages: (_, database, table) =>
          this.#partitionPages('producers.partitionPages', () => this.source.get(database)?.tables.get(table)),
        findPartitions: (_, database, table, values) =>
          this.#call('producers.findPartitions', () => pick(this.source.get(database)?.tables.get(table), values)),
      },
      central: {
        read: (database, table) =>
          this.#call('central.read', () => structuredClone(this.centralTable(table, database))),
        create: (database, content) => this.#call('central.create', () => this.#create(database, content)),
        update: (database, content, versionId) =>
          this.#call('central.update', () => this.#update(database, content, versionId)),
        remove: (database, table) =>
          this.#call('central.remove', () => void this.central.get(database)?.tables.delete(table)),
        createDatabase: (database, { description }) =>
          this.#call('central.createDatabase', () => {
            if (!this.central.has(database))
              this.central.set(database, { ...(description && { description }), tables: new Map() });
          }),
        readDatabase: database => this.#call('central.readDatabase', () => describe(this.central.get(database))),
        updateDatabase: (database, content) =>
          this.#call('central.updateDatabase', () => void Object.assign(this.central.get(database)!, content)),
        removeDatabase: database => this.#call('central.removeDatabase', () => void this.central.delete(database)),
        databaseNames: () => this.#pages('central.databaseNames', () => [...this.central.keys()]),
        tablePages: (database, from) =>
          this.#tablePages('central.tablePages', () => this.central.get(database)?.tables, from),
        partitionPages: (database, table) =>
          this.#partitionPages('central.partitionPages', () => this.central.get(database)?.tables.get(table)),
        findPartitions: (database, table, values) =>
          this.#call('central.findPartitions', () => pick(this.central.get(database)?.tables.get(table), values)),
        createPartitions: (database, { Name }, all) =>
          this.#call('central.createPartitions', () => this.#putPartitions(database, Name, all, true)),
        updatePartitions: (database, { Name }, all) =>
          this.#call('central.updatePartitions', () => void this.#putPartitions(database, Name, all, false)),
        removePartitions: (database, table, values) =>
          this.#call('central.removePartitions', () => {
            const partitions = this.central.get(database)?.tables.get(table)?.partitions;
            return values.filter(one => partitions?.delete(one.join('/'))).length;
          }),
      },
      activity: {
        begin: (_, database, table) =>
          this.#call('activity.begin', () => {
            const item = this.#activity(database, table);
            item.looks++;
            return { ...item, unfinished: [...item.unfinished] };
          }),
        writing: (_, database, table, by) =>
          this.#call('activity.writing', () => void this.#activity(database, table).unfinished.add(by)),
        finish: (_, database, table, { looks, by, changes, keptOut }) =>
          this.#call('activity.finish', () => {
            const item = this.#activity(database, table);
            item.unfinished.delete(by);
            item.keptOut = keptOut;
            if (changes.length > 0) item.changedBy = by;
            return item.looks === looks;
          }),
        knownIn: (_, database) => this.#call('activity.knownIn', () => this.#known(database)),
      },
      keptOut: {
        load: ({ sourceDatabase, table }) =>
          this.#call('keptOut.load', () => this.keptOut.get(`${sourceDatabase}.${table}`)),
        save: ({ sourceDatabase, table }, quarantine, event) =>
          this.#call('keptOut.save', () => {
            this.keptOut.set(`${sourceDatabase}.${table}`, quarantine);
            this.outbox.set(event.eventId, event);
          }),
        forget: ({ sourceDatabase, table }, event) =>
          this.#call('keptOut.forget', () => {
            this.keptOut.delete(`${sourceDatabase}.${table}`);
            if (event) this.outbox.set(event.eventId, event);
          }),
        keptOutIn: (_, database) => this.#call('keptOut.keptOutIn', () => inDatabase(this.keptOut, database)),
      },
      removals: {
        schedule: ({ database, table }, since) =>
          this.#call('removals.schedule', () => void this.removals.set(`${database}.${table}`, since)),
        cancel: ({ database, table }) =>
          this.#call('removals.cancel', () => void this.removals.delete(`${database}.${table}`)),
      },
      runs: {
        begin: () => this.#call('runs.begin', () => NOW),
        savePart: (_, report) =>
          this.#call('runs.savePart', () => void this.parts.set(`${report.domain}.${report.database}`, report)),
        loadPart: (_, domain, database) =>
          this.#call('runs.loadPart', () => structuredClone(this.parts.get(`${domain}.${database}`))),
        parts: () => this.#pages('runs.parts', () => [...this.parts.values()]),
        holdBack: (_, held) => this.#call('runs.holdBack', () => void this.held.set(held.domain, held)),
        heldBack: () => this.#call('runs.heldBack', () => [...this.held.values()]),
        end: (_, report) => this.#call('runs.end', () => void Object.assign(this, { report })),
      },
      outbox: {
        load: eventId => this.#call('outbox.load', () => this.outbox.get(eventId)),
        clear: ids => this.#call('outbox.clear', () => ids.forEach(id => void this.outbox.delete(id))),
        keep: event => this.#call('outbox.keep', () => void this.outbox.set(event.eventId, event)),
      },
      announcer: {
        announce: events =>
          this.#call('announcer.announce', () => {
            for (const event of events) this.#tell(event);
            return [];
          }),
      },
      seen: new SeenTables(0),
      measure: (name, value) => void this.measured.set(name, (this.measured.get(name) ?? 0) + value),
      now: () => this.now,
    };
  }

  #tell(event: ToldEvent): void {
    this.told.set(event.eventId, [...(this.told.get(event.eventId) ?? []), event]);
  }

  /** What a dead process had committed to tell, the sweep tells. */
  sweep(): void {
    for (const event of this.outbox.values()) this.#tell(event);
    this.outbox.clear();
  }

  /** What was told, each happening once. */
  heard(): ToldEvent[] {
    return [...this.told.values()].map(events => events.at(-1)!);
  }

  async #call<T>(name: string, effect: () => T): Promise<T> {
    this.calls.push(name);
    this.before(name);
    const answer = effect();
    this.after(name);
    return answer;
  }

  async *#pages<T>(name: string, all: () => T[]): AsyncGenerator<T[]> {
    for (let start = 0; start === 0 || start < all().length; start += this.pageSize)
      yield await this.#call(name, () => structuredClone(all().slice(start, start + this.pageSize)));
  }

  async *#tablePages<T>(name: string, all: () => Map<string, Table<T>> | undefined, from = '') {
    for (let next: string | undefined = from; next !== undefined; ) {
      const after: string = next;
      const page: { tables: T[]; next: string | undefined } = await this.#call(name, () => {
        const names = [...(all()?.keys() ?? [])].sort().filter(one => one > after);
        const tables = names.slice(0, this.pageSize).map(one => structuredClone(all()!.get(one)!.snapshot));
        return { tables, next: names.length > this.pageSize ? names[this.pageSize - 1] : undefined };
      });
      yield page;
      next = page.next;
    }
  }

  async *#partitionPages(name: string, table: () => Table<unknown> | undefined) {
    for (let start = 0; ; start += this.pageSize) {
      const [partitions, hasMore] = await this.#call(name, () => {
        const all = [...(table()?.partitions.values() ?? [])];
        return [structuredClone(all.slice(start, start + this.pageSize)), all.length > start + this.pageSize] as const;
      });
      yield { partitions, hasMore };
      if (!hasMore) return;
    }
  }

  #activity(database: string, table: string) {
    const key = `${database}.${table}`;
    const item = this.partitions.get(key) ?? { looks: 0, unfinished: new Set<string>(), keptOut: [] };
    this.partitions.set(key, item);
    return item;
  }

  #known(database: string): Map<string, KnownPartitions> {
    const items = [...inDatabase(this.partitions, database)];
    return new Map(items.map(([table, item]) => [table, { ...item, unfinished: [...item.unfinished] }]));
  }

  #create(database: string, content: TableContent): void {
    const home = this.central.get(database);
    if (!home) throw new DatabaseMissingError(database);
    if (home.tables.has(content.Name)) throw new TableChangedError(database, content.Name);
    home.tables.set(content.Name, { snapshot: { content, versionId: '0' }, partitions: new Map() });
  }

  #update(database: string, content: TableContent, versionId: string): void {
    const table = this.central.get(database)?.tables.get(content.Name);
    if (table?.snapshot.versionId !== versionId) throw new TableChangedError(database, content.Name);
    table.snapshot = { content, versionId: String(Number(versionId) + 1) };
  }

  #putPartitions(database: string, table: string, partitions: readonly Partition[], isNew: boolean): number {
    const there = this.central.get(database)!.tables.get(table)!.partitions;
    const put = partitions.filter(({ values }) => !isNew || !there.has(values.join('/')));
    for (const one of put) there.set(one.values.join('/'), one);
    return put.length;
  }
}

function describe(database: Database<unknown> | undefined): { description?: string } | undefined {
  return database && { ...(database.description && { description: database.description }) };
}

function inDatabase<T>(all: Map<string, T>, database: string): Map<string, T> {
  const own = [...all].filter(([name]) => name.startsWith(`${database}.`));
  return new Map(own.map(([name, value]) => [name.slice(database.length + 1), structuredClone(value)]));
}

function pick(table: Table<unknown> | undefined, values: readonly string[][]): Partition[] {
  return values.flatMap(one => table?.partitions.get(one.join('/')) ?? []);
}

/** As the state machine runs it. `dies`: each process dies as it says, and the step is tried again by another. */
export async function reconcile(
  catalogs: Catalogs,
  request: object = {},
  { id = 'run-1', isTimeUp = () => false }: { id?: string; isTimeUp?: () => boolean } = {},
): Promise<RunReport> {
  const take = async (step: object): Promise<Record<string, never>> => {
    for (let tries = 1; ; tries++) {
      try {
        const whole = { run: id, request, isRepeated: tries > 1, ...step };
        return (await takeStep(catalogs.services(), whole as never, isTimeUp)) as unknown as Record<string, never>;
      } catch (fault) {
        if (!(fault instanceof Crash) || tries === 3) throw fault;
      }
    }
  };
  let position: unknown = { phase: 'compare' };
  for (;;) {
    const next = await take({ step: 'next', position });
    position = next.position;
    const parts = next.parts as unknown as object[];
    if (parts.length === 0) break;
    for (const part of parts) {
      let isDone = false;
      while (!isDone) {
        try {
          isDone = (await take({ step: 'compare', part })).isDone as unknown as boolean;
        } catch (fault) {
          await take({ step: 'unread', part, failure: { Error: 'Error', Cause: (fault as Error).message } });
          isDone = true;
        }
      }
    }
  }
  return (await take({ step: 'conclude' })) as unknown as RunReport;
}

/** The central catalog is what its sources say, as far as these may be published. */
export function expectInStep(catalogs: Catalogs): void {
  for (const [name, { tables }] of catalogs.source) {
    const central = catalogs.central.get(`aviation_${name}`);
    for (const [table, { snapshot, partitions }] of tables) {
      const there = central?.tables.get(table);
      if (locationFaults('aviation', AVIATION, snapshot.content).length > 0) {
        const marks = there && readMarks(there.snapshot.content.Parameters);
        expect(marks ? marks.quarantine : catalogs.keptOut.get(`${name}.${table}`), table).toBeDefined();
        continue;
      }
      expect(bare(there?.snapshot.content), table).toEqual(
        bare(centralContent(snapshot, 'aviation', AVIATION.account)),
      );
      const { missingSince, quarantine } = readMarks(there!.snapshot.content.Parameters);
      expect([missingSince, quarantine], table).toEqual([undefined, undefined]);
      // What is published of a partition that moved out of the prefixes stays as it was.
      const isWithin = (key: string) => !partitions.get(key)?.storage.Location?.startsWith('s3://trellis-climate/');
      const within = (all: Map<string, Partition>) => new Map([...all].filter(([key]) => isWithin(key)));
      expect(within(there!.partitions), table).toEqual(within(partitions));
    }
    for (const [table, { snapshot }] of central?.tables ?? [])
      if (!tables.has(table)) expect(readMarks(snapshot.content.Parameters).missingSince, table).toBeDefined();
    for (const table of inDatabase(catalogs.keptOut, name).keys()) expect(tables.has(table), table).toBe(true);
  }
}
