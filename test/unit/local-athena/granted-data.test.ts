import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  analyst,
  CONSUMER,
  DATA_ROLE,
  HUB,
  hubTable,
  link,
  type MeshOfFiles,
  meshWithFlights,
} from './mesh-of-files.ts';

let mesh: MeshOfFiles;
beforeEach(async () => {
  mesh = await meshWithFlights();
});
afterEach(() => mesh.end());

describe('what a query sees', () => {
  it('is the granted columns, in the order of the table', async () => {
    mesh.grant('aviation_ops', 'flights', ['origin', 'delay']);
    expect(await mesh.rows('SELECT * FROM flights')).toEqual([
      ['delay', 'origin'],
      ['33', 'LAS'],
      ['19', 'ATL'],
      ['-4', 'ATL'],
      [null, 'SEA'],
    ]);
  });

  it('is the granted rows, also when the filter reads a column that is not selected', async () => {
    mesh.grant('aviation_ops', 'flights', ['delay', 'origin'], "origin = 'ATL' AND delay > 0");
    expect(await mesh.rows('SELECT delay FROM trellis_aviation_ops.flights')).toEqual([['delay'], ['19']]);
    expect(await mesh.rows('SELECT count(*) FROM flights')).toEqual([['_col0'], ['1']]);
  });

  it('is no row for which the filter is unknown', async () => {
    mesh.grant('aviation_ops', 'flights', ['delay', 'origin'], 'NOT (delay > 0)');
    expect(await mesh.rows('SELECT origin, delay FROM flights')).toEqual([
      ['origin', 'delay'],
      ['ATL', '-4'],
    ]);
  });

  it('is the union of several filters, and each column only in the rows of its own', async () => {
    mesh.grant('aviation_ops', 'flights', ['origin'], "origin <> 'SEA'");
    mesh.grant('aviation_ops', 'flights', ['origin', 'distance'], 'distance > 500');
    expect(await mesh.rows('SELECT origin, distance FROM flights ORDER BY origin, distance')).toEqual([
      ['origin', 'distance'],
      ['ATL', null],
      ['ATL', null],
      ['LAS', '2176'],
      ['SEA', '588'],
    ]);
    // What is hidden cannot be found by its value either.
    expect(await mesh.rows('SELECT count(*) n FROM flights WHERE distance = 215')).toEqual([['n'], ['0']]);
  });

  it('has all rows when one filter has all rows', async () => {
    mesh.grant('aviation_ops', 'flights', ['origin'], null);
    mesh.grant('aviation_ops', 'flights', ['origin'], "origin = 'SEA'");
    expect(await mesh.rows('SELECT count(*) n FROM flights')).toEqual([['n'], ['4']]);
  });

  it('is everything where Lake Formation does not decide, by the S3 rights of the caller', async () => {
    mesh.database(CONSUMER, 'own');
    mesh.tables.push({
      ...hubTable('own', 'notes', ['text string']),
      CatalogId: CONSUMER,
    });
    mesh.grants.set(`${CONSUMER}/own/notes`, { unrestricted: true, grants: [] });
    await mesh.file('own/notes/a.parquet', `SELECT 'x' AS text`);
    expect(await mesh.rows('SELECT * FROM own.notes')).toEqual([['text'], ['x']]);
    expect(mesh.recorded).toEqual([]);
    mesh.denied.add('s3:GetObject arn:aws:s3:::lake/own/notes/*');
    expect(await mesh.reason('SELECT * FROM own.notes')).toMatch(/s3:GetObject/);
  });
});

