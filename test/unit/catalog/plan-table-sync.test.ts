import { describe, expect, it } from 'vitest';
import { centralContent } from '../../../shared/catalog/central-content.ts';
import { type CentralSnapshot, planTableSync } from '../../../shared/catalog/plan-table-sync.ts';
import { readMarks } from '../../../shared/catalog/table-marks.ts';
import type { TableContent, TableSnapshot } from '../../../shared/catalog/table-snapshot.ts';
import { AVIATION, CREATED, flights, NOW, snapshot } from './world.ts';

function inStepWith(source: TableSnapshot): CentralSnapshot {
  return { content: centralContent(source, 'aviation', AVIATION.account), versionId: '7' };
}

const question = { domainName: 'aviation', domain: AVIATION, now: NOW, by: 'message' };

/** The plan, with what it notes in place of the marks that hold it. */
function plan(source: TableSnapshot | undefined, central: CentralSnapshot | undefined, isReadLast = false) {
  const planned = planTableSync({ ...question, source, central, isReadLast });
  if (planned.kind === 'keep-out') return { kind: 'quarantine' as const, reasons: planned.quarantine.reasons };
  if (!('notes' in planned)) return planned;
  const { notes, content: marked, ...rest } = planned;
  const quarantined = notes.find(({ kind }) => kind === 'quarantined');
  if (quarantined) return { kind: 'quarantine' as const, reasons: quarantined.what };
  expect(readMarks(marked.Parameters).changes).toEqual(notes);
  const { 'trellis.changes': _, ...Parameters } = marked.Parameters;
  const content = { ...marked, Parameters };
  return rest.kind === 'mark-missing' ? { ...rest, content } : { ...rest, content, changes: notes[0]?.what ?? [] };
}

function storage(changes: Partial<TableContent['StorageDescriptor']>): TableContent {
  return flights({ StorageDescriptor: { ...flights().StorageDescriptor, ...changes } });
}

describe('a table that is not in the central catalog', () => {
  it('is created with its content and the marks of where it comes from', () => {
    expect(plan(snapshot(flights(), 3), undefined)).toEqual({
      kind: 'create',
      changes: ['created'],
      content: flights({
        Parameters: {
          classification: 'parquet',
          'trellis.domain': 'aviation',
          'trellis.source_account': '222222222222',
          'trellis.source_version': `${CREATED}/3`,
        },
      }),
    });
  });

  it('does not take marks of Trellis from its producer', () => {
    const forged = flights({
      Parameters: { 'trellis.domain': 'climate', 'trellis.missing_since': NOW, 'trellis.slo': 'met' },
    });
    const planned = plan(snapshot(forged), undefined);
    expect(planned).toMatchObject({ kind: 'create', content: { Parameters: { 'trellis.domain': 'aviation' } } });
    expect('content' in planned && Object.keys(planned.content.Parameters).sort()).toEqual([
      'trellis.domain',
      'trellis.source_account',
      'trellis.source_version',
    ]);
  });

  it('stays out while it is gone at its source', () => {
    expect(plan(undefined, undefined)).toEqual({ kind: 'nothing', why: 'absent' });
  });

  it('stays out when it is a link or a view', () => {
    expect(plan({ ...snapshot(), isLinkOrView: true }, undefined)).toEqual({ kind: 'nothing', why: 'never-synced' });
  });
});

