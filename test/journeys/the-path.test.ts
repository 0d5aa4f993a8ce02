import {
  CreateDatabaseCommand,
  CreateTableCommand,
  GetTableCommand,
  type TableInput,
  UpdateTableCommand,
} from '@aws-sdk/client-glue';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { advance, glueOf, HUB, settle } from '../../local/story/actors.ts';
import { theOne, toldOf } from './hearing.ts';
import {
  ANALYST,
  advanceTo,
  bootLivingMesh,
  decideAccess,
  inMinutes,
  type LivingMesh,
  refusalOf,
  requestAccess,
  rowsOf,
} from './living-mesh.ts';
import { deadLetters, entriesOn, filtersOn, sharedTables, tableIn } from './traces.ts';

let living: LivingMesh;
beforeAll(async () => {
  living = await bootLivingMesh();
});
afterAll(() => living?.stop());

const column = (Name: string, label?: string, Comment?: string) => ({
  Name,
  Type: 'string',
  ...(Comment && { Comment }),
  ...(label && { Parameters: { 'trellis.classification': label } }),
});

/** A table over the sample's file of airports, which has more columns than the table. */
function fields(columns: ReturnType<typeof column>[]): TableInput {
  return {
    Name: 'fields',
    TableType: 'EXTERNAL_TABLE',
    Parameters: { classification: 'parquet' },
    StorageDescriptor: {
      Columns: columns,
      Location: 's3://trellis-aviation/ops/airports/',
      InputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat',
      OutputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat',
      SerdeInfo: { SerializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe' },
    },
  };
}

async function centralColumns(): Promise<string[]> {
  await settle(living.endpoint);
  const table = await tableIn(living.hub, 'aviation_ops.fields');
  return (table?.StorageDescriptor?.Columns ?? []).map(({ Name, Comment }) =>
    Comment ? `${Name}: ${Comment}` : `${Name}`,
  );
}

describe('a table of a producer', () => {
  it('becomes a central table, and follows every change of its columns', async () => {
    const glue = glueOf(living.aviation);
    const first = [column('iata', 'public'), column('city', 'internal')];
    await glue.send(new CreateTableCommand({ DatabaseName: 'ops', TableInput: fields(first) }));
    expect(await centralColumns()).toEqual(['iata', 'city']);

    const commented = [column('iata', 'public', 'Code of the field'), column('city', 'internal')];
    await glue.send(new UpdateTableCommand({ DatabaseName: 'ops', TableInput: fields(commented) }));
    expect(await centralColumns()).toEqual(['iata: Code of the field', 'city']);

    const longer = [...commented, column('name', 'public'), column('state')];
    await glue.send(new UpdateTableCommand({ DatabaseName: 'ops', TableInput: fields(longer) }));
    expect(await centralColumns()).toEqual(['iata: Code of the field', 'city', 'name', 'state']);

    const synced = (await living.told()).filter(
      ({ type, data }) => type === 'Catalog Table Synced' && data.table === 'fields',
    );
    expect(synced).toHaveLength(3);
    const central = await tableIn(living.hub, 'aviation_ops.fields');
    expect(central?.Parameters).toMatchObject({
      'trellis.domain': 'aviation',
      'trellis.source_account': '222222222222',
    });
    expect(central?.StorageDescriptor?.Location).toBe('s3://trellis-aviation/ops/airports/');
  });
});

describe('public columns', () => {
  it('are granted at once, those and no others', async () => {
    const expiresAt = inMinutes(living, 30);
    await requestAccess(living, {
      requestId: 'public',
      tables: ['aviation_ops.fields'],
      columns: ['name', 'iata'],
      expiresAt,
    });

    const { data } = await theOne(living, 'Access Granted', 'public');
    expect(data).toMatchObject({ principal: ANALYST, expiresAt, links: ['trellis_aviation_ops.fields'] });
    expect(data.policies).toContain('aviation.public-is-automatic');
    const all = await rowsOf(living.analyst, 'SELECT * FROM trellis_aviation_ops.fields ORDER BY iata LIMIT 2');
    expect(all.columns).toEqual(['iata', 'name']);
    expect(all.rows).toHaveLength(2);
    for (const hidden of ['city', 'state']) {
      const refusal = await refusalOf(living.analyst, `SELECT ${hidden} FROM trellis_aviation_ops.fields`);
      expect(refusal).toMatch(new RegExp(`COLUMN_NOT_FOUND.*'${hidden}'`));
    }
  });

  it('are for the principal that asked: a colleague sees nothing of them', async () => {
    const everything = await refusalOf(living.regional, 'SELECT * FROM trellis_aviation_ops.fields');
    expect(everything).toMatch(/no accessible columns|TABLE_NOT_FOUND/);
    const one = await refusalOf(living.regional, 'SELECT iata FROM trellis_aviation_ops.fields');
    expect(one).toMatch(/not authorized|TABLE_NOT_FOUND/);
    const entries = await entriesOn(living.endpoint, 'aviation_ops.fields');
    expect(entries.map(({ principal }) => principal)).toEqual([ANALYST]);
  });

  it('cannot be reached past Trellis, by a link that the consumer makes itself', async () => {
    const glue = glueOf(living.analytics);
    await glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name: 'own' } }));
    const TargetTable = { CatalogId: HUB, DatabaseName: 'aviation_ops', Name: 'fields', Region: 'us-east-1' };
    await glue.send(new CreateTableCommand({ DatabaseName: 'own', TableInput: { Name: 'way_around', TargetTable } }));
    const sql = 'SELECT * FROM own.way_around LIMIT 1';
    expect((await rowsOf(living.analyst, sql)).columns).toEqual(['iata', 'name']);
    expect(await refusalOf(living.regional, sql)).toMatch(/no accessible columns|TABLE_NOT_FOUND/);
    await expect(
      glueOf(living.regional).send(
        new GetTableCommand({ CatalogId: HUB, DatabaseName: 'aviation_ops', Name: 'fields' }),
      ),
    ).rejects.toThrow(/Lake Formation permission|not authorized/i);
  });

  it('stay what they are when the table gains another public column later', async () => {
    const columns = [
      column('iata', 'public'),
      column('city', 'internal'),
      column('name', 'public'),
      column('country', 'public'),
    ];
    await glueOf(living.aviation).send(new UpdateTableCommand({ DatabaseName: 'ops', TableInput: fields(columns) }));
    await settle(living.endpoint);
    const { columns: shown } = await rowsOf(living.analyst, 'SELECT * FROM trellis_aviation_ops.fields LIMIT 1');
    expect(shown).toEqual(['iata', 'name']);
  });

  it('of a partitioned table come with its partition key', async () => {
    await requestAccess(living, {
      requestId: 'weather',
      tables: ['climate_observations.weather'],
      columns: ['date', 'temp_max'],
      expiresAt: inMinutes(living, 30),
    });
    const { data } = await theOne(living, 'Access Granted', 'weather');
    expect(data.columns).toEqual(['date', 'temp_max', 'location']);
    const answer = await rowsOf(
      living.analyst,
      "SELECT location, count(*) AS days, max(temp_max) AS warmest FROM trellis_climate_observations.weather WHERE location = 'Seattle' GROUP BY location",
    );
    expect(answer.rows).toEqual([['Seattle', '1461', '35.6']]);
    expect(await refusalOf(living.analyst, 'SELECT wind FROM trellis_climate_observations.weather')).toMatch(/'wind'/);
  });
});

