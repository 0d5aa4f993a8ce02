import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Call } from '../../../local/core/service.ts';
import { administrator } from '../../../local/core/service.ts';
import { analyst, type MeshOfFiles, meshWithFlights } from './mesh-of-files.ts';

let mesh: MeshOfFiles;
beforeAll(async () => {
  mesh = await meshWithFlights();
  mesh.grant('aviation_ops', 'flights', ['origin']);
});
afterAll(() => mesh.end());

/** Some seconds of work for the engine: long enough to be seen, ended by the test. */
const LONG_QUERY = `WITH RECURSIVE r AS (SELECT 1 x UNION ALL SELECT x + 1 FROM r WHERE x < 2000)
  SELECT count(*) FROM r a, r b, r c, r d WHERE a.x * b.x + c.x = d.x + 7`;

function state(id: string): string {
  return mesh.call('GetQueryExecution', { QueryExecutionId: id }).QueryExecution.Status.State;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(resolve => setTimeout(resolve, 5));
}

describe('a query', () => {
  it('is queued at once and counts as activity until it has ended', async () => {
    const id = mesh.start('SELECT origin FROM flights');
    expect(state(id)).toBe('QUEUED');
    expect(mesh.activity.labels()).toEqual([`Athena query ${id}`]);
    expect(() => mesh.call('GetQueryResults', { QueryExecutionId: id })).toThrow(/not yet finished.*QUEUED/);
    const execution = await mesh.finished(id);
    expect(execution).toMatchObject({
      Query: 'SELECT origin FROM flights',
      Status: { State: 'SUCCEEDED' },
      QueryExecutionContext: { Database: 'trellis_aviation_ops' },
      WorkGroup: 'primary',
      StatementType: 'DML',
    });
    expect(execution.Status.CompletionDateTime).toBeGreaterThanOrEqual(execution.Status.SubmissionDateTime);
    expect(execution.Statistics.DataScannedInBytes).toBeGreaterThan(100);
  });

  it('that fails says why, and whose fault it is', async () => {
    const id = mesh.start('SELECT nothing FROM flights');
    const { Status } = await mesh.finished(id);
    expect(Status).toMatchObject({
      State: 'FAILED',
      StateChangeReason: expect.stringMatching(/^COLUMN_NOT_FOUND/),
      AthenaError: { ErrorCategory: 2, Retryable: false, ErrorMessage: Status.StateChangeReason },
    });
    expect(() => mesh.call('GetQueryResults', { QueryExecutionId: id })).toThrow(/Final query state: FAILED/);
  });

  it('can be stopped while it runs, and makes room for those that wait', async () => {
    const running = [mesh.start(LONG_QUERY), mesh.start(LONG_QUERY)];
    const queued = mesh.start(LONG_QUERY);
    const last = mesh.start('SELECT 1');
    await until(() => running.every(id => state(id) === 'RUNNING'));
    // Past opening, checking and binding: the engine is at work.
    await new Promise(resolve => setTimeout(resolve, 400));
    expect([state(queued), state(last)]).toEqual(['QUEUED', 'QUEUED']);
    for (const id of [queued, ...running]) mesh.call('StopQueryExecution', { QueryExecutionId: id });
    expect((await mesh.finished(last)).Status.State).toBe('SUCCEEDED');
    expect([...running, queued].map(state)).toEqual(['CANCELLED', 'CANCELLED', 'CANCELLED']);
    // Stopping what has ended changes nothing.
    mesh.call('StopQueryExecution', { QueryExecutionId: last });
    expect(state(last)).toBe('SUCCEEDED');
  });

  it('is started once for a token, and a token is for one query', async () => {
    const once = mesh.start('SELECT 1', { ClientRequestToken: 'a'.repeat(32) });
    expect(mesh.start('SELECT 1', { ClientRequestToken: 'a'.repeat(32) })).toBe(once);
    expect(() => mesh.start('SELECT 2', { ClientRequestToken: 'a'.repeat(32) })).toThrow(/Idempotent parameters/);
    await mesh.finished(once);
  });

  it("is seen by its own account alone, and the account's list has the newest first", async () => {
    const first = mesh.start('SELECT 1');
    const second = mesh.start('SELECT 2');
    await mesh.finished(second);
    const { QueryExecutionIds, NextToken } = mesh.call('ListQueryExecutions', { MaxResults: 1 });
    expect(QueryExecutionIds).toEqual([second]);
    expect(mesh.call('ListQueryExecutions', { MaxResults: 1, NextToken }).QueryExecutionIds).toEqual([first]);
    const other: Call = administrator('222222222222');
    expect(mesh.call('ListQueryExecutions', {}, other).QueryExecutionIds).toEqual([]);
    expect(() => mesh.call('GetQueryResults', { QueryExecutionId: first }, other)).toThrow(/was not found/);
    const batch = mesh.call('BatchGetQueryExecution', { QueryExecutionIds: [first, 'gone'] });
    expect(batch.QueryExecutions).toMatchObject([{ QueryExecutionId: first }]);
    expect(batch.UnprocessedQueryExecutionIds).toMatchObject([{ QueryExecutionId: 'gone' }]);
  });

  it.each([
    [{ QueryString: '' }, /QueryString is required/],
    [{ QueryString: 'SELECT 1', WorkGroup: 'other' }, /WorkGroup other is not found/],
    [{ QueryString: 'SELECT 1', QueryExecutionContext: { Catalog: 'other' } }, /Catalog other was not found/],
    [{ QueryString: `SELECT '${'x'.repeat(262_144)}'` }, /longer/],
    [{ QueryString: 'SELECT ?', ExecutionParameters: ['1'] }, /ExecutionParameters/],
  ])('is refused as a request when that is wrong', (input, message) => {
    expect(() => mesh.call('StartQueryExecution', input)).toThrow(message);
  });

  it('touches its workgroup, for IAM', async () => {
    const { access } = mesh.athena.service.operations.StartQueryExecution!;
    expect(await access({ QueryString: 'SELECT 1' }, analyst)).toEqual([
      { action: 'athena:StartQueryExecution', resource: 'arn:aws:athena:us-east-1:444444444444:workgroup/primary' },
    ]);
  });
});

