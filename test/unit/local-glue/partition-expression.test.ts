import { describe, expect, it } from 'vitest';
import { compileExpression } from '../../../local/glue/partition-expression.ts';
import { column, refusal } from './world.ts';

const keys = [
  column('year', 'int'),
  column('region'),
  column('day', 'date'),
  column('at', 'timestamp'),
  column('price', 'decimal(10,2)'),
];
const rows = [
  ['9', 'eu-west', '2024-02-29', '2024-02-29 23:59:59', '1.10'],
  ['10', 'us-east', '2024-03-01', '2024-03-01 00:00:00.5', '20'],
  ['2024', "o'hare", '2024-12-31', '2024-12-31 12:00:00', '3'],
];
const matching = (expression: string) => {
  const isWanted = compileExpression(expression, keys);
  return rows.filter(isWanted).map(row => row[0]);
};

describe('a partition expression', () => {
  it.each([
    ['year = 10', ['10']],
    ["year = '10'", ['10']],
    ['YEAR <> 10', ['9', '2024']],
    ['year != 10', ['9', '2024']],
    ['year > 9', ['10', '2024']],
    ['year >= 10 and year <= 2024', ['10', '2024']],
    ['year < 10', ['9']],
    ["region = 'o''hare'", ['2024']],
    ["region like 'eu%'", ['9']],
    ["region LIKE '_u-____'", ['9']],
    ["region not like '%-%'", ['2024']],
    ['year in (9, 2024)', ['9', '2024']],
    ["region not in ('eu-west','us-east')", ['2024']],
    ["day between '2024-02-29' and '2024-03-01'", ['9', '10']],
    ["day > DATE '2024-03-01'", ['2024']],
    ["not day between '2024-02-29' and '2024-03-01'", ['2024']],
    ["at > '2024-03-01 00:00:00'", ['10', '2024']],
    ["at = '2024-03-01 00:00:00.500000000'", ['10']],
    ['price > 3', ['10']],
    ["price = '1.1'", ['9']],
    ["year = 9 or year = 10 and region = 'eu-west'", ['9']],
    ["(year = 9 or year = 10) and region = 'us-east'", ['10']],
    ['NOT (year = 9 OR year = 10)', ['2024']],
    ['not not year = 9', ['9']],
    ["'x' = 'x'", 'InvalidInputException'],
    ['year = ', 'InvalidInputException'],
    ['year = 9 and', 'InvalidInputException'],
    ['(year = 9', 'InvalidInputException'],
    ['year = 9)', 'InvalidInputException'],
    ['year ~ 9', 'InvalidInputException'],
    ['month = 9', 'InvalidInputException'],
    ["year = 'nine'", 'InvalidInputException: "nine" is not an integer.'],
    ["day = '2024-02-30'", 'InvalidInputException: 2024-02-30 is not a date.'],
    ["at = '2024-02-29'", 'InvalidInputException: Timestamp format'],
    ["year like '1%'", "InvalidInputException: Integral data type doesn't support operation 'LIKE'"],
  ])('%s', (expression, expected) => {
    if (typeof expected === 'string') expect(refusal(() => matching(expression))).toContain(expected);
    else expect(matching(expression)).toEqual(expected);
  });

  it('compares numbers beyond doubles exactly', () => {
    const isWanted = compileExpression('id = 9007199254740993', [column('id', 'bigint')]);
    expect([isWanted(['9007199254740993']), isWanted(['9007199254740992'])]).toEqual([true, false]);
  });

  it("takes Hive's default partition for NULL, of which nothing is known", () => {
    const key = [column('year', 'int')];
    const hive = ['__HIVE_DEFAULT_PARTITION__'];
    for (const expression of ['year = 1', 'year <> 1', 'not year = 1', 'year in (1)', 'year is not null'])
      expect(compileExpression(expression, key)(hive)).toBe(false);
    expect(compileExpression('year is null', key)(hive)).toBe(true);
    expect(compileExpression('year = 1 or year is null', key)(hive)).toBe(true);
  });

  it("fails on a value that is not of its key's type, and on types that have no order", () => {
    expect(refusal(() => compileExpression('year = 1', [column('year', 'int')])(['MMXX']))).toBe(
      'InvalidStateException: "MMXX" is not an integer.',
    );
    expect(refusal(() => compileExpression("a = '1'", [column('a', 'array<int>')]))).toContain(
      "Unknown type : 'array<int>'",
    );
  });
});
