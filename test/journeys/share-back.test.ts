/** The producer's own analysts read the governed copy of its tables, by a link in its own catalog, as long as `mesh.yml` asks for it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CreateTableCommand, GetTableCommand, type TableInput, UpdateTableCommand } from '@aws-sdk/client-glue';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AVIATION, advance, CLIMATE, glueOf, HUB, roleArn, roleOf, settle } from '../../local/story/actors.ts';
import { applyServices } from '../../shared/aws/apply-services.ts';
import { openCatalog } from '../../shared/aws/open-catalog.ts';
import { showTable } from '../../shared/catalog/browse-catalog.ts';
import { applyMesh } from '../../shared/mesh/apply-mesh.ts';
import { readStage } from '../../shared/mesh/read-mesh-folder.ts';
import { bootLivingMesh, type LivingMesh, refusalOf, rowsOf } from './living-mesh.ts';
import { deadLetters, filtersOn, sharedTables, tableIn } from './traces.ts';

const ROOT = join(import.meta.dirname, '../..');
const REPORTING = roleArn(AVIATION, 'Reporting');
const STEWARD = roleArn(AVIATION, 'Steward');
const MINUTE = 60;

let living: LivingMesh;
let reporting: Awaited<ReturnType<typeof roleOf>>;
beforeAll(async () => {
  living = await bootLivingMesh();
  reporting = await roleOf(living.endpoint, AVIATION, 'Reporting');
});
afterAll(() => living?.stop());

/** Applies mesh.yml with whom aviation shares back to, and lets the sweeps do what comes of it. */
async function shareBackTo(...principals: string[]): Promise<string[]> {
  const stage = readStage(ROOT, readFileSync(join(ROOT, 'mesh.yml'), 'utf8'), 'local');
  if (principals.length > 0) stage.mesh.domains.aviation!.shareBack = principals;
  const services = applyServices(living.hub, stage.mesh, () => living.mesh.clock.iso());
  const { changes } = await applyMesh({ ...services, onboarding: undefined }, stage);
  await advance(living.endpoint, 2 * MINUTE);
  await settle(living.endpoint, 60_000);
  return changes.map(({ kind }) => kind);
}

const readers = async (table: string) => {
  const catalog = await openCatalog(living.aviation, { stage: 'local' });
  const { grants } = await showTable(catalog, table);
  return grants.map(({ principal, requestId, expiresAt, columns }) => ({ principal, requestId, expiresAt, columns }));
};

async function changeColumns(name: string, change: (input: TableInput) => TableInput): Promise<void> {
  const glue = glueOf(living.aviation);
  const { Table } = await glue.send(new GetTableCommand({ DatabaseName: 'ops', Name: name }));
  const { Name, TableType, Parameters, PartitionKeys, StorageDescriptor } = Table!;
  const TableInput = change({ Name, TableType, Parameters, PartitionKeys, StorageDescriptor });
  await glue.send(new UpdateTableCommand({ DatabaseName: 'ops', TableInput }));
  await settle(living.endpoint, 60_000);
}

describe('before mesh.yml asks for it', () => {
  it('there is no link, and the ledger has nothing', async () => {
    expect(await refusalOf(reporting, 'SELECT * FROM trellis_aviation_ops.flights LIMIT 1')).toMatch(
      /not exist|NOT_FOUND/,
    );
    expect(await readers('aviation_ops.flights')).toEqual([]);
  });
});

