import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { laterBy } from '../../../shared/access/access-request.ts';
import { newPair } from '../../../shared/access/pair-record.ts';
import { CatalogLedger } from '../../../shared/aws/catalog-ledger.ts';
import { DepartingTablesLedger } from '../../../shared/aws/departing-tables.ts';
import { DepartureLedger } from '../../../shared/aws/departure-ledger.ts';
import { closedKey, missingKey, pairKey, partitionsKey, quarantineKey } from '../../../shared/aws/ledger-keys.ts';
import { MeshTable } from '../../../shared/aws/mesh-table.ts';
import { OutboxTable } from '../../../shared/aws/outbox-table.ts';
import { type CentralTables, DatabaseOfAnotherError } from '../../../shared/catalog/catalog-ports.ts';
import { type OffboardTablesServices, offboardTables } from '../../../shared/catalog/offboard-tables.ts';
import { removeTable } from '../../../shared/catalog/remove-table.ts';
import { SeenTables } from '../../../shared/catalog/seen-tables.ts';
import type { ToldEvent } from '../../../shared/telling/told-event.ts';
import { flights, MESH, NOW } from '../catalog/world.ts';
import { Ledgers } from './ledger-on-disk.ts';
import { Mortal } from './mortal.ts';

const AVIATION = '222222222222';
const ANALYST = 'arn:aws:iam::444444444444:role/Analyst';
const OURS = ['aviation_ops.airports', 'aviation_ops.flights', 'aviation_plans.routes'];

let ledgers: Ledgers;
beforeAll(async () => {
  ledgers = await Ledgers.open();
});
afterAll(() => ledgers.close());

/** The hub's catalog in memory, tables by `<database>.<table>` with the domain that they say they are of. */
class MemoryCentral {
  readonly databases: Set<string>;
  readonly tables: Map<string, string | undefined>;

  constructor(ours: readonly string[]) {
    const databases = ours.map(name => name.split('.')[0] ?? '');
    this.databases = new Set([...databases, 'aviation_empty', 'aviation_theirs', 'climate_observations']);
    this.tables = new Map([
      ...ours.map(name => [name, 'aviation'] as const),
      ['climate_observations.weather', 'climate'],
    ]);
  }

  async *databaseNames() {
    yield [...this.databases];
  }

  async *tablePages(database: string) {
    yield { tables: [] };
    const own = [...this.tables.keys()].filter(name => name.startsWith(`${database}.`));
    yield { tables: await Promise.all(own.map(name => this.read(database, name.slice(database.length + 1)))) };
  }

  async read(database: string, table: string) {
    const name = `${database}.${table}`;
    if (!this.tables.has(name)) return undefined;
    const domain = this.tables.get(name);
    return {
      content: flights({ Name: table, Parameters: domain ? { 'trellis.domain': domain } : {} }),
      versionId: '0',
    };
  }

  async remove(database: string, table: string) {
    this.tables.delete(`${database}.${table}`);
  }

  /** One of the databases is somebody else's. */
  async removeDatabase(database: string) {
    if (database === 'aviation_theirs') throw new DatabaseOfAnotherError(database, {});
    for (const name of this.tables.keys())
      if (name.startsWith(`${database}.`)) throw new Error(`${name} would go with it.`);
    this.databases.delete(database);
  }
}

