import { beforeEach, describe, expect, it } from 'vitest';
import { AwsError } from '../../../local/core/aws-error.ts';
import type { Wire } from '../../../local/core/service.ts';
import { column, createWorld, HUB, makeTable, refusal, type World } from './world.ts';

const at = { DatabaseName: 'db', TableName: 't' };
let world: World;
const run = (operation: string, input: Wire = {}) => world.run(HUB, operation, { ...at, ...input });
const partition = (...Values: string[]) => ({
  Values,
  StorageDescriptor: {
    Columns: [column('id', 'bigint'), column('email')],
    Location: `s3://registered/t/${Values.join('/')}/`,
  },
});
const valuesOf = (answer: { Partitions: { Values: string[] }[] }) => answer.Partitions.map(one => one.Values.join('/'));

function all(input: Wire = {}): string[] {
  const found: string[] = [];
  for (let NextToken: string | undefined, first = true; first || NextToken; first = false) {
    const answer = run('GetPartitions', { ...input, NextToken });
    found.push(...valuesOf(answer));
    NextToken = answer.NextToken;
  }
  return found;
}

beforeEach(() => {
  world = createWorld();
  makeTable(world, HUB, 'db', 't', { PartitionKeys: [column('year', 'int'), column('month')] });
  world.events.length = 0;
});

