import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HUB, hubTable, link, type MeshOfFiles, meshWithFlights } from './mesh-of-files.ts';

let mesh: MeshOfFiles;
beforeAll(async () => {
  mesh = await meshWithFlights();
  mesh.grant('aviation_ops', 'flights', ['origin']);
  for (const name of ['secret', 'kept']) {
    mesh.tables.push(
      hubTable('aviation_ops', name, ['a string']),
      link('trellis_aviation_ops', name, { database: 'aviation_ops', name }),
    );
  }
  await writeFile(join(mesh.root, 'outside.csv'), 'a,b\n1,2\n');
});
afterAll(() => mesh.end());

describe('what people see when they may not', () => {
  it.each([
    ['SELECT * FROM secret', 'COLUMN_NOT_FOUND: line 1:8: Relation contains no accessible columns'],
    [
      'SELECT\n  a FROM secret',
      "COLUMN_NOT_FOUND: line 2:3: Column 'a' cannot be resolved or requester is not authorized to access requested resources",
    ],
    [
      'SELECT count(*) FROM secret',
      'Insufficient permissions to execute the query. Principal does not have any privilege on specified resource',
    ],
    [
      'SELECT origin, delay FROM flights',
      "COLUMN_NOT_FOUND: line 1:16: Column 'delay' cannot be resolved or requester is not authorized to access requested resources",
    ],
    [
      "SELECT 'é', f.delay FROM flights f",
      "COLUMN_NOT_FOUND: line 1:13: Column 'f.delay' cannot be resolved or requester is not authorized to access requested resources",
    ],
    [
      'SELECT origin FROM flights WHERE distance > 100',
      "COLUMN_NOT_FOUND: line 1:34: Column 'distance' cannot be resolved or requester is not authorized to access requested resources",
    ],
    ['SELECT * FROM nosuch', "TABLE_NOT_FOUND: line 1:15: Table 'trellis_aviation_ops.nosuch' does not exist"],
    ['SELECT * FROM nosuch.flights', "SCHEMA_NOT_FOUND: line 1:15: Schema 'nosuch' does not exist"],
  ])('%s', async (sql, reason) => {
    expect(await mesh.reason(sql)).toBe(reason);
  });

  it('never names a column that is not granted', async () => {
    const reason = await mesh.reason('SELECT dela FROM flights');
    expect(reason).toContain("'dela'");
    expect(reason).not.toMatch(/distance|delay|date/);
  });

  it.each([
    ['trellis_aviation_ops', 'Insufficient Lake Formation permission(s): Required Describe on trellis_aviation_ops'],
    ['flights', 'Insufficient Lake Formation permission(s): Required Describe on flights'],
  ])('without DESCRIBE on %s', async (name, reason) => {
    mesh.hidden.add(name);
    expect(await mesh.reason('SELECT * FROM flights')).toBe(reason);
    mesh.hidden.delete(name);
  });

  it.each([
    'lakeformation:GetDataAccess *',
    'glue:GetDatabase arn:aws:glue:us-east-1:444444444444:database/trellis_aviation_ops',
    'glue:GetTable arn:aws:glue:us-east-1:444444444444:table/trellis_aviation_ops/flights',
    'glue:GetDatabase arn:aws:glue:us-east-1:111111111111:database/aviation_ops',
    'glue:GetTable arn:aws:glue:us-east-1:111111111111:table/aviation_ops/flights',
    'glue:GetTable arn:aws:glue:us-east-1:111111111111:catalog',
  ])('without %s in IAM', async access => {
    mesh.denied.add(access);
    expect(await mesh.reason('SELECT origin FROM flights')).toBe(
      `Insufficient permissions to execute the query. not authorized to perform: ${access.split(' ')[0]}`,
    );
    mesh.denied.delete(access);
  });

  it("asks for the owner's catalog as for something that RAM shares with the account", async () => {
    mesh.asked.length = 0;
    await mesh.rows('SELECT origin FROM flights');
    const onOwner = mesh.asked.filter(({ resource }) => resource.includes(HUB));
    expect(onOwner.length).toBeGreaterThan(0);
    for (const { resourcePolicy } of onOwner)
      expect(resourcePolicy?.Statement).toMatchObject({ Principal: { AWS: 'arn:aws:iam::444444444444:root' } });
  });
});

