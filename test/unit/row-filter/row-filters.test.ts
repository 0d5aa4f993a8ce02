import { describe, expect, it } from 'vitest';
import { checkRowFilter, type FilteredColumn } from '../../../shared/access/row-filter/check-row-filter.ts';
import { parseRowFilter } from '../../../shared/access/row-filter/parse-row-filter.ts';
import { RowFilterError } from '../../../shared/access/row-filter/row-filter.ts';
import { writeRowFilter } from '../../../shared/access/row-filter/write-row-filter.ts';

const column = (name: string, type: string, isPartitionKey = false): FilteredColumn => ({ name, type, isPartitionKey });

const COLUMNS = [
  column('origin', 'string'),
  column('carrier', 'varchar(8)'),
  column('grade', 'char(1)'),
  column('delay', 'int'),
  column('id', 'bigint'),
  column('distance', 'double'),
  column('fare', 'decimal(10,2)'),
  column('is_late', 'boolean'),
  column('departed', 'timestamp'),
  column('day', 'date'),
  column('tags', 'array<string>'),
  column('extras', 'map<string,string>'),
  column('raw', 'binary'),
  column('seats', 'smallint'),
  column('customer', 'struct<customerId:int,home:struct<city:string,zip:decimal(5,0)>,since:date>'),
  column('secret', 'string'),
  column('level', 'string'),
  column('2nd choice', 'string'),
  column('year', 'int', true),
  column('region', 'string', true),
];
const READABLE = new Set(COLUMNS.map(({ name }) => name).filter(name => !['secret', 'year', 'region'].includes(name)));

function accept(text: string): string {
  const tree = parseRowFilter(text);
  checkRowFilter(tree, COLUMNS, READABLE);
  return writeRowFilter(tree);
}

const GOOD: [text: string, canonical: string][] = [
  ["origin = 'SFO'", "origin = 'SFO'"],
  ["ORIGIN='SFO'", "origin = 'SFO'"],
  ["  ( ( origin = 'SFO' ) )\n", "origin = 'SFO'"],
  ['"origin" = \'SFO\'', "origin = 'SFO'"],
  ['"ORIGIN" = \'SFO\'', "origin = 'SFO'"],
  ["origin != 'SFO'", "origin <> 'SFO'"],
  ["origin = 'O''Hare'", "origin = 'O''Hare'"],
  ["origin = ''", "origin = ''"],
  ["origin = 'Zürich – 東京'", "origin = 'Zürich – 東京'"],
  ["origin = '-- ; /* drop */'", "origin = '-- ; /* drop */'"],
  ["origin = '\"'", "origin = '\"'"],
  ["origin like 'S%'", "origin LIKE 'S%'"],
  ["origin NOT LIKE 'S_O'", "origin NOT LIKE 'S_O'"],
  ["not origin like 'S%'", "origin NOT LIKE 'S%'"],
  ["origin in ('SFO','LAX','SFO')", "origin IN ('LAX', 'SFO')"],
  ["origin in ('SFO')", "origin = 'SFO'"],
  ["origin not in ('SFO')", "origin <> 'SFO'"],
  ["not (origin in ('SFO', 'LAX'))", "origin NOT IN ('LAX', 'SFO')"],
  ["not (origin not in ('SFO', 'LAX'))", "origin IN ('LAX', 'SFO')"],
  ["carrier between 'A' and 'M'", "carrier BETWEEN 'A' AND 'M'"],
  ["carrier not between 'A' and 'M'", "carrier NOT BETWEEN 'A' AND 'M'"],
  ["grade = 'A'", "grade = 'A'"],
  ['origin is null', 'origin IS NULL'],
  ['origin IS NOT NULL', 'origin IS NOT NULL'],
  ['not origin is null', 'origin IS NOT NULL'],
  ['delay = +007', 'delay = 7'],
  ['delay = -0', 'delay = 0'],
  ['delay > -5', 'delay > -5'],
  ['delay>=-5', 'delay >= -5'],
  ['delay = 1e3', 'delay = 1000'],
  ['delay = 10.0', 'delay = 10'],
  ['delay = 2147483647', 'delay = 2147483647'],
  ['id = 9223372036854775807', 'id = 9223372036854775807'],
  ['id in (3, 1, 01, 2)', 'id IN (1, 2, 3)'],
  ['distance < 12.50', 'distance < 12.5'],
  ['distance < .5', 'distance < 0.5'],
  ['distance < 15e-1', 'distance < 1.5'],
  ['fare between 1 and 99.99', 'fare BETWEEN 1 AND 99.99'],
  ['is_late = true', 'is_late = TRUE'],
  ['is_late <> FALSE', 'is_late <> FALSE'],
  ['not is_late = true', 'is_late <> TRUE'],
  ['not delay > 5', 'NOT (delay > 5)'],
  ['not not delay > 5', 'delay > 5'],
  ['year = 2018', 'year = 2018'],
  ["region = 'EU' and year > 2010", "region = 'EU' AND year > 2010"],
  ["year > 2010 and region = 'EU'", "region = 'EU' AND year > 2010"],
  ['delay = 1 or delay = 2 or delay = 1', 'delay = 1 OR delay = 2'],
  ['delay = 1 and (id = 2 and fare = 3)', 'delay = 1 AND fare = 3 AND id = 2'],
  ['delay = 1 and id = 2 or fare = 3', '(delay = 1 AND id = 2) OR fare = 3'],
  ['delay = 1 and (id = 2 or fare = 3)', 'delay = 1 AND (fare = 3 OR id = 2)'],
  ['not (delay = 1 and id = 2)', 'delay <> 1 OR id <> 2'],
  ['not (delay = 1 or not id < 2)', 'delay <> 1 AND id < 2'],
  ['customer.customerId <> 1', 'customer.customerid <> 1'],
  ["customer.home.city = 'Paris'", "customer.home.city = 'Paris'"],
  ['customer.home.zip = 75001', 'customer.home.zip = 75001'],
  ["level = 'gold'", '"level" = \'gold\''],
  ['"level" = \'gold\'', '"level" = \'gold\''],
  ['"2nd choice" = \'x\'', '"2nd choice" = \'x\''],
];