describe('results', () => {
  const thousands = `SELECT i.x * 100 + j.x AS n FROM
    (WITH RECURSIVE r AS (SELECT 0 x UNION ALL SELECT x + 1 FROM r WHERE x < 49) SELECT * FROM r) i,
    (WITH RECURSIVE r AS (SELECT 0 x UNION ALL SELECT x + 1 FROM r WHERE x < 99) SELECT * FROM r) j ORDER BY n`;

  it('come in pages of which the first begins with the header', async () => {
    const id = mesh.start(thousands);
    await mesh.finished(id);
    const seen: string[] = [];
    let NextToken: string | undefined;
    const sizes: number[] = [];
    do {
      const page = mesh.call('GetQueryResults', { QueryExecutionId: id, ...(NextToken && { NextToken }) });
      sizes.push(page.ResultSet.Rows.length);
      seen.push(...page.ResultSet.Rows.map((row: { Data: { VarCharValue: string }[] }) => row.Data[0]?.VarCharValue));
      NextToken = page.NextToken;
    } while (NextToken);
    expect(sizes).toEqual([1000, 1000, 1000, 1000, 1000, 1]);
    expect(seen).toEqual(['n', ...Array.from({ length: 5000 }, (_, n) => String(n))]);
    expect(mesh.call('GetQueryResults', { QueryExecutionId: id, MaxResults: 1 }).ResultSet.Rows).toEqual([
      { Data: [{ VarCharValue: 'n' }] },
    ]);
    expect(() => mesh.call('GetQueryResults', { QueryExecutionId: id, MaxResults: 1001 })).toThrow(/MaxResults/);
    expect(() => mesh.call('GetQueryResults', { QueryExecutionId: id, NextToken: '!' })).toThrow(/NextToken/);
  });

  it('are not cut short: one that is too large fails', async () => {
    const million = `SELECT a.n FROM (${thousands}) a, (${thousands}) b LIMIT 1000000`;
    expect(await mesh.reason(million)).toMatch(/more than 100000 rows/);
  });

  it("have Athena's types and texts", async () => {
    const id =
      mesh.start(`SELECT true AS b, CAST(1 AS TINYINT) AS t, 7 / 2 AS i, sum(CAST(1 AS BIGINT)) AS s, 1.50 AS d,
      CAST(5 AS DOUBLE) AS f, CAST(12345678 AS DOUBLE) AS g, CAST(1.1 AS REAL) AS r, 'x' AS v, DATE '2001-02-03' AS da,
      TIMESTAMP '2001-02-03 04:05:06.789' AS ts, array_agg(1) AS l, CAST('ab' AS VARBINARY) AS bi, CAST(NULL AS VARCHAR) AS n, 1 + 1`);
    await mesh.finished(id);
    const { ResultSet } = mesh.call('GetQueryResults', { QueryExecutionId: id });
    const { ColumnInfo } = ResultSet.ResultSetMetadata;
    const values = ResultSet.Rows[1].Data.map((datum: { VarCharValue?: string }) => datum.VarCharValue);
    const told = ColumnInfo.map((info: { Name: string; Type: string }, i: number) => [info.Name, info.Type, values[i]]);
    expect(told).toEqual([
      ['b', 'boolean', 'true'],
      ['t', 'tinyint', '1'],
      ['i', 'integer', '3'],
      ['s', 'bigint', '1'],
      ['d', 'decimal', '1.50'],
      ['f', 'double', '5.0'],
      ['g', 'double', '1.2345678E7'],
      ['r', 'float', '1.1'],
      ['v', 'varchar', 'x'],
      ['da', 'date', '2001-02-03'],
      ['ts', 'timestamp', '2001-02-03 04:05:06.789'],
      ['l', 'array', '[1]'],
      ['bi', 'varbinary', '61 62'],
      ['n', 'varchar', undefined],
      ['_col14', 'integer', '2'],
    ]);
  });
});