async function world(ours: readonly string[] = OURS) {
  const process = new Mortal();
  const disk = await ledgers.create(process);
  const central = new MemoryCentral(ours);
  const told: ToldEvent[] = [];
  const reports: string[] = [];
  let now = NOW;
  const ledger = new CatalogLedger(disk.documents, disk.TableName, () => now);
  const never = () => Promise.reject(new Error('The source is gone, and nobody may ask it.'));
  const services: OffboardTablesServices = {
    mesh: { ...MESH, domains: {} },
    producers: {
      readTable: never,
      readDatabase: never,
      partitionPages: never as never,
      findPartitions: never,
      databaseNames: never as never,
      tablePages: never as never,
    },
    central: process.watchPages(central) as unknown as CentralTables,
    activity: ledger,
    keptOut: ledger,
    removals: ledger,
    due: ledger.due,
    grants: ledger.grants,
    departing: new DepartingTablesLedger(disk.documents, disk.TableName, () => now),
    outbox: new OutboxTable(disk.documents, disk.TableName, () => now),
    announcer: {
      announce: events =>
        process.call(async () => {
          told.push(...events);
          return [];
        }),
    },
    seen: new SeenTables(),
    measure: () => {},
    report: message => void reports.push(message),
    now: () => now,
    deadline: () => laterBy(now, 300_000),
  };
  const put = (Item: object) => disk.steady.send(new PutCommand({ TableName: disk.TableName, Item }));
  await put({ ...partitionsKey('aviation', 'ops', 'flights'), looks: 1 });
  await put({ ...partitionsKey('climate', 'observations', 'weather'), looks: 1 });
  await put({ ...quarantineKey('aviation', 'ops', 'elsewhere'), quarantine: {} });
  // Its grace period has begun: its removal is due tomorrow.
  const place = {
    account: AVIATION,
    domain: 'aviation',
    sourceDatabase: 'ops',
    database: 'aviation_ops',
    table: 'flights',
  };
  await ledger.schedule(place, NOW, laterBy(NOW, 86_400_000));
  const departures = new DepartureLedger(disk.steady, disk.TableName);
  await departures.tables('aviation', AVIATION, now);
  process.calls = 0;
  return {
    ours,
    process,
    disk,
    central,
    told,
    reports,
    services,
    put,
    progress: () => departures.tables('aviation', AVIATION, now),
    now: () => now,
    async minute(seconds = 60) {
      for (const item of await disk.due(now))
        if (item.kind === 'leaving-tables') await offboardTables(services, item.domain).catch(() => {});
        else if (item.kind === 'told') {
          const event = await services.outbox.load(item.eventId);
          if (event) told.push(event);
          await services.outbox.clear([item.eventId]);
        }
      process.revive();
      now = laterBy(now, seconds * 1000);
    },
  };
}
type World = Awaited<ReturnType<typeof world>>;

/** Somebody's access, which is there until it is taken away. */
async function putGrant(one: World, table: string, requestIds: string[]): Promise<void> {
  const pair = { principal: ANALYST, table };
  const grants = requestIds.map(requestId => ({ requestId }));
  await one.put({ ...pairKey(pair), record: { ...newPair(pair), revision: 1 }, grants });
}

async function untilDone(one: World): Promise<void> {
  for (let minute = 0; minute < 20; minute++) {
    await one.minute(240);
    if ((await one.progress()).isDone) return;
  }
  throw new Error(`They have not left: ${one.reports.join('; ')}`);
}

async function keysLeft(one: World): Promise<string[]> {
  const items = (await one.disk.items()) as { pk: { S: string }; sk: { S: string } }[];
  return items.map(({ pk, sk }) => `${pk.S} ${sk.S}`).sort();
}

async function expectGone(one: World): Promise<void> {
  expect([...one.central.tables]).toEqual([['climate_observations.weather', 'climate']]);
  expect([...one.central.databases]).toEqual(['aviation_theirs', 'climate_observations']);
  const heard = new Map(one.told.map(event => [event.eventId, event]));
  const tables = [...heard.values()].map(({ type, data }) => {
    expect(type).toBe('Catalog Table Removed');
    return `${(data as { database: string }).database}.${(data as { table: string }).table}`;
  });
  expect(tables.sort()).toEqual(one.ours);
  expect(await keysLeft(one)).toEqual(['leaving#domain#aviation tables', 'partitions#climate observations.weather']);
  expect(await one.disk.due('9999-01-01T00:00:00.000Z')).toEqual([]);
}