describe('when mesh.yml asks for it', () => {
  it('all central tables of the domain can be read by their links: every column, every row', async () => {
    expect(await shareBackTo(REPORTING)).toEqual(['mesh-changed', 'save-mesh', 'share-back']);
    for (const table of ['flights', 'airports', 'birdstrikes']) {
      const columns = (await tableIn(living.hub, `aviation_ops.${table}`))!.StorageDescriptor!.Columns!;
      const read = await rowsOf(reporting, `SELECT * FROM trellis_aviation_ops.${table} LIMIT 3`);
      expect(read.columns).toEqual(columns.map(({ Name }) => Name));
      expect(read.rows).toHaveLength(3);
      expect((await filtersOn(living.endpoint, `aviation_ops.${table}`)).map(({ rows }) => rows)).toEqual(['all']);
    }
    const [standing, ...others] = await readers('aviation_ops.flights');
    expect(others).toEqual([]);
    expect(standing).toMatchObject({ principal: REPORTING, requestId: 'share back', expiresAt: null });
  });

  it('nobody else gets anything by it, not of another domain either', async () => {
    const steward = await roleOf(living.endpoint, CLIMATE, 'Reporting');
    expect(await refusalOf(steward, 'SELECT * FROM trellis_aviation_ops.flights')).toMatch(/not exist|NOT_FOUND/);
    expect(await sharedTables(living.endpoint)).toEqual(expect.not.arrayContaining([expect.stringMatching(/climate/)]));
  });

  it('applied again it changes nothing', async () => {
    expect(await shareBackTo(REPORTING)).toEqual([]);
  });

  it('nothing is told of it', async () => {
    const access = (await living.told()).filter(({ type }) => type.startsWith('Access'));
    expect(access).toEqual([]);
  });

  it('a column that comes is read, and one that goes no longer, without a sweep', async () => {
    const sql = 'SELECT * FROM trellis_aviation_ops.airports LIMIT 1';
    const before = (await rowsOf(reporting, sql)).columns;
    const last = before.at(-1)!;
    let dropped: NonNullable<NonNullable<TableInput['StorageDescriptor']>['Columns']> = [];
    await changeColumns('airports', input => {
      const { Columns = [], ...storage } = input.StorageDescriptor!;
      dropped = Columns.slice(-1);
      return { ...input, StorageDescriptor: { ...storage, Columns: Columns.slice(0, -1) } };
    });
    expect((await rowsOf(reporting, sql)).columns).toEqual(before.slice(0, -1));
    expect((await readers('aviation_ops.airports'))[0]?.columns).not.toContain(last);
    await changeColumns('airports', input => {
      const storage = input.StorageDescriptor!;
      return { ...input, StorageDescriptor: { ...storage, Columns: [...storage.Columns!, ...dropped] } };
    });
    expect((await rowsOf(reporting, sql)).columns).toEqual(before);
  });

  it('a table that comes is shared back at once', async () => {
    const glue = glueOf(living.aviation);
    const { Table } = await glue.send(new GetTableCommand({ DatabaseName: 'ops', Name: 'airports' }));
    const { TableType, Parameters, StorageDescriptor } = Table!;
    const TableInput = { Name: 'fields', TableType, Parameters, StorageDescriptor };
    await glue.send(new CreateTableCommand({ DatabaseName: 'ops', TableInput }));
    await settle(living.endpoint, 60_000);
    expect((await rowsOf(reporting, 'SELECT * FROM trellis_aviation_ops.fields LIMIT 2')).rows).toHaveLength(2);
  });
});

describe('when mesh.yml asks for it no more', () => {
  it('who stays on the list keeps it, and who left cannot read', async () => {
    await shareBackTo(REPORTING, STEWARD);
    expect((await readers('aviation_ops.flights')).map(({ principal }) => principal)).toEqual([REPORTING, STEWARD]);
    await shareBackTo(STEWARD);
    expect((await readers('aviation_ops.flights')).map(({ principal }) => principal)).toEqual([STEWARD]);
    expect(await refusalOf(reporting, 'SELECT * FROM trellis_aviation_ops.flights')).toMatch(
      /not authorized|no accessible columns|NOT_FOUND/,
    );
  });

  it('nothing is left of it: no filter, no link, no share', async () => {
    expect(await shareBackTo()).toEqual(['mesh-changed', 'save-mesh', 'share-back']);
    for (const table of ['flights', 'airports', 'birdstrikes', 'fields']) {
      expect(await filtersOn(living.endpoint, `aviation_ops.${table}`)).toEqual([]);
      expect(await tableIn(living.aviation, `trellis_aviation_ops.${table}`)).toBeUndefined();
    }
    expect(await sharedTables(living.endpoint)).toEqual([]);
    expect(await refusalOf(reporting, 'SELECT * FROM trellis_aviation_ops.airports')).toMatch(/not exist|NOT_FOUND/);
  });

  it('and nothing went wrong on the way: no dead letter, no call of Trellis that was denied', async () => {
    expect(await deadLetters(living.endpoint)).toEqual({});
    const ours = new RegExp(`^arn:aws:iam::(${HUB}|${AVIATION}):role/trellis-`);
    expect(living.mesh.calls().filter(({ principal, allowed }) => ours.test(principal) && !allowed)).toEqual([]);
    expect((await living.told()).filter(({ type }) => type.startsWith('Access'))).toEqual([]);
  });
});