describe('a table that has changed', () => {
  const central = inStepWith(snapshot());
  const change = (content: TableContent) => plan(snapshot(content, 1), central);

  it('is updated at the version that was read, and keeps the old version for a new column', () => {
    const columns = [...flights().StorageDescriptor.Columns, { Name: 'origin', Type: 'string' }];
    const changed = storage({ Columns: columns });
    expect(change(changed)).toEqual({
      kind: 'update',
      versionId: '7',
      keepVersion: true,
      changes: ['columns'],
      content: centralContent(snapshot(changed, 1), 'aviation', AVIATION.account),
    });
  });

  it.each<[string, TableContent, string, boolean]>([
    [
      'the comment of a column',
      storage({ Columns: [{ Name: 'date', Type: 'timestamp', Comment: 'Local time' }] }),
      'columns',
      true,
    ],
    [
      'the label of a column',
      storage({
        Columns: [
          { Name: 'date', Type: 'timestamp', Parameters: { 'trellis.classification': 'restricted' } },
          flights().StorageDescriptor.Columns[1]!,
        ],
      }),
      'columns',
      true,
    ],
    ['the order of columns', storage({ Columns: flights().StorageDescriptor.Columns.toReversed() }), 'columns', true],
    ['a partition key', flights({ PartitionKeys: [{ Name: 'day', Type: 'date' }] }), 'partition-keys', true],
    ['where it lies', storage({ Location: 's3://trellis-aviation/ops/flights-2/' }), 'location', false],
    [
      'how it is read',
      storage({ SerdeInfo: { SerializationLibrary: 'org.apache.hadoop.hive.serde2.OpenCSVSerde' } }),
      'storage',
      false,
    ],
    ['its description', flights({ Description: 'All flights.' }), 'description', false],
    ['its type', flights({ TableType: 'MANAGED_TABLE' }), 'table-type', false],
    ['a lasting parameter', flights({ Parameters: { classification: 'orc' } }), 'parameters', false],
    ['a parameter that is gone', flights({ Parameters: {} }), 'parameters', false],
  ])('is updated for %s', (_, content, expected, keepVersion) => {
    expect(change(content)).toMatchObject({ kind: 'update', changes: [expected], keepVersion });
  });

  it.each([
    'averageRecordSize',
    'objectCount',
    'recordCount',
    'sizeKey',
    'numFiles',
    'numRows',
    'rawDataSize',
    'totalSize',
    'COLUMN_STATS_ACCURATE',
    'last_modified_by',
    'last_modified_time',
    'transient_lastDdlTime',
    'CrawlerSchemaDeserializerVersion',
    'CrawlerSchemaSerializerVersion',
    'UPDATED_BY_CRAWLER',
    'CrawlerRunId',
  ])('is left alone when only %s came', name => {
    const content = flights({ Parameters: { classification: 'parquet', [name]: '12' } });
    expect(change(content)).toEqual({ kind: 'nothing', why: 'in-step' });
  });

  it('is left alone when Glue writes the same content in another way', () => {
    const { Columns, Location, ...rest } = flights().StorageDescriptor;
    const columns = Columns.map(({ Parameters, Type, Name, ...others }) => ({
      Parameters: Parameters ?? {},
      Type,
      Name,
      ...others,
    }));
    const same = flights({
      StorageDescriptor: {
        ...rest,
        Location,
        Columns: columns,
        SkewedInfo: undefined,
      } as TableContent['StorageDescriptor'],
    });
    expect(change(same)).toEqual({ kind: 'nothing', why: 'in-step' });
  });

  it('has nothing more to do once its plan was applied', () => {
    const source = snapshot(storage({ Location: 's3://trellis-aviation/other/' }), 4);
    const first = plan(source, central);
    expect(first.kind).toBe('update');
    const applied = 'content' in first ? { content: first.content, versionId: '8' } : undefined;
    expect(plan(source, applied)).toEqual({ kind: 'nothing', why: 'in-step' });
  });
});

describe('a reading that is older than the central table', () => {
  const later = inStepWith(snapshot(flights({ Description: 'Later.' }), 5));

  it.each([
    ['an earlier version', snapshot(flights(), 4), later],
    ['an earlier version of fewer digits', snapshot(flights(), 9), inStepWith(snapshot(flights(), 10))],
    ['an earlier incarnation, whatever its version', snapshot(flights(), 90, CREATED - 1000), later],
  ])('changes nothing: %s', (_, source, central) => {
    expect(plan({ ...source, content: flights({ Description: 'Older.' }) }, central)).toEqual({
      kind: 'nothing',
      why: 'stale',
    });
  });

  it('is the truth when it was taken after the central one: the domain has moved to another account', () => {
    expect(plan(snapshot(flights(), 90, CREATED - 1000), later, true)).toMatchObject({
      kind: 'update',
      changes: ['recreated', 'description'],
    });
  });
});

describe('a table that was dropped and made again', () => {
  it('takes the place of the earlier one, whatever its version', () => {
    const central = inStepWith(snapshot(flights(), 12));
    expect(plan(snapshot(flights(), 0, CREATED + 1000), central)).toMatchObject({
      kind: 'update',
      changes: ['recreated'],
    });
  });

  it('within one second looks stale, until it is read after the central table', () => {
    const central = inStepWith(snapshot(flights({ Description: 'First.' }), 3));
    const again = snapshot(flights({ Description: 'Second.' }), 0);
    expect(plan(again, central)).toEqual({ kind: 'nothing', why: 'stale' });
    expect(plan(again, central, true)).toMatchObject({ kind: 'update', changes: ['recreated', 'description'] });
  });

  it('within one second at the same version is compared by its content', () => {
    const central = inStepWith(snapshot(flights({ Description: 'First.' }), 0));
    const again = snapshot(flights({ Description: 'Second.' }), 0);
    expect(plan(again, central)).toMatchObject({ kind: 'update', changes: ['description'] });
  });
});

