import { describe, expect, it } from 'vitest';
import { describeKeptOut, describeTable, statesOf, withPartitions } from '../../../shared/catalog/describe-table.ts';
import { AVIATION, central, column, noted } from './memory-reader.ts';

const EARLY = '2026-11-01T00:00:00.000Z';
const LATER = '2026-11-02T00:00:00.000Z';
const LATEST = '2026-11-03T00:00:00.000Z';
const quarantine = { since: LATER, reasons: ['It lies elsewhere.'] };

function described(...given: Parameters<typeof central>) {
  const table = describeTable('aviation_ops', central(...given));
  if (!table) throw new Error('Not taken for a table of the mesh.');
  return table;
}

describe('a table that is shown', () => {
  it('has its place in the mesh and at its source', () => {
    expect(described('flights', { description: 'One row a flight.' })).toMatchObject({
      name: 'aviation_ops.flights',
      domain: 'aviation',
      source: { account: AVIATION, database: 'ops', table: 'flights' },
      description: 'One row a flight.',
      location: 's3://trellis-aviation/flights/',
      isPublished: true,
    });
  });

  it('is one of Trellis: not what somebody made by hand, nor what says another domain than its database', () => {
    const foreign = { ...central('flights'), Parameters: {} };
    expect(describeTable('aviation_ops', foreign)).toBeUndefined();
    expect(describeTable('climate_ops', central('flights'))).toBeUndefined();
    expect(describeTable('aviationx_ops', central('flights'))).toBeUndefined();
  });

  it('has its columns in order, the partition keys last, each with its labels', () => {
    const columns = [
      column('origin', 'public', 'Where it left.'),
      column('pilot', 'PII, confidential'),
      column('tail'),
    ];
    const table = described('flights', { columns, keys: [column('year', 'pii')] });
    expect(table.columns).toEqual([
      {
        name: 'origin',
        type: 'string',
        comment: 'Where it left.',
        labels: ['public'],
        isLabelled: true,
        isPartitionKey: false,
      },
      { name: 'pilot', type: 'string', labels: ['confidential', 'pii'], isLabelled: true, isPartitionKey: false },
      { name: 'tail', type: 'string', labels: [], isLabelled: false, isPartitionKey: false },
      { name: 'year', type: 'string', labels: ['pii'], isLabelled: false, isPartitionKey: true },
    ]);
  });

  it('has the labels of all its columns: levels rising, then the others', () => {
    const columns = ['restricted', 'public', 'internal,pii', 'zebra', 'ant'].map((labels, at) =>
      column(`c${at}`, labels),
    );
    expect(described('flights', { columns }).labels).toEqual([
      'public',
      'internal',
      'restricted',
      'pii',
      'unlabelled',
      'ant',
      'zebra',
    ]);
  });
});

describe('the state of a table', () => {
  it.each([
    [{}, ['in-step']],
    [{ missingSince: EARLY }, ['missing']],
    [{ quarantine }, ['quarantined']],
    [{ partitions: { changes: [], keptOut: ['2026: it lies elsewhere'] } }, ['quarantined']],
    [{ partitions: { changes: [], keptOut: [] } }, ['in-step']],
    [{ missingSince: EARLY, quarantine }, ['missing', 'quarantined']],
  ])('%j is %j: the two marks are independent', (marks, states) => {
    expect(statesOf(marks)).toEqual(states);
  });

  it('is read from its marks, and a mark that cannot be read is none', () => {
    const parameters = { 'trellis.missing_since': EARLY, 'trellis.quarantined': JSON.stringify(quarantine) };
    expect(described('flights', { parameters })).toMatchObject({ missingSince: EARLY, quarantine });
    const broken = described('flights', { parameters: { 'trellis.quarantined': '{', 'trellis.changes': '[1]' } });
    expect(statesOf(broken)).toEqual(['in-step']);
    expect(broken.changes).toEqual([]);
  });

  it('can be that it was never published', () => {
    const table = describeKeptOut('aviation', { database: 'ops', table: 'secret', quarantine }, AVIATION);
    expect(table).toMatchObject({
      name: 'aviation_ops.secret',
      source: { account: AVIATION, database: 'ops', table: 'secret' },
      isPublished: false,
      activeAt: LATER,
    });
    expect(statesOf(table)).toEqual(['quarantined']);
    expect(table).not.toHaveProperty('freshAt');
  });
});

describe('how fresh a table is', () => {
  const changes = [noted('synced', EARLY, 'columns'), noted('quarantined', LATER, 'It lies elsewhere.')];

  it('is told by what came from its source: what was kept out is activity, and brought nothing', () => {
    expect(described('flights', { changes })).toMatchObject({ freshAt: EARLY, activeAt: LATER });
  });

  it('is told by its partitions too, where they are newer', () => {
    const table = described('flights', { changes });
    const at = (changedAt: string) =>
      withPartitions(table, { changedAt, changes: ['partitions-added 1'], keptOut: [] });
    expect(at(LATEST)).toMatchObject({ freshAt: LATEST, activeAt: LATEST });
    expect(at('2026-10-01T00:00:00.000Z')).toMatchObject({ freshAt: EARLY, activeAt: LATER });
    expect(withPartitions(table, undefined)).toEqual(table);
  });

  it('is not known when nothing is noted', () => {
    const table = described('flights');
    expect(table).not.toHaveProperty('freshAt');
    expect(table).not.toHaveProperty('activeAt');
  });

  it('is not told by partitions that were only looked at', () => {
    const table = withPartitions(described('flights', { changes }), { changes: [], keptOut: ['elsewhere'] });
    expect(table).toMatchObject({ freshAt: EARLY, activeAt: LATER });
  });

  it('is not told by its going missing, which is activity', () => {
    const table = described('flights', { changes, parameters: { 'trellis.missing_since': LATEST } });
    expect(table).toMatchObject({ freshAt: EARLY, activeAt: LATEST });
  });
});
