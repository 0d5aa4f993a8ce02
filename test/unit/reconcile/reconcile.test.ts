import { describe, expect, it } from 'vitest';
import { isSyncedDatabase } from '../../../shared/mesh/mesh.ts';
import { RequestError } from '../../../shared/reconcile/reconcile-run.ts';
import { dailyFlights, flights, MESH, partition } from '../catalog/world.ts';
import { Catalogs, expectInStep, reconcile } from './catalogs.ts';

const OUTSIDE = 's3://trellis-climate/observations/';
const elsewhere = { StorageDescriptor: { ...flights().StorageDescriptor, Location: OUTSIDE } };
const daily = { PartitionKeys: dailyFlights().PartitionKeys };

const isWrite = (call: string) =>
  /^(central\.(create|update|remove)|outbox|announcer|keptOut\.(save|forget)|removals|activity\.(begin|writing|finish))/.test(
    call,
  );

/** Ten tables in step, three of them with partitions. */
async function inStep(): Promise<Catalogs> {
  const catalogs = new Catalogs();
  for (let n = 0; n < 10; n++)
    catalogs.put(
      `t${n}`,
      n < 3 ? daily : {},
      n < 3 ? [partition('2026-11-01'), partition('2026-11-02'), partition('2026-11-03')] : [],
    );
  await reconcile(catalogs, { reason: 'onboarding' }, { id: 'first' });
  forget(catalogs);
  return catalogs;
}

function forget(catalogs: Catalogs): void {
  catalogs.parts.clear();
  catalogs.held.clear();
  catalogs.told.clear();
  catalogs.measured.clear();
  catalogs.calls = [];
}

function lose(catalogs: Catalogs): void {
  catalogs.put('new');
  catalogs.put('t0', { ...daily, Description: 'Changed.' }, [partition('2026-11-02'), partition('2026-11-04')]);
  catalogs.put('t1', daily, [partition('2026-11-01')]);
  catalogs.put('t5', elsewhere);
  catalogs.put('out', elsewhere);
  catalogs.drop('t7');
}

describe('a domain that joins', () => {
  it('is brought in whole, and nobody is told of drift', async () => {
    const catalogs = new Catalogs();
    catalogs.put('one');
    catalogs.put('two', daily, [partition('2026-11-01')]);
    catalogs.put('out', elsewhere);
    const report = await reconcile(catalogs, { domain: 'aviation', reason: 'onboarding' });
    expectInStep(catalogs);
    expect(report.counts).toMatchObject({ tables: 3, missing: 2, quarantine: 1, repaired: 3, left: 0 });
    expect(
      catalogs
        .heard()
        .map(({ type }) => type)
        .sort(),
    ).toEqual(['Catalog Change Quarantined', 'Catalog Table Synced', 'Catalog Table Synced']);
    expect(catalogs.measured.get('CatalogDrift')).toBeUndefined();
  });
});

describe('a domain in step', () => {
  it('costs reads of pages alone', async () => {
    const catalogs = await inStep();
    const { counts } = await reconcile(catalogs);
    expect(counts).toMatchObject({ tables: 10, central: 10, repaired: 0, left: 0 });
    expect(catalogs.calls.filter(isWrite)).toEqual([]);
    expect(catalogs.calls.filter(call => /readTable|central\.read$/.test(call))).toEqual([]);
    // Ten tables by pages of two, and three tables' three partitions.
    expect(catalogs.calls.filter(call => call === 'central.tablePages')).toHaveLength(5);
    expect(catalogs.calls.filter(call => call === 'producers.partitionPages')).toHaveLength(6);
  });
});

