import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engineType } from '../../../local/athena/column-types.ts';
import { type FileGroup, viewQuery } from '../../../local/athena/table-view.ts';
import { parseRowFilter as parseLocally } from '../../../local/lake-formation/row-filter.ts';
import { checkRowFilter as checkLocally } from '../../../local/lake-formation/row-filter-types.ts';
import { evaluate } from './evaluate-row-filter.ts';
import { quoted, type Row, rowsFor, valueSql } from './filtered-rows.ts';
import { ACCEPTED, type Accepted, COLUMNS, treeOf } from './row-filter-data.ts';

const ROWS = rowsFor(ACCEPTED.map(({ filter }) => treeOf(filter)));

/** The numbers of the rows that each filter's tree keeps. */
const KEPT = new Map(
  ACCEPTED.map(({ filter }) => {
    const tree = treeOf(filter);
    const isKept = (row: Row) => evaluate(tree, path => row.get(path.join('.')) ?? null, 'greatest') === true;
    return [filter, ROWS.flatMap((row, number) => (isKept(row) ? [number] : []))];
  }),
);

let duckdb: DuckDBConnection;
let folder: string;

/** A table `flights` of the rows, each with its number, and a Parquet file of it. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trellis-rows-'));
  duckdb = await (await DuckDBInstance.create(':memory:')).connect();
  const columns = COLUMNS.map(({ name, type }) => `${quoted(name, '"')} ${engineType(type)}`);
  await duckdb.run(`CREATE TABLE flights (number INTEGER, ${columns.join(', ')})`);
  for (let start = 0; start < ROWS.length; start += 500) {
    const values = ROWS.slice(start, start + 500).map((row, index) => {
      const cells = COLUMNS.map(({ name, type }) => valueSql(row, name, type));
      return `(${[start + index, ...cells].join(', ')})`;
    });
    await duckdb.run(`INSERT INTO flights VALUES ${values.join(', ')}`);
  }
  await duckdb.run(`COPY flights TO '${join(folder, 'flights.parquet')}' (FORMAT parquet)`);
});

afterAll(async () => {
  duckdb.closeSync();
  await rm(folder, { recursive: true });
});

/** The numbers of the rows that each condition keeps, in one query. */
async function keptInDuckdb(conditions: string[]): Promise<unknown[]> {
  const lists = conditions.map(condition => `list(number ORDER BY number) FILTER (WHERE ${condition})`);
  const [row] = (await duckdb.runAndReadAll(`SELECT ${lists.join(', ')} FROM flights`)).getRowsJS();
  return row!.map(numbers => numbers ?? []);
}

describe('the rows of row filters', () => {
  it.each(ACCEPTED)('$name keeps $keeps', ({ filter, keeps }) => {
    const count = KEPT.get(filter)!.length;
    expect(count === 0 ? 'nothing' : count === ROWS.length ? 'everything' : 'some').toBe(keeps);
  });

  it('are in DuckDB those that the tree keeps, by the filter as it is written', async () => {
    const kept = await keptInDuckdb(ACCEPTED.map(({ written }) => written));
    expect(differing(ACCEPTED, kept)).toEqual([]);
  });

  it('are those of the filter as it was asked', async () => {
    const common = ACCEPTED.filter(({ isCommonSql }) => isCommonSql);
    const kept = await keptInDuckdb(common.map(({ filter }) => filter));
    expect(differing(common, kept)).toEqual([]);
  });

  it('are those that the local mesh shows, whose Lake Formation takes each filter', async () => {
    const kept: unknown[] = [];
    for (const { written } of ACCEPTED) {
      checkLocally(parseLocally(written), glueColumns(false), glueColumns(true));
      const view = viewQuery(SHAPE, [fileOfRows()], [{ columns: new Set(['number']), rowFilter: written }]);
      const rows = (await duckdb.runAndReadAll(`SELECT number FROM (${view}) ORDER BY number`)).getRowsJS();
      kept.push(rows.map(([number]) => number));
    }
    expect(differing(ACCEPTED, kept)).toEqual([]);
  });
});

/** The filters whose rows are others than their trees keep. */
function differing(filters: Accepted[], kept: unknown[]) {
  return filters.flatMap(({ filter, written }, index) =>
    isDeepStrictEqual(kept[index], KEPT.get(filter)) ? [] : [{ filter, written, kept: kept[index] }],
  );
}

function glueColumns(isPartitionKey: boolean) {
  return COLUMNS.filter(column => column.isPartitionKey === isPartitionKey).map(({ name, type }) => ({
    Name: name.toLowerCase(),
    Type: type,
  }));
}

/** Partition keys are columns of the file here: one file has rows of many. */
const SHAPE = {
  columns: [{ Name: 'number', Type: 'int' }, ...glueColumns(false), ...glueColumns(true)],
  partitionKeys: [],
};

function fileOfRows(): FileGroup {
  const fileColumns = new Set(SHAPE.columns.map(({ Name }) => Name));
  return { files: [join(folder, 'flights.parquet')], partitionValues: [], fileColumns };
}