/** The text, a part of the reason, and the position or a part of the hint where there is one. */
const BAD: [text: string, reason: RegExp, place?: number | undefined, hint?: RegExp][] = [
  ['', /empty/, undefined, /leave it out/],
  [' \n\t', /empty/],
  ['origin', /expected an operator/, 7],
  ["origin = 'SFO' extra", /expected AND, OR or the end, found extra/, 16],
  ["origin = 'SFO", /does not end/, 10, /written twice/],
  ['origin = "SFO"', /not with each other/, 10, /'SFO'/],
  ['origin = SFO', /not with each other: SFO/, 10, /'SFO'/],
  ['origin = carrier', /not with each other/, 10],
  ['delay = id', /not with each other/, 9],
  ["'SFO' = origin", /begins with a column/, 1, /column first/],
  ['1 = 1', /begins with a column/, 1],
  ['delay = 1 or 1 = 1', /begins with a column/, 14],
  ['delay = 1 or true', /begins with a column/, 14],
  ['delay == 1', /found =/, 8, /one =/],
  ['delay = ', /found the end/, 9],
  ["origin = 'SFO'; drop table flights", /semicolons/, 15],
  ["origin = 'SFO' -- all", /comments/, 16],
  ["origin /* x */ = 'SFO'", /comments/, 8],
  ['delay = 1--1', /comments/, 10],
  ['# origin', /comments/, 1],
  ['origin = ‘SFO’', /straight single quote/, 10, /'\.\.\.'/],
  ['“origin” = 1', /straight double quote/, 1],
  ["`origin` = 'SFO'", /straight single quote/, 1, /"\.\.\."/],
  ['delay ＝ 1', /U\+FF1D/, 7],
  ['dеlay = 1', /U\+0435/, 2],
  ['delay =\u00a01', /U\+00A0/, 8],
  ["origin = 'S\u200bFO'", /cannot be seen \(U\+200B\)/, 10],
  ["origin = '\u202eOFS'", /U\+202E/, 10],
  ["origin = 'S\u0000FO'", /U\+0000/, 10],
  ["origin = 'S\nFO'", /U\+000A/, 10],
  ['"" = 1', /empty/, 1],
  ['delay && 1', /& is no operator/, 7, /AND/],
  ["origin || 'x' = 'y'", /\| is no operator/, 8, /OR/],
  ['!delay = 1', /no operator/, 1, /NOT/],
  ['delay + 1 > 2', /arithmetic/, 7],
  ['delay +1 > 2', /arithmetic/, 7],
  ['delay * 2 > 2', /arithmetic/, 7],
  ['delay = ?', /parameters/, 9],
  ['delay = :limit', /parameters/, 9],
  ['delay in [1, 2]', /lists and structures/, 10, /parentheses/],
  ['delay = 0x1F', /no number/, 9],
  ['delay = 1.2.3', /no number/, 9],
  ['delay = 5.', /no number/, 9],
  [`fare = ${'9'.repeat(39)}`, /38 digits/, 8],
  ['delay = 1e999', /38 digits/, 9],
  ['delay in ()', /expected a constant/, 11],
  ['delay in (1, )', /expected a constant/, 14],
  ['delay in 1', /list of constants/, 10],
  ['delay in (1, 2', /closing parenthesis/, 15],
  ['delay in (select delay from flights)', /subqueries/, 11],
  ['exists (select 1)', /subqueries/, 1],
  ['delay = (select 1)', /expected a constant/, 9],
  ["upper(origin) = 'SFO'", /functions/, 6],
  ["origin = lower('SFO')", /functions/, 10],
  ['current_date = 1', /no column current_date/],
  ['delay > now()', /functions/, 9],
  ['cast(delay as string) = 1', /casts/, 1],
  ['case when delay = 1 then true end', /CASE/, 1],
  ['delay is 5', /expected NULL/, 10],
  ['is_late is true', /expected NULL/, 12, /= TRUE/],
  ['delay = null', /keeps no row/, 9, /IS NULL/],
  ['delay in (1, null)', /keeps no row/, 14],
  ["origin ilike 's%'", /ILIKE/, 8, /LIKE/],
  ["origin rlike 's.*'", /regular/, 8],
  ["origin like 'S!%' escape '!'", /ESCAPE/, 19],
  ['origin like 5', /pattern in single quotes/, 13],
  ['delay between 1', /expected AND/, 16],
  ["day = date '2020-01-01'", /type DATE/, 7],
  ['where delay = 1', /condition alone/, 1, /leave WHERE away/],
  ['delay = 1 union all select 1', /not a query/, 11],
  ['(delay = 1', /closing parenthesis/, 11],
  ['delay = 1)', /found \)/, 10],
  ['and = 1', /reserved word/, 1, /"and"/],
  [`${'('.repeat(30)}delay = 1${')'.repeat(30)}`, /within each other/, 25],
  [`${'not '.repeat(30)}delay = 1`, /within each other/, 97],
  [`origin = '${'x'.repeat(9000)}'`, /fewer than 2,048/],
  [`id in (${Array.from({ length: 600 }, (_, i) => 1000 + i).join(',')})`, /fewer than 2,048/],
  ['orign = 1', /no column orign/, undefined, /origin/],
  ['nothing_like_it = 1', /no column/],
  ["secret = 'x'", /does not read the column secret/, undefined, /ask for secret too/],
  ["origin = 'SFO' or secret like 'a%'", /does not read the column secret/],
  ["departed > '2020-01-01'", /cannot filter by departed: it is of type timestamp/],
  ["day = '2020-01-01'", /type date/],
  ["tags = 'x'", /array<string>/],
  ['extras is null', /map<string,string>/],
  ["raw = 'x'", /binary/],
  ['seats = 1', /smallint/],
  ['customer is null', /cannot filter by customer/, undefined, /customer\.customerid/],
  ['customer.name = 1', /no field name/],
  ['customer.home = 1', /cannot filter by customer.home/, undefined, /customer\.home\.city/],
  ["customer.since = '2020'", /type date/],
  ['origin.code = 1', /no field code/],
  ['year.value = 1', /within the partition key year/],
  ['region is null', /partition key region/],
  ['year is not null', /partition key year/],
  ['origin = 1', /takes a string, not a number/, undefined, /'1'/],
  ["delay = '1'", /takes a number, not a string/, undefined, /without quotes: 1/],
  ["delay in (1, '2')", /takes a number, not a string/],
  ['delay = true', /takes a number, not a truth value/],
  ['is_late = 1', /takes a truth value, not a number/],
  ['is_late > false', /no order/],
  ['delay = 1.5', /whole numbers/],
  ['delay = 2147483648', /32 bits/],
  ['id = 9223372036854775808', /64 bits/],
  ["delay like '1%'", /takes a number/],
];