describe('the role that a location is registered with', () => {
  beforeEach(() => mesh.grant('aviation_ops', 'flights', ['origin']));

  it('reads what Lake Formation decides on, in the place of the caller', async () => {
    mesh.denied.add('s3:GetObject').add('s3:ListBucket');
    expect(await mesh.rows('SELECT origin FROM flights LIMIT 1')).toEqual([['origin'], ['LAS']]);
    expect(mesh.askedOfRole).toEqual([
      { roleArn: DATA_ROLE, action: 's3:ListBucket', resource: 'arn:aws:s3:::lake' },
      { roleArn: DATA_ROLE, action: 's3:GetObject', resource: 'arn:aws:s3:::lake/aviation_ops/flights/*' },
    ]);
  });

  it.each(['s3:ListBucket', 's3:GetObject'])('must be allowed %s, or the query fails', async action => {
    mesh.deniedToRole.add(action);
    expect(await mesh.reason('SELECT origin FROM flights')).toBe(
      `PERMISSION_DENIED: ${DATA_ROLE} is not authorized to perform: ${action} (Service: S3, Status Code: 403)`,
    );
    // What the caller may not see is said first.
    expect(await mesh.reason('SELECT delay FROM flights')).toMatch(/^COLUMN_NOT_FOUND/);
  });

  it('cannot read a bucket that is not there', async () => {
    mesh.buckets.clear();
    expect(await mesh.reason('SELECT origin FROM flights')).toMatch(/^HIVE_FILESYSTEM_ERROR: .*bucket does not exist/);
  });

  it('is asked for nothing where the role is the service-linked one, or the caller may read nothing', async () => {
    mesh.dataRole = `arn:aws:iam::${HUB}:role/aws-service-role/lakeformation.amazonaws.com/AWSServiceRoleForLakeFormationDataAccess`;
    await mesh.rows('SELECT origin FROM flights');
    mesh.grants.clear();
    await mesh.reason('SELECT origin FROM flights');
    expect(mesh.askedOfRole).toEqual([]);
  });
});

describe('partitioned tables', () => {
  beforeEach(async () => {
    mesh.database(HUB, 'climate_observations');
    mesh.database(CONSUMER, 'trellis_climate_observations');
    mesh.tables.push(
      hubTable('climate_observations', 'weather', ['temp_max double', 'note string'], {}, [
        'location string',
        'year int',
      ]),
      link('trellis_climate_observations', 'weather', { database: 'climate_observations', name: 'weather' }),
    );
    mesh.partitions.set(`${HUB}/climate_observations/weather`, [
      { Values: ["Land's End", '2015'], Location: 's3://lake/climate_observations/elsewhere/' },
      { Values: ['Seattle', '2014'], Location: undefined },
      { Values: ['Nowhere', '2014'], Location: 's3://lake/climate_observations/weather/nothing/' },
    ]);
    await mesh.file('climate_observations/elsewhere/a.parquet', 'SELECT 12.5::DOUBLE AS temp_max');
    await mesh.file(
      'climate_observations/weather/location=Seattle/year=2014/a.parquet',
      `SELECT 5.0::DOUBLE AS temp_max, 'x' AS note, 'not this' AS location`,
    );
  });

  it("take the keys' values from the catalog, and the files from each partition's location", async () => {
    mesh.grant('climate_observations', 'weather', ['temp_max', 'note']);
    const sql = 'SELECT * FROM trellis_climate_observations.weather ORDER BY year';
    expect(await mesh.rows(sql)).toEqual([
      ['temp_max', 'note', 'location', 'year'],
      ['5.0', 'x', 'Seattle', '2014'],
      ['12.5', null, "Land's End", '2015'],
    ]);
  });

  it('can be filtered by a key', async () => {
    mesh.grant('climate_observations', 'weather', ['temp_max', 'location', 'year'], "location = 'Seattle'");
    const sql = 'SELECT temp_max FROM trellis_climate_observations.weather';
    expect(await mesh.rows(sql)).toEqual([['temp_max'], ['5.0']]);
  });

  it('are empty, with their columns, while they have no file', async () => {
    mesh.partitions.clear();
    mesh.grant('climate_observations', 'weather', ['temp_max']);
    const sql = 'SELECT * FROM trellis_climate_observations.weather';
    expect(await mesh.rows(sql)).toEqual([['temp_max', 'location', 'year']]);
  });
});