describe('a domain whose events were lost', () => {
  it('is repaired, told of once for each difference, and in step afterwards', async () => {
    const catalogs = await inStep();
    lose(catalogs);
    const { counts } = await reconcile(catalogs);
    expectInStep(catalogs);
    expect(counts).toMatchObject({
      missing: 1,
      different: 1,
      partitions: 1,
      quarantine: 2,
      extra: 1,
      repaired: 6,
      left: 0,
    });
    const drift = catalogs.heard().filter(({ type }) => type === 'Catalog Drift Detected');
    expect(
      drift.map(({ data }) => `${'kind' in data && data.kind} ${'subject' in data && data.subject}`).sort(),
    ).toEqual([
      'different aviation_ops.t0',
      'extra aviation_ops.t7',
      'missing aviation_ops.new',
      'partitions aviation_ops.t1',
      'quarantine aviation_ops.out',
      'quarantine aviation_ops.t5',
    ]);
    expect(catalogs.outbox.size).toBe(0);
    expect(catalogs.measured.get('CatalogDrift')).toBe(6);
    forget(catalogs);
    expect((await reconcile(catalogs, {}, { id: 'again' })).counts).toMatchObject({ repaired: 0, left: 0 });
    expect(catalogs.calls.filter(isWrite)).toEqual([]);
  });

  it('is shown by a dry run, which changes nothing and tells nobody', async () => {
    const catalogs = await inStep();
    lose(catalogs);
    const { counts } = await reconcile(catalogs, { dryRun: true });
    expect(counts).toMatchObject({
      missing: 1,
      different: 1,
      partitions: 1,
      quarantine: 2,
      extra: 1,
      repaired: 0,
      left: 6,
    });
    expect(catalogs.calls.filter(isWrite)).toEqual([]);
  });

  it('is repaired although the hub’s own tables were changed by hand', async () => {
    const catalogs = await inStep();
    const table = catalogs.centralTable('t4')!;
    table.content = { ...table.content, Description: 'By hand.' };
    catalogs.central.get('aviation_ops')!.tables.delete('t5');
    const { counts } = await reconcile(catalogs);
    expectInStep(catalogs);
    expect(counts).toMatchObject({ different: 1, missing: 1, repaired: 2 });
  });

  it('is compared to the end in as many steps as its time needs', async () => {
    const catalogs = await inStep();
    for (let n = 0; n < 30; n++) catalogs.put(`late${n}`);
    lose(catalogs);
    let steps = 0;
    const { counts } = await reconcile(catalogs, {}, { isTimeUp: () => ++steps > 0 });
    expect(steps).toBeGreaterThan(10);
    expectInStep(catalogs);
    expect(counts).toMatchObject({
      tables: 41,
      missing: 31,
      different: 1,
      partitions: 1,
      quarantine: 2,
      extra: 1,
      repaired: 36,
      left: 0,
    });
  });

  it('tells of a hundred differences one by one, and of the others how many they are', async () => {
    const catalogs = await inStep();
    for (let n = 0; n < 150; n++) catalogs.put(`late${n}`);
    await reconcile(catalogs);
    const drift = catalogs.heard().filter(({ type }) => type === 'Catalog Drift Detected');
    expect(drift.length).toBeLessThan(110);
    expect(drift.map(({ data }) => data)).toContainEqual(
      expect.objectContaining({ kind: 'more', found: expect.stringMatching(/^50 more/) }),
    );
    expect(catalogs.measured.get('CatalogDrift')).toBe(150);
  });
});

describe('what cannot be read', () => {
  it('removes nothing, and is reported', async () => {
    const catalogs = await inStep();
    catalogs.before = call => {
      if (call === 'producers.tablePages') throw new Error('AccessDenied');
    };
    const report = await reconcile(catalogs);
    expect(report).toMatchObject({ unread: 1, counts: { extra: 0, inferred: 0 } });
    expect(catalogs.parts.get('aviation.ops')?.failure).toBe('AccessDenied');
    catalogs.before = () => {};
    expectInStep(catalogs);
  });

  it('is one account’s affair: the others are compared', async () => {
    const catalogs = await inStep();
    const climate = { ...MESH.domains.aviation!, account: '333333333333' };
    catalogs.mesh = { ...MESH, domains: { climate, aviation: MESH.domains.aviation! } };
    lose(catalogs);
    let listed = 0;
    catalogs.before = call => {
      if (call === 'producers.databaseNames' && ++listed === 1) throw new Error('AccessDenied');
    };
    const report = await reconcile(catalogs);
    expect(report.unread).toBe(1);
    expectInStep(catalogs);
  });

  it('is a table that lists leave out: it is not believed to be gone', async () => {
    const catalogs = await inStep();
    const hidden = catalogs.source.get('ops')!.tables;
    const services = catalogs.services.bind(catalogs);
    catalogs.services = () => {
      const all = services();
      const tablePages = async function* (account: string, database: string, from?: string) {
        for await (const page of all.producers.tablePages(account, database, from))
          yield { ...page, tables: page.tables.filter(({ content }) => content.Name !== 't6') };
      };
      return { ...all, producers: { ...all.producers, tablePages } };
    };
    const { counts } = await reconcile(catalogs);
    expect(hidden.has('t6')).toBe(true);
    expect(counts).toMatchObject({ extra: 0, repaired: 0, left: 0 });
    expectInStep(catalogs);
  });

  it('is tried once more at the end, and then left with its reason', async () => {
    const catalogs = await inStep();
    lose(catalogs);
    let failures = 0;
    catalogs.before = call => {
      if (call === 'central.create' && ++failures <= 1) throw new Error('Throttled');
    };
    expect((await reconcile(catalogs)).counts).toMatchObject({ repaired: 6, left: 0 });
    catalogs.put('newer');
    catalogs.before = call => {
      if (call === 'central.create') throw new Error('Throttled');
    };
    forget(catalogs);
    expect((await reconcile(catalogs, {}, { id: 'again' })).counts).toMatchObject({ missing: 1, repaired: 0, left: 1 });
    expect(catalogs.heard().at(-1)).toMatchObject({ data: { kind: 'missing', repaired: false } });
    expect(catalogs.parts.get('aviation.ops')?.differences).toMatchObject([{ reason: 'Throttled' }]);
  });
});

