import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engineType } from '../../../local/athena/column-types.ts';
import { createDataFiles, type DataFiles } from '../../../local/athena/data-files.ts';
import { readFiles } from '../../../local/athena/table-view.ts';
import type { Wire } from '../../../local/core/service.ts';
import { loadSample } from '../../../local/sample/load-sample.ts';
import { prepareSampleFiles } from '../../../local/sample/prepare-sample-files.ts';
import { SAMPLE_DATABASES } from '../../../local/sample/tables.ts';

let root: string;
let files: DataFiles;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'sample-test-'));
  files = createDataFiles(root);
  await prepareSampleFiles(files);
}, 60_000);
afterAll(() => rm(root, { recursive: true }));

const tables = SAMPLE_DATABASES.flatMap(database => database.tables.map(table => ({ database, table })));

async function ask(sql: string): Promise<unknown[][]> {
  const instance = await DuckDBInstance.create(':memory:', { memory_limit: '256MB', threads: '1' });
  const connection = await instance.connect();
  try {
    return (await connection.runAndReadAll(sql)).getRowsJson();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

describe("the sample's files", () => {
  it.each([
    ['flights', '3000000'],
    ['airports', '3376'],
    ['birdstrikes', '10000'],
    ['weather', '2922'],
    ['co2', '741'],
  ])('%s have %s rows', async (name, rows) => {
    const { table } = tables.find(({ table }) => table.name === name)!;
    expect(await ask(`SELECT count(*) FROM ${readFiles(files.files(table.location))}`)).toEqual([[rows]]);
  });

  it.each(tables.map(({ table }) => table))('of $name have the columns of its definition', async table => {
    const found = await ask(
      `SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM ${readFiles(files.files(table.location))})`,
    );
    expect(found).toEqual(table.columns.map(({ Name, Type }) => [Name, engineType(Type)]));
  });

  it('of weather lie in a folder for each place', async () => {
    for (const place of ['Seattle', 'New York']) {
      const paths = files.files(`s3://trellis-climate/observations/weather/location=${place}/`);
      expect(await ask(`SELECT count(*), max("date") FROM ${readFiles(paths)}`)).toEqual([['1461', '2015-12-31']]);
    }
  });

  it("keep the source's values under the new names", async () => {
    const path = readFiles(files.files('s3://trellis-aviation/ops/birdstrikes/'));
    expect(await ask(`SELECT airport_name, cost_total, speed_ias_in_knots FROM ${path} LIMIT 1`)).toEqual([
      ['BARKSDALE AIR FORCE BASE ARPT', '0', '300'],
    ]);
  });
});

describe("the sample's tables", () => {
  it.each(tables)('$table.name say what they are, and what each column is and how sensitive', ({ database, table }) => {
    expect(table.description.length).toBeGreaterThan(20);
    expect(table.location.startsWith(database.location)).toBe(true);
    for (const { Name, Comment, Parameters } of [...table.columns, ...table.partitionKeys]) {
      expect(Name).toMatch(/^[a-z][a-z0-9_]*$/);
      expect(Comment.length).toBeGreaterThan(3);
      expect(Parameters['trellis.classification']).toMatch(/^(public|internal|confidential|restricted)(,pii)?$/);
    }
  });

  it('label the costs and the operators of birdstrikes', () => {
    const { table } = tables.find(({ table }) => table.name === 'birdstrikes')!;
    const labelled = (label: string) =>
      table.columns.filter(column => column.Parameters['trellis.classification'] === label).map(({ Name }) => Name);
    expect(labelled('confidential')).toEqual(['cost_other', 'cost_repair', 'cost_total']);
    expect(labelled('internal')).toContain('aircraft_airline_operator');
  });
});

describe('loading the sample', () => {
  let server: Server;
  const calls: { account: string; operation: string; input: Wire }[] = [];
  let partitionErrors: Wire[] = [];
  beforeAll(async () => {
    server = createServer(async (request, response) => {
      const body = Buffer.concat(await request.toArray()).toString();
      const account = /Credential=(\d+)\//.exec(request.headers.authorization ?? '')?.[1] ?? '';
      const operation = String(request.headers['x-amz-target']).split('.')[1]!;
      calls.push({ account, operation, input: JSON.parse(body) });
      response.end(JSON.stringify(operation === 'BatchCreatePartition' ? { Errors: partitionErrors } : {}));
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => new Promise(resolve => server.close(resolve)));

  const load = () => loadSample({ endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, files });

  it("makes each domain's databases, tables and partitions as that account's administrator", async () => {
    await load();
    expect(
      calls.map(({ account, operation, input }) => [
        account,
        operation,
        input.DatabaseInput?.Name ?? input.TableInput?.Name ?? input.PartitionInputList.map((p: Wire) => p.Values),
      ]),
    ).toEqual([
      ['222222222222', 'CreateDatabase', 'ops'],
      ['222222222222', 'CreateTable', 'flights'],
      ['222222222222', 'CreateTable', 'airports'],
      ['222222222222', 'CreateTable', 'birdstrikes'],
      ['333333333333', 'CreateDatabase', 'observations'],
      ['333333333333', 'CreateTable', 'weather'],
      ['333333333333', 'BatchCreatePartition', [['New York'], ['Seattle']]],
      ['333333333333', 'CreateTable', 'co2'],
    ]);
    const flights = calls[1]!.input.TableInput;
    expect(flights.StorageDescriptor.SerdeInfo.SerializationLibrary).toContain('ParquetHiveSerDe');
    expect(flights.StorageDescriptor.Columns[0].Parameters).toEqual({ 'trellis.classification': 'public' });
    const [newYork] = calls[6]!.input.PartitionInputList;
    expect(files.files(newYork.StorageDescriptor.Location)).toHaveLength(1);
  });

  it('fails when a partition was not made', async () => {
    partitionErrors = [{ PartitionValues: ['Seattle'], ErrorDetail: { ErrorCode: 'InternalServiceException' } }];
    await expect(load()).rejects.toThrow(/observations\.weather.*InternalServiceException/);
  });
});