describe('columns that are not public', () => {
  const asked = ['wildlife_size', 'wildlife_species', 'aircraft_airline_operator', 'cost_total'];

  it('wait for their owner, and cannot be read meanwhile', async () => {
    await requestAccess(living, {
      requestId: 'birds',
      tables: ['aviation_ops.birdstrikes'],
      columns: asked,
      purpose: 'safety-study',
      expiresAt: inMinutes(living, 60),
    });
    const { data } = await theOne(living, 'Access Approval Needed', 'birds');
    expect(data).toMatchObject({
      question: 'request',
      purpose: 'safety-study',
      columns: expect.arrayContaining(asked),
    });
    expect(await toldOf(living, 'Access Granted', 'birds')).toEqual([]);
    expect(await entriesOn(living.endpoint, 'aviation_ops.birdstrikes')).toEqual([]);
    expect(await refusalOf(living.analyst, 'SELECT * FROM trellis_aviation_ops.birdstrikes')).toMatch(
      /TABLE_NOT_FOUND/,
    );
  });

  it('are given as their owner narrows them: fewer columns, some rows, an earlier end', async () => {
    const expiresAt = inMinutes(living, 20);
    await decideAccess(living, {
      requestId: 'birds',
      decision: 'approved',
      columns: ['wildlife_species', 'wildlife_size', 'aircraft_airline_operator'],
      rowFilter: "wildlife_size = 'Large' AND aircraft_airline_operator LIKE 'A%'",
      expiresAt,
      reason: 'Without the costs.',
    });
    const { data } = await theOne(living, 'Access Granted', 'birds');
    expect(data).toMatchObject({
      expiresAt,
      reasons: ['Without the costs.'],
      rowFilter: expect.stringContaining('Large'),
    });

    const truth = await rowsOf(
      living.aviation,
      `SELECT wildlife_species, wildlife_size, aircraft_airline_operator FROM ops.birdstrikes
       WHERE wildlife_size = 'Large' AND aircraft_airline_operator LIKE 'A%' ORDER BY 1, 2, 3`,
    );
    const given = await rowsOf(
      living.analyst,
      'SELECT wildlife_species, wildlife_size, aircraft_airline_operator FROM trellis_aviation_ops.birdstrikes ORDER BY 1, 2, 3',
    );
    expect(given).toEqual(truth);
    expect(given.rows.length).toBeGreaterThan(50);
    const all = await rowsOf(living.analyst, 'SELECT * FROM trellis_aviation_ops.birdstrikes LIMIT 1');
    expect(all.columns.toSorted()).toEqual(['aircraft_airline_operator', 'wildlife_size', 'wildlife_species']);
    expect(await refusalOf(living.analyst, 'SELECT cost_total FROM trellis_aviation_ops.birdstrikes')).toMatch(
      /'cost_total'/,
    );
  });
});

