import { DuckDBInstance } from '@duckdb/node-api';
import { describe, expect, it } from 'vitest';
import { parseRowFilter, rowFilterColumns, rowFilterToSql } from '../../../local/lake-formation/row-filter.ts';
import { checkRowFilter } from '../../../local/lake-formation/row-filter-types.ts';

const COLUMNS = [
  { Name: 'country', Type: 'string' },
  { Name: 'code', Type: 'varchar(3)' },
  { Name: 'id', Type: 'bigint' },
  { Name: 'fare', Type: 'decimal(10,2)' },
  { Name: 'open', Type: 'boolean' },
  { Name: 'flown_on', Type: 'date' },
  { Name: 'seen_at', Type: 'timestamp' },
  { Name: 'tags', Type: 'array<string>' },
  { Name: 'notes', Type: 'map<string,string>' },
  { Name: 'small', Type: 'smallint' },
  { Name: 'customer', Type: 'struct<customerId:int,price:decimal(10,2),home:struct<city:string>>' },
];
const PARTITION_KEYS = [
  { Name: 'year', Type: 'int' },
  { Name: 'month', Type: 'int' },
  { Name: 'area', Type: 'struct<name:string>' },
];

const ACCEPTED: [string, string][] = [
  ["year > 2010 and country != 'US'", `("year" > 2010) AND ("country" <> 'US')`],
  [
    "(year > 2010 and country = 'US') or (month < 8 and id > 23)",
    `(("year" > 2010) AND ("country" = 'US')) OR (("month" < 8) AND ("id" > 23))`,
  ],
  ["(country between 'Z' and 'U') and (year = 2018)", `("country" BETWEEN 'Z' AND 'U') AND ("year" = 2018)`],
  ["(country like '%ited%') and (year > 2000)", `("country" LIKE '%ited%') AND ("year" > 2000)`],
  ['year > 2010 and customer.customerId <> 1', `("year" > 2010) AND (struct_extract("customer", 'customerid') <> 1)`],
  ["customer.home.city = 'Oslo'", `struct_extract(struct_extract("customer", 'home'), 'city') = 'Oslo'`],
  ["country = 'O''Hare'", `"country" = 'O''Hare'`],
  ["country = ''", `"country" = ''`],
  ["COUNTRY = 'US'", `"country" = 'US'`],
  ["code IN ('A', 'B')", `"code" IN ('A', 'B')`],
  ["code not in ('A')", `"code" NOT IN ('A')`],
  ['id NOT BETWEEN 1 AND 5', '"id" NOT BETWEEN 1 AND 5'],
  ["country NOT LIKE 'U_'", `"country" NOT LIKE 'U_'`],
  ['country IS NULL', '"country" IS NULL'],
  ['country IS NOT NULL OR id = 1', '("country" IS NOT NULL) OR ("id" = 1)'],
  ['NOT (id = 1 OR id = 2)', 'NOT (("id" = 1) OR ("id" = 2))'],
  ['NOT id = 1 AND id < 9', '(NOT ("id" = 1)) AND ("id" < 9)'],
  ['id = -3', '"id" = -3'],
  ['fare >= 10.50', '"fare" >= 10.50'],
  ['fare<=1e3', '"fare" <= 1e3'],
  ['"open" = TRUE', '"open" = TRUE'],
  ['id=1 OR id=2 AND year=3', '("id" = 1) OR (("id" = 2) AND ("year" = 3))'],
  ["country = '; DROP TABLE x --'", `"country" = '; DROP TABLE x --'`],
];