describe('a table that Trellis did not make', () => {
  it('is left alone, and told of', async () => {
    const catalogs = await inStep();
    catalogs.central
      .get('aviation_ops')!
      .tables.set('mine', { snapshot: { content: flights({ Name: 'mine' }), versionId: '0' }, partitions: new Map() });
    const { counts } = await reconcile(catalogs);
    expect(counts).toMatchObject({ foreign: 1, left: 1, repaired: 0, central: 10 });
    expect(catalogs.centralTable('mine')?.content).toEqual(flights({ Name: 'mine' }));
    expect(catalogs.heard()).toMatchObject([
      { data: { kind: 'foreign', subject: 'aviation_ops.mine', repaired: false } },
    ]);
  });
});

describe('a database', () => {
  it('has its source’s description', async () => {
    const catalogs = await inStep();
    catalogs.source.get('ops')!.description = 'Operations, reviewed.';
    expect((await reconcile(catalogs)).counts).toMatchObject({ databases: 1, repaired: 1 });
    expect(catalogs.central.get('aviation_ops')?.description).toBe('Operations, reviewed.');
  });

  it('that is gone takes no more of its domain’s tables along than the mesh allows', async () => {
    const catalogs = await inStep();
    catalogs.put('small', {}, [], 'lab');
    await reconcile(catalogs, { reason: 'onboarding' }, { id: 'second' });
    forget(catalogs);
    catalogs.source.delete('ops');
    const report = await reconcile(catalogs, {}, { id: 'third' });
    expect(report).toMatchObject({
      counts: { inferred: 10, extra: 0, repaired: 0 },
      heldBack: [{ removals: 10, ofTables: 11 }],
    });
    expect(catalogs.measured.get('RemovalsHeldBack')).toBe(10);
    expect(catalogs.calls.filter(isWrite).filter(call => !/outbox|announcer/.test(call))).toEqual([]);
    expect(catalogs.heard()).toMatchObject([{ data: { kind: 'removals-held-back', subject: 'aviation' } }]);

    catalogs.source.delete('lab');
    catalogs.put('t0');
    for (let n = 1; n < 10; n++) catalogs.put(`t${n}`);
    forget(catalogs);
    const few = await reconcile(catalogs, {}, { id: 'fourth' });
    expect(few).toMatchObject({ counts: { inferred: 0, extra: 1 }, heldBack: [] });
    expect(catalogs.removals.has('aviation_lab.small')).toBe(true);
  });

  it('goes after its last table, when it is gone at its source', async () => {
    const catalogs = await inStep();
    catalogs.source.delete('ops');
    catalogs.central.get('aviation_ops')!.tables.clear();
    const { counts } = await reconcile(catalogs);
    expect(counts).toMatchObject({ databases: 1, repaired: 1, inferred: 0 });
    expect(catalogs.central.has('aviation_ops')).toBe(false);
  });

  it('that the mesh takes in no more gives up its tables', async () => {
    const catalogs = await inStep();
    const aviation = { ...MESH.domains.aviation!, databases: ['lab'] };
    expect(isSyncedDatabase(aviation, 'ops')).toBe(false);
    catalogs.mesh = { ...MESH, domains: { aviation } };
    const { counts } = await reconcile(catalogs);
    expect(counts).toMatchObject({ extra: 10, repaired: 10, inferred: 0 });
    expect(catalogs.removals.size).toBe(10);
    forget(catalogs);
    expect((await reconcile(catalogs, {}, { id: 'again' })).counts).toMatchObject({ repaired: 0, left: 0 });
  });
});

describe('a request', () => {
  it.each([
    [{ domain: 'avition' }, /no domain avition.*aviation/],
    [{ database: 'ops' }, /without its domain/],
    [{ domain: 7 }, /domain/],
    [{ reason: 'whim' }, /reason/],
  ])('%j is refused with what is wrong', async (request, message) => {
    const refused = reconcile(await inStep(), request);
    await expect(refused).rejects.toThrow(RequestError);
    await expect(reconcile(await inStep(), request)).rejects.toThrow(message);
  });
});
