import { describe, expect, it } from 'vitest';
import { parseCatalogEvent } from '../../../shared/catalog/parse-catalog-event.ts';

/** Shapes from the AWS Glue Developer Guide, "Automating AWS Glue with EventBridge". */
function event(detailType: string, detail: unknown, changes: object = {}) {
  return {
    version: '0',
    id: '6a7e8feb-b491-4cf7-a9f1-bf3703467718',
    'detail-type': detailType,
    source: 'aws.glue',
    account: '222222222222',
    time: '2026-11-21T09:00:00Z',
    region: 'us-east-1',
    resources: ['arn:aws:glue:us-east-1:222222222222:table/ops/flights'],
    detail,
    ...changes,
  };
}

const TABLE = 'Glue Data Catalog Table State Change';
const DATABASE = 'Glue Data Catalog Database State Change';

describe("Glue's events", () => {
  it('hint at the one table of a table event', () => {
    const detail = { databaseName: 'ops', typeOfChange: 'UpdateTable', tableName: 'flights', changedPartitions: [] };
    expect(parseCatalogEvent(event(TABLE, detail))).toEqual({
      kind: 'tables',
      account: '222222222222',
      database: 'ops',
      tables: ['flights'],
      partitions: 'none',
      happenedAt: '2026-11-21T09:00:00Z',
    });
  });

  it('hint at every table that a database event names', () => {
    const detail = { databaseName: 'ops', typeOfChange: 'CreateTable', changedTables: ['flights', 'airports'] };
    expect(parseCatalogEvent(event(DATABASE, detail))).toMatchObject({ tables: ['flights', 'airports'] });
  });

  it.each([{ changedTables: [] }, {}])('hint at a whole database that went: %j', named => {
    const detail = { databaseName: 'ops', typeOfChange: 'DeleteDatabase', ...named };
    expect(parseCatalogEvent(event(DATABASE, detail))).toMatchObject({
      kind: 'database',
      database: 'ops',
      isGone: true,
    });
  });

  it('hint at the partitions that they name', () => {
    const detail = { databaseName: 'ops', typeOfChange: 'BatchCreatePartition', tableName: 'flights' };
    const changedPartitions = ['[1, 2021-05-23 00:00:00, SNAPSHOT]', '[2, 2021-05-24 00:00:00, SNAPSHOT]'];
    expect(parseCatalogEvent(event(TABLE, { ...detail, changedPartitions }))).toMatchObject({
      partitions: [
        ['1', '2021-05-23 00:00:00', 'SNAPSHOT'],
        ['2', '2021-05-24 00:00:00', 'SNAPSHOT'],
      ],
    });
    const unreadable = { ...detail, changedPartitions: ['1/2021'] };
    expect(parseCatalogEvent(event(TABLE, unreadable))).toMatchObject({ partitions: 'unknown' });
  });

  it('say nothing of how late they are when they come from an archive', () => {
    const detail = { databaseName: 'ops', typeOfChange: 'UpdateTable', tableName: 'flights' };
    expect(parseCatalogEvent(event(TABLE, detail, { 'replay-name': 'again' }))).not.toHaveProperty('happenedAt');
  });

  it('name things in lower case, as the catalog does', () => {
    const table = { databaseName: 'OPS', typeOfChange: 'UpdateTable', tableName: 'Flights' };
    expect(parseCatalogEvent(event(TABLE, table))).toMatchObject({ database: 'ops', tables: ['flights'] });
    const database = { databaseName: 'Ops', typeOfChange: 'CreateTable', changedTables: ['FLIGHTS'] };
    expect(parseCatalogEvent(event(DATABASE, database))).toMatchObject({ database: 'ops', tables: ['flights'] });
  });

  it('are taken whatever the kind of change and whatever else they carry', () => {
    const detail = { databaseName: 'ops', typeOfChange: 'SomethingNew', tableName: 'flights', more: { deep: 1 } };
    expect(parseCatalogEvent(event(TABLE, detail))).toMatchObject({ tables: ['flights'], partitions: 'unknown' });
  });
});

describe('what is no event of Glue', () => {
  const table = { databaseName: 'ops', typeOfChange: 'UpdateTable', tableName: 'flights' };

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['a text', 'UpdateTable'],
    ['a list', [event(TABLE, table)]],
    ['an envelope without an account', event(TABLE, table, { account: undefined })],
    ['an account that is a number', event(TABLE, table, { account: 222222222222 })],
    ['an account of eleven digits', event(TABLE, table, { account: '22222222222' })],
    ['a table event without a table', event(TABLE, { ...table, tableName: undefined })],
    ['a table event with an empty table', event(TABLE, { ...table, tableName: '' })],
    ['a table event without a detail', event(TABLE, undefined)],
    ['a database event without a database', event(DATABASE, { typeOfChange: 'CreateTable', changedTables: ['a'] })],
    ['tables that are no list', event(DATABASE, { ...table, changedTables: 'flights' })],
    ['another event', event('Glue Job State Change', { jobName: 'load', state: 'SUCCEEDED' })],
  ])('is refused: %s', (_, body) => {
    expect(() => parseCatalogEvent(body)).toThrow(expect.objectContaining({ name: '$ZodError' }));
  });
});
