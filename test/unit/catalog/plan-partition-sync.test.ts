import { describe, expect, it } from 'vitest';
import { type Partition, partitionChanges, planPartitionSync } from '../../../shared/catalog/plan-partition-sync.ts';
import { AVIATION, partition } from './world.ts';

const nothing = { create: [], update: [], remove: [], quarantined: [] };

function read(day: string, storage: Partition['storage']): Partition {
  return { values: [day], storage: { Location: `s3://trellis-aviation/${day}/`, ...storage }, parameters: {} };
}

describe('partitions of a table', () => {
  it('are brought up to the source as sets', () => {
    const moved = partition('2026-11-02', 's3://trellis-aviation/moved/');
    const source = [partition('2026-11-03'), moved, partition('2026-11-01')];
    const central = [partition('2026-11-01'), partition('2026-11-02'), partition('2026-10-31')];
    const plan = planPartitionSync(AVIATION, source, central);
    expect(plan).toEqual({
      create: [partition('2026-11-03')],
      update: [moved],
      remove: [['2026-10-31']],
      quarantined: [],
    });
    expect(partitionChanges(plan)).toEqual(['partitions-added 1', 'partitions-changed 1', 'partitions-removed 1']);
  });

  it('are in step in any order', () => {
    const days = [partition('2026-11-01'), partition('2026-11-02'), partition('2026-11-03')];
    const plan = planPartitionSync(AVIATION, days, days.toReversed());
    expect(plan).toEqual(nothing);
    expect(partitionChanges(plan)).toEqual([]);
  });

  it.each<[string, Partition['storage']]>([
    ['where they lie', { Location: 's3://trellis-aviation/elsewhere/' }],
    ['their format', { InputFormat: 'org.apache.hadoop.mapred.TextInputFormat' }],
    ['their SerDe', { SerdeInfo: { SerializationLibrary: 'org.openx.data.jsonserde.JsonSerDe' } }],
  ])('are written again for %s', (_, storage) => {
    const plan = planPartitionSync(AVIATION, [read('2026-11-01', storage)], [read('2026-11-01', {})]);
    expect(plan).toEqual({ ...nothing, update: [read('2026-11-01', storage)] });
  });

  it('are left alone for statistics', () => {
    const counted = { ...partition('2026-11-01'), parameters: { numRows: '12', transient_lastDdlTime: '1' } };
    expect(planPartitionSync(AVIATION, [counted], [partition('2026-11-01')])).toEqual(nothing);
  });

  it('do not mix up values that look alike when joined', () => {
    const one = { ...partition('x'), values: ['a/b', 'c'] };
    const other = { ...partition('x'), values: ['a', 'b/c'] };
    expect(planPartitionSync(AVIATION, [one], [other])).toEqual({ ...nothing, create: [one], remove: [['a', 'b/c']] });
  });

  it("stay out, and go, when they lie outside the domain's prefixes", () => {
    const foreign = partition('2026-11-02', 's3://trellis-climate/observations/');
    expect(planPartitionSync(AVIATION, [foreign], [partition('2026-11-02')])).toEqual({
      ...nothing,
      remove: [['2026-11-02']],
      quarantined: ["The partition 2026-11-02 lies outside the domain's prefixes: s3://trellis-climate/observations/"],
    });
  });

  it('lie with their table when they name no place of their own', () => {
    const placeless = { values: ['2026-11-02'], storage: {}, parameters: {} };
    expect(planPartitionSync(AVIATION, [placeless], [])).toEqual({ ...nothing, create: [placeless] });
  });
});