describe('partitions', () => {
  it('are found by their values, with the catalog, the database and the table they are of', () => {
    run('CreatePartition', { PartitionInput: { ...partition('2024', '01'), Parameters: { rows: '7' } } });
    const { Partition } = run('GetPartition', { PartitionValues: ['2024', '01'] });
    expect(Partition).toMatchObject({ CatalogId: HUB, ...at, Values: ['2024', '01'], Parameters: { rows: '7' } });
    expect(Partition.StorageDescriptor).toMatchObject({
      ...partition('2024', '01').StorageDescriptor,
      Compressed: false,
    });
    expect(refusal(() => run('GetPartition', { PartitionValues: ['2024', '02'] }))).toBe(
      'EntityNotFoundException: Cannot find partition.',
    );
    expect(refusal(() => run('CreatePartition', { PartitionInput: partition('2024', '01') }))).toBe(
      'AlreadyExistsException: Partition already exists.',
    );
  });

  it('have as many values as the table has keys', () => {
    const short = { Values: ['2024'] };
    for (const act of [
      () => run('CreatePartition', { PartitionInput: short }),
      () => run('BatchCreatePartition', { PartitionInputList: [short] }),
    ])
      expect(refusal(act)).toMatch(/^InvalidInputException: The number of partition keys do not match/);
    expect(all()).toEqual([]);
  });

  it('of a batch fail each alone where somebody ordered it, as the operation for one', () => {
    const ordered = ['glue:CreatePartition', 'glue:UpdatePartition', 'glue:DeletePartition'];
    world = createWorld({
      meetFaultInBatch(principal, action) {
        if (principal.includes(HUB) && action === ordered[0]) throw new AwsError(ordered.shift()!, 'as ordered');
      },
    });
    makeTable(world, HUB, 'db', 't', { PartitionKeys: [column('year', 'int'), column('month')] });
    const [one, other] = [partition('2024', '01'), partition('2024', '02')];
    const created = run('BatchCreatePartition', { PartitionInputList: [one, other] });
    expect(created.Errors).toMatchObject([
      { PartitionValues: one.Values, ErrorDetail: { ErrorCode: 'glue:CreatePartition' } },
    ]);
    expect(all()).toEqual(['2024/02']);
    const Entries = [{ PartitionValueList: other.Values, PartitionInput: other }];
    expect(run('BatchUpdatePartition', { Entries }).Errors).toHaveLength(1);
    const PartitionsToDelete = [{ Values: other.Values }];
    expect(run('BatchDeletePartition', { PartitionsToDelete }).Errors).toHaveLength(1);
    expect(all()).toEqual(['2024/02']);
    expect(run('BatchDeletePartition', { PartitionsToDelete }).Errors).toEqual([]);
  });

  it('fail each on its own in a batch, and the event names those that did not', () => {
    run('CreatePartition', { PartitionInput: partition('2024', '01') });
    world.events.length = 0;
    const created = run('BatchCreatePartition', {
      PartitionInputList: [
        partition('2024', '01'),
        partition('2024', '02'),
        partition('2024', '02'),
        partition('2024', '03'),
      ],
    });
    expect(created.Errors.map((error: Wire) => [error.PartitionValues, error.ErrorDetail.ErrorCode])).toEqual([
      [['2024', '01'], 'AlreadyExistsException'],
      [['2024', '02'], 'AlreadyExistsException'],
    ]);
    const updated = run('BatchUpdatePartition', {
      Entries: [
        { PartitionValueList: ['2024', '02'], PartitionInput: { ...partition('2024', '02'), Parameters: { a: '1' } } },
        { PartitionValueList: ['2024', '09'], PartitionInput: partition('2024', '09') },
        { PartitionValueList: ['2024', '03'], PartitionInput: partition('2024', '01') },
      ],
    });
    expect(updated.Errors.map((error: Wire) => [error.PartitionValueList, error.ErrorDetail.ErrorCode])).toEqual([
      [['2024', '09'], 'EntityNotFoundException'],
      [['2024', '03'], 'AlreadyExistsException'],
    ]);
    const deleted = run('BatchDeletePartition', {
      PartitionsToDelete: [{ Values: ['2024', '03'] }, { Values: ['2024', '09'] }],
    });
    expect(deleted.Errors.map((error: Wire) => error.PartitionValues)).toEqual([['2024', '09']]);
    expect(world.events.map(event => [event.detail.typeOfChange, event.detail.changedPartitions])).toEqual([
      ['BatchCreatePartition', ['[2024, 02]', '[2024, 03]']],
      ['BatchUpdatePartition', ['[2024, 02]']],
      ['BatchDeletePartition', ['[2024, 03]']],
    ]);
    expect(all().sort()).toEqual(['2024/01', '2024/02']);
  });

  it('tell their change in the shape of AWS', () => {
    run('CreatePartition', { PartitionInput: partition('1', '2021-05-23 00:00:00') });
    expect(world.events).toEqual([
      {
        account: HUB,
        source: 'aws.glue',
        'detail-type': 'Glue Data Catalog Table State Change',
        resources: [`arn:aws:glue:us-east-1:${HUB}:table/db/t`],
        detail: {
          databaseName: 'db',
          typeOfChange: 'CreatePartition',
          tableName: 't',
          changedPartitions: ['[1, 2021-05-23 00:00:00]'],
        },
      },
    ]);
  });

  it('tell nothing when nothing changed', () => {
    run('BatchDeletePartition', { PartitionsToDelete: [{ Values: ['2024', '01'] }] });
    run('BatchCreatePartition', { PartitionInputList: [] });
    expect(world.events).toEqual([]);
  });

  it('may move to other values', () => {
    run('CreatePartition', { PartitionInput: partition('2024', '1') });
    run('UpdatePartition', { PartitionValueList: ['2024', '1'], PartitionInput: partition('2024', '01') });
    expect(all()).toEqual(['2024/01']);
    run('DeletePartition', { PartitionValues: ['2024', '01'] });
    expect(refusal(() => run('DeletePartition', { PartitionValues: ['2024', '01'] }))).toMatch(/^EntityNotFound/);
  });

  it('come and go in batches as large as AWS takes them, no larger', () => {
    const many = (count: number) => Array.from({ length: count }, (_, n) => partition('2024', String(n)));
    expect(run('BatchCreatePartition', { PartitionInputList: many(100) }).Errors).toEqual([]);
    expect(refusal(() => run('BatchCreatePartition', { PartitionInputList: many(101) }))).toMatch(
      /^ValidationException.*100/,
    );
    expect(refusal(() => run('BatchDeletePartition', { PartitionsToDelete: many(26) }))).toMatch(
      /^ValidationException.*25/,
    );
    expect(refusal(() => run('BatchGetPartition', { PartitionsToGet: many(1001) }))).toMatch(
      /^ValidationException.*1000/,
    );
    const Entries = many(101).map(one => ({ PartitionValueList: one.Values, PartitionInput: one }));
    expect(refusal(() => run('BatchUpdatePartition', { Entries }))).toMatch(/^ValidationException.*100/);
    const got = run('BatchGetPartition', { PartitionsToGet: [...many(3), { Values: ['none', 'none'] }] });
    expect(got.UnprocessedKeys).toEqual([]);
    expect(valuesOf(got)).toEqual(['2024/0', '2024/1', '2024/2']);
  });

  it("need ALTER to change, and their own location where it is not under the table's", () => {
    world.guard.denies = asked => asked.startsWith('DATA_LOCATION_ACCESS');
    run('CreatePartition', { PartitionInput: partition('2024', '01') });
    const elsewhere = { ...partition('2024', '02'), StorageDescriptor: { Location: 's3://registered/tt/' } };
    expect(refusal(() => run('CreatePartition', { PartitionInput: elsewhere }))).toMatch(/^AccessDenied/);
    world.guard.denies = asked => asked === 'ALTER db/t';
    expect(refusal(() => run('CreatePartition', { PartitionInput: partition('2024', '02') }))).toMatch(/^AccessDenied/);
    expect(refusal(() => run('DeletePartition', { PartitionValues: ['2024', '01'] }))).toMatch(/^AccessDenied/);
    expect(all()).toEqual(['2024/01']);
  });

  it('show only permitted columns, or none when they are not asked for', () => {
    run('CreatePartition', { PartitionInput: partition('2024', '01') });
    world.guard.columns = new Set(['email']);
    expect(run('GetPartitions').Partitions[0].StorageDescriptor.Columns).toEqual([column('email')]);
    const [bare] = run('GetPartitions', { ExcludeColumnSchema: true }).Partitions;
    expect(bare.StorageDescriptor.Columns).toBeUndefined();
    expect(bare.StorageDescriptor.Location).toBe('s3://registered/t/2024/01/');
  });

  it('are filtered across pages', () => {
    for (let year = 2000; year < 2010; year++)
      for (let month = 1; month <= 12; month++)
        run('CreatePartition', { PartitionInput: partition(String(year), String(month)) });
    const found = all({ Expression: "year >= 2008 AND month = '7'", MaxResults: 1 });
    expect(found.sort()).toEqual(['2008/7', '2009/7']);
    expect(refusal(() => run('GetPartitions', { Expression: "day = '1'" }))).toMatch(/Invalid partition expression/);
    expect(refusal(() => run('GetPartitions', { MaxResults: 1001 }))).toMatch(/^ValidationException/);
  });

  it('are 100,000 and covered by segments exactly once, while others come and go', {
    timeout: 60_000,
  }, () => {
    const count = 100_000;
    for (let from = 0; from < count; from += 100)
      run('BatchCreatePartition', {
        PartitionInputList: Array.from({ length: 100 }, (_, n) =>
          partition(String((from + n) % 100), String(from + n)),
        ),
      });
    world.events.length = 0;
    for (const TotalSegments of [10, 3]) {
      const seen = new Set<string>();
      let read = 0;
      for (let SegmentNumber = 0; SegmentNumber < TotalSegments; SegmentNumber++) {
        const found = all({ Segment: { SegmentNumber, TotalSegments }, ExcludeColumnSchema: true });
        expect(found.length).toBeGreaterThan(count / TotalSegments / 2);
        for (const one of found) seen.add(one);
        read += found.length;
        run('CreatePartition', { PartitionInput: partition('new', `${TotalSegments}/${SegmentNumber}`) });
        run('DeletePartition', { PartitionValues: ['new', `${TotalSegments}/${SegmentNumber}`] });
      }
      expect(read).toBe(count);
      expect(seen.size).toBe(count);
    }
    expect(world.glue.contents.partitions(HUB, 'db', 't')).toHaveLength(count);
  });

  it('of the same schema share it, so that many of them take little memory', () => {
    for (const month of ['01', '02']) run('CreatePartition', { PartitionInput: partition('2024', month) });
    const [one, other] = run('GetPartitions').Partitions;
    expect(one.StorageDescriptor.Columns).toBe(other.StorageDescriptor.Columns);
    expect(one.StorageDescriptor.Location).not.toBe(other.StorageDescriptor.Location);
  });

  it('refuse segments that do not exist', () => {
    const segment = (SegmentNumber: number, TotalSegments: number) =>
      refusal(() => run('GetPartitions', { Segment: { SegmentNumber, TotalSegments } }));
    expect(segment(0, 11)).toMatch(/^ValidationException/);
    expect(segment(-1, 2)).toMatch(/^ValidationException/);
    expect(segment(2, 2)).toMatch(/^InvalidInputException/);
  });
});