describe('a table that is gone at its source', () => {
  it('is marked missing, and stays', () => {
    const central = inStepWith(snapshot());
    expect(plan(undefined, central)).toEqual({
      kind: 'mark-missing',
      versionId: '7',
      content: { ...central.content, Parameters: { ...central.content.Parameters, 'trellis.missing_since': NOW } },
    });
  });

  it('keeps the time when it was first missed', () => {
    expect(plan(undefined, missing(snapshot()))).toEqual({ kind: 'nothing', why: 'in-step' });
  });

  it('loses the mark when it was made again', () => {
    const planned = plan(snapshot(flights(), 0, CREATED + 5000), missing(snapshot()));
    expect(planned).toMatchObject({ kind: 'update', changes: ['recreated'] });
    expect('content' in planned && planned.content.Parameters).not.toHaveProperty('trellis.missing_since');
  });

  it('keeps the mark for a reading from before it was missed', () => {
    const source = snapshot();
    expect(plan(source, missing(source))).toEqual({ kind: 'nothing', why: 'stale' });
  });

  it('loses the mark when the same table is there after all', () => {
    const source = snapshot();
    expect(plan(source, missing(source), true)).toMatchObject({ kind: 'update', changes: ['there-again'] });
  });
});

function missing(source: TableSnapshot): CentralSnapshot {
  const { content, versionId } = inStepWith(source);
  return { versionId, content: { ...content, Parameters: { ...content.Parameters, 'trellis.missing_since': NOW } } };
}

describe('a central table that Trellis did not write', () => {
  it.each([undefined, '', 'yes', '1/2/3', '-1/0', '1.5/0'])('is not touched: source version %j', version => {
    const parameters = version === undefined ? {} : { 'trellis.source_version': version };
    const central = { content: flights({ Parameters: parameters }), versionId: '0' };
    expect(plan(snapshot(), central)).toEqual({ kind: 'nothing', why: 'not-ours' });
    expect(plan(undefined, central)).toEqual({ kind: 'nothing', why: 'not-ours' });
  });
});

describe("a location outside the domain's prefixes", () => {
  const iceberg = (pointer: Record<string, string>) => flights({ Parameters: { table_type: 'ICEBERG', ...pointer } });

  it.each<[string, TableContent, string]>([
    ['the table', storage({ Location: 's3://trellis-climate/observations/' }), 's3://trellis-climate/observations/'],
    [
      'a neighbour of the prefix',
      storage({ Location: 's3://trellis-aviation-2/ops/' }),
      's3://trellis-aviation-2/ops/',
    ],
    [
      'a further location',
      storage({ AdditionalLocations: ['s3://trellis-climate/delta/'] }),
      's3://trellis-climate/delta/',
    ],
    [
      "Spark's path",
      storage({ SerdeInfo: { Parameters: { path: 's3://trellis-climate/spark/' } } }),
      's3://trellis-climate/spark/',
    ],
    [
      'where projected partitions lie',
      flights({ Parameters: { 'storage.location.template': 's3://trellis-climate/${day}/' } }),
      's3://trellis-climate/x/',
    ],
    [
      'the Iceberg metadata',
      iceberg({ metadata_location: 's3://trellis-climate/m/1.json' }),
      's3://trellis-climate/m/1.json',
    ],
    [
      'the earlier Iceberg metadata',
      iceberg({ previous_metadata_location: 's3://trellis-climate/m/0.json' }),
      's3://trellis-climate/m/0.json',
    ],
  ])('keeps the table out, with advice: %s', (_, content, place) => {
    const reason = `The location ${place} of flights lies outside the prefixes of aviation (s3://trellis-aviation/). Move the data, or add the prefix to mesh.yml.`;
    expect(plan(snapshot(content), undefined)).toEqual({ kind: 'quarantine', reasons: [reason] });
    expect(plan(snapshot(content, 1), inStepWith(snapshot()))).toEqual({ kind: 'quarantine', reasons: [reason] });
  });

  it('is told with every other one', () => {
    const content = storage({ Location: 's3://elsewhere/a/' });
    content.Parameters.metadata_location = 's3://elsewhere/b.json';
    const planned = plan(snapshot(content), undefined);
    expect('reasons' in planned && planned.reasons).toHaveLength(2);
  });

  it('is none for a table without a place', () => {
    const { Location: _, ...placeless } = flights().StorageDescriptor;
    expect(plan(snapshot(flights({ StorageDescriptor: placeless })), undefined).kind).toBe('create');
    expect(plan(snapshot(storage({ Location: '' })), undefined).kind).toBe('create');
  });
});