function refusalOf(text: string): RowFilterError {
  try {
    accept(text);
  } catch (error) {
    if (error instanceof RowFilterError) return error;
    throw error;
  }
  throw new Error(`accepted: ${text}`);
}

const shown = (text: string) => (text.length > 60 ? `${text.slice(0, 60)}...` : JSON.stringify(text));

describe('a row filter that Lake Formation can have', () => {
  it.each(GOOD.map(([text, canonical]) => ({ text, canonical, name: shown(text) })))(
    '$name is written as $canonical',
    ({ text, canonical }) => {
      expect(accept(text)).toBe(canonical);
      expect(accept(canonical)).toBe(canonical);
    },
  );

  it('may have 2,047 characters and no more', () => {
    const filter = (length: number) => `origin = '${'x'.repeat(length - "origin = ''".length)}'`;
    expect(accept(filter(2047))).toHaveLength(2047);
    expect(refusalOf(filter(2048)).reason).toMatch(/has 2048 characters/);
  });
});

describe('a row filter that Lake Formation cannot have', () => {
  it.each(BAD.map(([text, reason, place, hint]) => ({ text, reason, place, hint, name: shown(text) })))(
    '$name is refused: $reason',
    ({ text, reason, place, hint }) => {
      const refusal = refusalOf(text);
      expect(refusal.reason).toMatch(reason);
      if (place !== undefined) expect(refusal.position).toBe(place);
      if (hint !== undefined) expect(refusal.hint).toMatch(hint);
    },
  );

  it('is refused in time, however it is nested or repeated', () => {
    const hostile = [
      '('.repeat(8000),
      `"${'""'.repeat(4000)}`,
      `'${"''".repeat(4000)}`,
      'not '.repeat(2000),
      '1.'.repeat(4000),
    ];
    const started = performance.now();
    for (const text of hostile) refusalOf(text);
    expect(performance.now() - started).toBeLessThan(1000);
  });
});