const REFUSED: [string, RegExp][] = [
  ['', /empty/],
  ['   ', /empty/],
  ['true', /reserved word/],
  ['id', /expected an operator/],
  ['id =', /expected a constant at the end/],
  ['id = 1 id = 2', /unexpected 'id'/],
  ['(id = 1', /expected '\)'/],
  ['id = 1)', /unexpected '\)'/],
  ['id = year', /compare with constants only/],
  ['id + 1 = 2', /cannot read/],
  ["upper(country) = 'US'", /reserved word/],
  ["length(country) = '2'", /expected an operator but found '\('/],
  ['country = "US"', /not a constant/],
  ["country = 'US", /cannot read/],
  ['open = TRUE', /reserved word/],
  ['id = NULL', /expected a constant/],
  ['id IN ()', /expected a constant/],
  ['id IN 1', /expected '\('/],
  ['id BETWEEN 1', /expected AND/],
  ['country LIKE 5', /LIKE takes a pattern/],
  ["country LIKE 'a' ESCAPE 'b'", /unexpected 'ESCAPE'/],
  ['id = 1; DROP TABLE x', /cannot read '; DROP/],
  ['id = 1 -- all', /cannot read '-- all'/],
  ['id = 1abc', /cannot read/],
  ['id == 1', /expected a constant but found '='/],
  ['EXISTS (id = 1)', /reserved word/],
  [`id = ${'1'.repeat(2048)}`, /less than 2048/],
  ["absent = 'a'", /no column absent/],
  ["id = 'one'", /takes a number, not a string/],
  ['country = 1', /takes a string, not a number/],
  ['"open" = 1', /takes a boolean/],
  ["id LIKE '1%'", /takes a number, not a string/],
  ["id IN (1, 'two')", /takes a number, not a string/],
  ["flown_on = '2020-01-01'", /type date .* not supported/],
  ["seen_at > '2020-01-01'", /type timestamp .* not supported/],
  ["tags = 'a'", /type array<string> .* not supported/],
  ["notes = 'a'", /type map<string,string> .* not supported/],
  ['small = 1', /type smallint .* not supported/],
  ["customer = 'a'", /type struct<.* not supported/],
  ["customer.absent = 'a'", /no field customer.absent/],
  ["country.code = 'a'", /no field country.code/],
  ['year IS NULL', /IS NULL cannot be used on the partition column year/],
  ['NOT (id = 1 AND month IS NOT NULL)', /partition column month/],
  ["area.name = 'x'", /partition column area/],
];

describe('the row filter grammar', () => {
  it.each(ACCEPTED)('accepts %s', (text, sql) => {
    const filter = parseRowFilter(text);
    checkRowFilter(filter, COLUMNS, PARTITION_KEYS);
    expect(rowFilterToSql(filter)).toBe(sql);
  });

  it.each(REFUSED)('refuses %s', (text, reason) => {
    expect(() => checkRowFilter(parseRowFilter(text), COLUMNS, PARTITION_KEYS)).toThrow(reason);
  });

  it('says which columns the filter reads, each once', () => {
    expect(rowFilterColumns(parseRowFilter("id = 1 OR (customer.home.city = 'x' AND NOT id = 2)"))).toEqual([
      'id',
      'customer',
    ]);
  });

  it('reads the deepest expression that fits the limit', () => {
    const depth = 1020;
    const filter = parseRowFilter(`${'('.repeat(depth)}id = 1${')'.repeat(depth)}`);
    expect(rowFilterToSql(filter)).toBe('"id" = 1');
  });
});

describe('the row filter in DuckDB', () => {
  it('keeps the rows that the expression describes, and no row whose comparison is with null', async () => {
    const connection = await (await DuckDBInstance.create(':memory:')).connect();
    await connection.run(`create table t as select * from (values
      (1, 'US', {'city': 'Oslo'}), (2, 'NO', {'city': 'Bergen'}), (3, null, null), (4, 'O''Hare', {'city': 'Oslo'})
    ) as v("id", "country", "home")`);
    const ids = async (text: string) => {
      const sql = `select id from t where ${rowFilterToSql(parseRowFilter(text))} order by id`;
      return (await connection.runAndReadAll(sql)).getRows().map(row => row[0]);
    };
    expect(await ids("country != 'US'")).toEqual([2, 4]);
    expect(await ids('country IS NULL')).toEqual([3]);
    expect(await ids("country = 'us'")).toEqual([]);
    expect(await ids("country LIKE 'O''%'")).toEqual([4]);
    expect(await ids("home.city = 'Oslo' AND NOT id IN (1)")).toEqual([4]);
    expect(await ids("country = '' OR 1 = 1").catch((error: Error) => error.message)).toMatch(/column's name/);
    connection.closeSync();
  });
});