describe('the end of a grant', () => {
  it('is announced, then comes by itself and leaves nothing behind', async () => {
    const before = await sharedTables(living.endpoint);
    expect(before).toEqual(
      expect.arrayContaining(['aviation_ops/birdstrikes', 'aviation_ops/fields', 'climate_observations/weather']),
    );
    const { data: granted } = await theOne(living, 'Access Granted', 'birds');
    await advanceTo(living, String(granted.expiresAt), -60);
    await theOne(living, 'Access Expiring', 'birds');
    expect(await toldOf(living, 'Access Revoked', 'birds')).toEqual([]);
    await rowsOf(living.analyst, 'SELECT wildlife_size FROM trellis_aviation_ops.birdstrikes LIMIT 1');

    await advance(living.endpoint, 60);
    const { data } = await theOne(living, 'Access Revoked', 'birds');
    expect(data).toMatchObject({ principal: ANALYST, cause: 'expired', tables: ['aviation_ops.birdstrikes'] });
    expect(await refusalOf(living.analyst, 'SELECT wildlife_size FROM trellis_aviation_ops.birdstrikes')).toMatch(
      /TABLE_NOT_FOUND/,
    );
    expect(await tableIn(living.analytics, 'trellis_aviation_ops.birdstrikes')).toBeUndefined();
    expect(await entriesOn(living.endpoint, 'aviation_ops.birdstrikes')).toEqual([]);
    expect(await filtersOn(living.endpoint, 'aviation_ops.birdstrikes')).toEqual([]);
    expect(await sharedTables(living.endpoint)).not.toContain('aviation_ops/birdstrikes');

    // What others still have is untouched.
    await rowsOf(living.analyst, 'SELECT iata FROM trellis_aviation_ops.fields LIMIT 1');
  });

  it('comes to all of them, and the mesh has no dead letters', async () => {
    await advance(living.endpoint, 15 * 60);
    for (const requestId of ['public', 'weather']) await theOne(living, 'Access Revoked', requestId);
    expect(await sharedTables(living.endpoint)).toEqual([]);
    for (const link of ['trellis_aviation_ops.fields', 'trellis_climate_observations.weather']) {
      expect(await refusalOf(living.analyst, `SELECT * FROM ${link}`)).toMatch(/TABLE_NOT_FOUND/);
      expect(await tableIn(living.analytics, link)).toBeUndefined();
    }
    expect(await deadLetters(living.endpoint)).toEqual({});
  });
});