describe('hostile SQL', () => {
  const unsupported = /^NOT_SUPPORTED: The local mesh's Athena does not have /;
  it.each([
    "SELECT * FROM read_parquet('/etc/passwd')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM glob('/etc/*')",
    "SELECT * FROM READ_CSV('/etc/passwd')",
    'SELECT * FROM duckdb_settings()',
    "SELECT * FROM query('SELECT 1')",
    'SELECT * FROM range(9)',
    "SELECT * FROM pragma_table_info('flights')",
    "SELECT * FROM (SELECT * FROM (SELECT * FROM read_blob('/etc/passwd')))",
    "SELECT origin FROM flights WHERE origin IN (SELECT content FROM read_text('/etc/passwd'))",
    "WITH a AS (SELECT * FROM read_text('/etc/passwd')) SELECT * FROM a",
    "SELECT 1 UNION SELECT content FROM read_text('/etc/passwd')",
    "SELECT (SELECT max(content) FROM read_text('/etc/passwd')) FROM flights",
    "SELECT 1 ORDER BY (SELECT content FROM read_text('/etc/passwd'))",
    "SELECT 1 LIMIT (SELECT length(content) FROM read_text('/etc/passwd'))",
    "SELECT origin, sum(1) OVER (PARTITION BY (SELECT content FROM read_text('/etc/passwd'))) FROM flights",
    "SELECT f.origin FROM flights f JOIN flights g ON f.origin = (SELECT content FROM read_text('/etc/passwd'))",
    "VALUES ((SELECT content FROM read_text('/etc/passwd')))",
    "SELECT getenv('HOME')",
    "SELECT current_setting('allowed_paths')",
    "SELECT getvariable('x')",
    "SELECT list_transform([1], x -> getenv('HOME'))",
    "SELECT json_serialize_sql('SELECT 1')",
    'SELECT pg_sleep(1)',
    'SELECT main.getenv(1)',
    'WITH "/etc/passwd.csv" AS (SELECT 1) SELECT * FROM "/etc/passwd.csv"',
    'SELECT * FROM system.information_schema.tables',
    'SELECT COLUMNS(*) FROM flights',
    'SELECT * FROM flights AT (VERSION => 1)',
    'SELECT ? FROM flights',
    'SELECT #1 FROM flights',
    'DESCRIBE flights',
    'SUMMARIZE flights',
    'SHOW TABLES',
    "COPY flights TO '/tmp/x.csv'",
    "COPY (SELECT 1) TO '/tmp/x.csv'",
    "ATTACH '/tmp/x.db'",
    'INSTALL httpfs',
    'LOAD httpfs',
    'PRAGMA database_list',
    'SET enable_external_access = true',
    'CREATE TABLE x AS SELECT 1',
    'INSERT INTO flights SELECT 1',
    'EXPLAIN SELECT 1',
    'CALL pragma_version()',
    'EXECUTE x',
    "EXPORT DATABASE '/tmp/x'",
    'PIVOT flights ON origin',
  ])('is refused: %s', async sql => {
    expect(await mesh.reason(sql)).toMatch(unsupported);
  });

  it.each([
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM 'outside.csv'",
    'SELECT * FROM "x.parquet"',
    'SELECT * FROM (SELECT * FROM "x.parquet")',
    'WITH a AS (WITH b AS (SELECT 1) SELECT * FROM b) SELECT * FROM b',
    'SELECT * FROM sqlite_master',
  ])('takes no file and no table of the engine for a table: %s', async sql => {
    expect(await mesh.reason(sql)).toMatch(/^TABLE_NOT_FOUND: line 1:\d+: Table 'trellis_aviation_ops\./);
  });

  it.each(['SELECT * FROM information_schema.tables', 'SELECT * FROM pg_catalog.pg_class'])(
    'takes no schema of the engine for a database: %s',
    async sql => {
      expect(await mesh.reason(sql)).toMatch(/^SCHEMA_NOT_FOUND/);
    },
  );

  it('is one statement at most', async () => {
    expect(await mesh.reason('SELECT 1; SELECT 2')).toBe('SYNTAX_ERROR: Only one sql statement is allowed.');
    expect(await mesh.reason("SELECT 1; COPY (SELECT 1) TO '/tmp/x.csv'")).toMatch(unsupported);
  });

  it('finds no hidden column of the files behind a table', async () => {
    for (const column of ['filename', 'file_row_number', 'rowid', 'distance'])
      expect(await mesh.reason(`SELECT ${column} FROM flights`)).toMatch(/^COLUMN_NOT_FOUND/);
  });
});

describe('mistakes', () => {
  it('in the files of a table are told with its name', async () => {
    mesh.tables.push(
      hubTable('aviation_ops', 'broken', ['a string']),
      link('trellis_aviation_ops', 'broken', { database: 'aviation_ops', name: 'broken' }),
    );
    mesh.grant('aviation_ops', 'broken', ['a']);
    await mkdir(join(mesh.root, 'lake/aviation_ops/broken'), { recursive: true });
    await writeFile(join(mesh.root, 'lake/aviation_ops/broken/data.parquet'), 'this is no Parquet file');
    expect(await mesh.reason('SELECT * FROM broken')).toMatch(/^HIVE_BAD_DATA: trellis_aviation_ops.broken: /);
  });

  it.each([
    ['SELEC 1', /^SYNTAX_ERROR: line 1:1: syntax error/],
    ["SELECT CAST('x' AS INTEGER)", /^INVALID_CAST_ARGUMENT: /],
    ['SELECT sum(origin) FROM flights', /^SYNTAX_ERROR: line 1:8: /],
    ['SELECT origin, count(*) FROM flights', /^SYNTAX_ERROR: line 1:8: .*GROUP BY/],
  ])('%j is told as %s', async (sql, reason) => {
    expect(await mesh.reason(sql)).toMatch(reason);
  });

  it.each([
    [{ Parameters: { table_type: 'ICEBERG' } }, /Iceberg tables, and 'trellis_aviation_ops.kept' is one/],
    [{ TableType: 'VIRTUAL_VIEW' }, /views, and 'trellis_aviation_ops.kept' is one/],
    [{ Parameters: { 'projection.enabled': 'true' } }, /partition projection/],
    [{ StorageDescriptor: { Columns: [], InputFormat: 'org.apache.hadoop.mapred.TextInputFormat' } }, /Parquet/],
  ])('a table that is not plain Parquet is refused by name: %j', async (change, reason) => {
    const kept = mesh.tables.find(table => table.CatalogId === HUB && table.Name === 'kept')!;
    const before = { ...kept };
    mesh.grants.set(`${HUB}/aviation_ops/kept`, { unrestricted: false, grants: [{ columns: ['a'], rowFilter: null }] });
    Object.assign(kept, change);
    expect(await mesh.reason('SELECT * FROM kept')).toMatch(reason);
    for (const key of Object.keys(kept)) delete kept[key];
    Object.assign(kept, before);
  });
});