describe('the central tables of a domain that leaves', () => {
  it('go, each told once, with their databases and all that the ledger kept of them; their source is not asked', async () => {
    const one = await world();
    await one.minute();
    expect(one.told).toHaveLength(3);
    for (const { destinations, data } of one.told) {
      expect(destinations).toEqual(['hub', AVIATION]);
      expect(data).toMatchObject({ domain: 'aviation', changes: ['removed', 'offboarded'] });
    }
    expect((await one.progress()).isDone).toBe(false);
    await untilDone(one);
    await expectGone(one);
  });

  it('are done only after nobody can know the mesh before: one that came late goes too', async () => {
    const one = await world();
    for (let minute = 0; minute < 5; minute++) await one.minute();
    one.central.tables.set('aviation_ops.flights', 'aviation');
    one.central.databases.add('aviation_ops');
    await untilDone(one);
    await expectGone(one);
    expect(Date.parse(one.now()) - Date.parse(NOW)).toBeGreaterThanOrEqual(420_000);
  });

  it('stay, closed to new grants, while somebody has something on them; the others go', async () => {
    const one = await world();
    await putGrant(one, 'aviation_ops.airports', ['r1']);
    for (let minute = 0; minute < 9; minute++) await one.minute();
    expect([...one.central.tables.keys()]).toEqual(['aviation_ops.airports', 'climate_observations.weather']);
    expect(await one.progress()).toEqual({ isDone: false, left: 1 });
    // Whoever offboards the domain ends it: not the sweep, which would tell another cause.
    expect(await keysLeft(one)).toContain('table#aviation_ops.airports closed');
    expect(await one.disk.due('9999-01-01T00:00:00.000Z')).toEqual([{ kind: 'leaving-tables', domain: 'aviation' }]);
    await putGrant(one, 'aviation_ops.airports', []);
    await untilDone(one);
    expect(one.central.tables.has('aviation_ops.airports')).toBe(false);
    expect(await keysLeft(one)).not.toContain('table#aviation_ops.airports closed');
  });

  it('that cannot be removed keep no other waiting, are reported, and are tried again at a pace', async () => {
    const one = await world();
    const remove = one.services.central.remove.bind(one.services.central);
    let tries = 0;
    let isBroken = true;
    one.services.central.remove = async (database, table) => {
      if (table === 'airports' && ++tries && isBroken)
        throw Object.assign(new Error('no'), { name: 'AccessDeniedException' });
      await remove(database, table);
    };
    for (let minute = 0; minute < 30; minute++) await one.minute();
    expect([...one.central.tables.keys()]).toEqual(['aviation_ops.airports', 'climate_observations.weather']);
    expect(one.reports).toContainEqual(expect.stringContaining('aviation_ops.airports is not gone'));
    expect(tries).toBeGreaterThan(2);
    expect(tries).toBeLessThan(6);
    isBroken = false;
    await untilDone(one);
    await expectGone(one);
  });

  it('leave a table and a database alone that somebody else made, and say so', async () => {
    const one = await world();
    one.central.tables.set('aviation_ops.notes', undefined);
    await untilDone(one);
    expect([...one.central.tables.keys()]).toEqual(['climate_observations.weather', 'aviation_ops.notes']);
    expect(one.central.databases.has('aviation_ops')).toBe(true);
    expect(one.reports).toContain('The central database aviation_ops stays');
    expect(one.reports).toContain('The central database aviation_theirs stays');
  });
});

describe('two at once', () => {
  it('do the same as one', async () => {
    const one = await world();
    await Promise.all([1, 2].map(() => offboardTables(one.services, 'aviation')));
    await untilDone(one);
    await expectGone(one);
  });

  it('of which one comes late tell a table’s end once', async () => {
    const one = await world();
    await one.services.departing.note('aviation', 'aviation_ops.flights');
    const conclude = one.services.departing.conclude.bind(one.services.departing);
    one.services.departing.conclude = async (domain, table, event) => {
      // Another is done with it a moment before.
      if (event) await conclude(domain, table, event);
      return conclude(domain, table, event);
    };
    await one.minute();
    expect(one.told).toEqual([]);
    for (let minute = 0; minute < 3; minute++) await one.minute();
    expect(one.told).toHaveLength(3);
  });
});

describe.each(['before', 'after'] as const)('a process that dies %s a call of it', when => {
  it('has removed, told and let go of everything by the next deliveries, whichever call it was', async () => {
    for (let nth = 1; ; nth++) {
      // One of them: a world for each call.
      const one = await world(['aviation_ops.flights']);
      Object.assign(one.process, { diesAt: nth, when });
      await one.minute();
      const hasDied = one.process.calls >= nth;
      await untilDone(one);
      await expectGone(one);
      if (!hasDied) return expect(nth).toBeGreaterThan(20);
    }
  }, 120_000);
});

describe('a table whose grace period ends while its domain leaves', () => {
  it('goes without a look at its source, and may be granted again under its name', async () => {
    const one = await world();
    await one.central.remove('aviation_ops', 'flights');
    expect(await removeTable(one.services, 'aviation_ops.flights')).toBe('removed');
    const keys = await keysLeft(one);
    for (const { pk, sk } of [missingKey('aviation_ops.flights'), closedKey('aviation_ops.flights')])
      expect(keys).not.toContain(`${pk} ${sk}`);
  });
});

describe('the mesh in force', () => {
  it('says at once whether a domain is in it', async () => {
    const { documents, TableName } = await ledgers.create(new Mortal());
    const table = new MeshTable(documents, TableName);
    expect(await table.hasDomain('aviation')).toBe(false);
    const policies = { schema: '', guardrails: '', domains: {} };
    await table.save({ mesh: MESH, policies, appliedAt: NOW });
    expect(await table.hasDomain('aviation')).toBe(true);
    expect(await table.hasDomain('climate')).toBe(false);
  });
});