describe('names in a query', () => {
  beforeEach(() => mesh.grant('aviation_ops', 'flights', ['origin', 'delay']));

  it.each([
    'SELECT count(*) n FROM flights',
    'SELECT count(*) n FROM TRELLIS_Aviation_Ops.Flights',
    'SELECT count(*) n FROM "AwsDataCatalog"."trellis_aviation_ops"."flights";',
    'SELECT count(*) n FROM (SELECT f.origin FROM flights AS f)',
    'WITH a AS (SELECT * FROM flights), b AS (SELECT origin FROM a) SELECT count(*) n FROM b',
    'WITH flights AS (SELECT * FROM flights) SELECT count(*) n FROM flights',
    'WITH flights AS (SELECT * FROM trellis_aviation_ops.flights) SELECT count(trellis.origin) n FROM flights trellis',
    'SELECT count(*) n FROM flights WHERE origin IN (SELECT origin FROM flights)',
    'SELECT count(flights.origin) n FROM flights LEFT JOIN (VALUES (1)) AS v(x) ON true',
    'SELECT sum(n) n FROM (SELECT count(*) n FROM flights UNION ALL SELECT 0)',
    'WITH RECURSIVE r AS (SELECT 1 x UNION ALL SELECT x + 1 FROM r WHERE x < 4) SELECT count(*) n FROM r, flights WHERE false OR x = 1',
    'SELECT count(*) n FROM flights CROSS JOIN UNNEST([1]) AS u(x)',
  ])('are found: %s', async sql => {
    expect(await mesh.rows(sql)).toEqual([['n'], ['4']]);
  });

  it('lead through a linked database', async () => {
    mesh.database(CONSUMER, 'linked', 'aviation_ops');
    expect(await mesh.rows('SELECT count(*) n FROM linked.flights')).toEqual([['n'], ['4']]);
    expect(mesh.recorded[0]?.linkArn).toBe(`arn:aws:glue:us-east-1:${CONSUMER}:table/linked/flights`);
  });

  it('do not lead through a link to a link', async () => {
    mesh.tables.push({
      ...link('aviation_ops', 'again', { database: 'aviation_ops', name: 'flights' }),
      CatalogId: HUB,
    });
    mesh.tables.push(link('trellis_aviation_ops', 'twice', { database: 'aviation_ops', name: 'again' }));
    mesh.grant('aviation_ops', 'again', ['origin']);
    expect(await mesh.reason('SELECT * FROM twice')).toMatch(/^TABLE_NOT_FOUND/);
  });

  it("are not the owner's own: another account's catalog is reached by a link", async () => {
    expect(await mesh.reason('SELECT * FROM aviation_ops.flights')).toBe(
      "SCHEMA_NOT_FOUND: line 1:15: Schema 'aviation_ops' does not exist",
    );
  });
});

describe('the record of a read', () => {
  it('is left once for each table, with the link and the query', async () => {
    mesh.grant('aviation_ops', 'flights', ['origin']);
    const id = mesh.start('SELECT a.origin FROM flights a JOIN trellis_aviation_ops.flights b ON a.origin = b.origin');
    await mesh.finished(id);
    expect(mesh.recorded).toEqual([
      {
        caller: analyst.caller,
        owner: HUB,
        tableArn: `arn:aws:glue:us-east-1:${HUB}:table/aviation_ops/flights`,
        linkArn: `arn:aws:glue:us-east-1:${CONSUMER}:table/trellis_aviation_ops/flights`,
        queryId: id,
      },
    ]);
  });

  it('is not left by a query that reads nothing', async () => {
    await mesh.reason('SELECT * FROM flights');
    mesh.grant('aviation_ops', 'flights', ['origin']);
    await mesh.reason('SELECT delay FROM flights');
    expect(mesh.recorded).toEqual([]);
  });
});
