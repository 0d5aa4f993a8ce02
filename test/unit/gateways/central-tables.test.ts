import {
  BatchCreatePartitionCommand,
  BatchDeletePartitionCommand,
  BatchGetPartitionCommand,
  BatchUpdatePartitionCommand,
  CreateDatabaseCommand,
  CreateTableCommand,
  DeleteDatabaseCommand,
  DeleteTableCommand,
  GetTableCommand,
  GlueClient,
  UpdateTableCommand,
} from '@aws-sdk/client-glue';
import { mockClient } from 'aws-sdk-client-mock';
import 'aws-sdk-client-mock-vitest/extend';
import { beforeEach, describe, expect, it } from 'vitest';
import { GlueCentralTables } from '../../../shared/aws/central-tables.ts';
import { flights, partition } from '../catalog/world.ts';
import { fault, SURFACING } from './faults.ts';

const glue = mockClient(GlueClient);
const central = new GlueCentralTables(new GlueClient());

beforeEach(() => glue.reset());

describe('reading a central table', () => {
  it('gives its content and its version', async () => {
    const Table = { ...flights(), VersionId: '7', DatabaseName: 'aviation_ops', CreateTime: new Date(0) };
    glue.on(GetTableCommand).resolves({ Table });
    expect(await central.read('aviation_ops', 'flights')).toEqual({ content: flights(), versionId: '7' });
  });

  it('gives nothing for one that is not there, and surfaces every other fault', async () => {
    glue.on(GetTableCommand).rejectsOnce(fault('EntityNotFoundException'));
    expect(await central.read('aviation_ops', 'flights')).toBeUndefined();
    for (const name of SURFACING) {
      glue.on(GetTableCommand).rejects(fault(name));
      await expect(central.read('aviation_ops', 'flights')).rejects.toThrow(expect.objectContaining({ name }));
    }
  });
});

describe('creating a central table', () => {
  it('is one call where the database is there', async () => {
    glue.on(CreateTableCommand).resolves({});
    await central.create('aviation_ops', flights());
    expect(glue).toHaveReceivedCommandExactlyOnceWith(CreateTableCommand, {
      DatabaseName: 'aviation_ops',
      TableInput: flights(),
    });
    expect(glue).not.toHaveReceivedCommand(CreateDatabaseCommand);
  });

  it('says that its database is missing, which is made once, whoever is quicker', async () => {
    glue.on(CreateTableCommand).rejects(fault('EntityNotFoundException'));
    await expect(central.create('aviation_ops', flights())).rejects.toThrow(
      expect.objectContaining({ name: 'DatabaseMissingError' }),
    );
    glue.on(CreateDatabaseCommand).resolvesOnce({}).rejects(fault('AlreadyExistsException'));
    await central.createDatabase('aviation_ops', { description: 'Operations.' });
    await central.createDatabase('aviation_ops', {});
    expect(glue).toHaveReceivedNthCommandWith(CreateDatabaseCommand, 1, {
      DatabaseInput: { Name: 'aviation_ops', Description: 'Operations.' },
    });
  });

  it('says that the table moved when it is there already, and keeps the cause', async () => {
    glue.on(CreateTableCommand).rejects(fault('AlreadyExistsException'));
    await expect(central.create('aviation_ops', flights())).rejects.toThrow(
      expect.objectContaining({
        name: 'TableChangedError',
        cause: expect.objectContaining({ name: 'AlreadyExistsException' }),
      }),
    );
  });

  it.each(SURFACING)('surfaces %s of either call', async name => {
    glue.on(CreateTableCommand).rejects(fault(name)).on(CreateDatabaseCommand).rejects(fault(name));
    await expect(central.create('aviation_ops', flights())).rejects.toThrow(expect.objectContaining({ name }));
    await expect(central.createDatabase('aviation_ops', {})).rejects.toThrow(expect.objectContaining({ name }));
  });
});

describe('updating a central table', () => {
  it.each([true, false])('is guarded by the version that was read, and keeps it: %s', async keepVersion => {
    glue.on(UpdateTableCommand).resolves({});
    await central.update('aviation_ops', flights(), '7', keepVersion);
    expect(glue).toHaveReceivedCommandExactlyOnceWith(UpdateTableCommand, {
      DatabaseName: 'aviation_ops',
      TableInput: flights(),
      VersionId: '7',
      SkipArchive: !keepVersion,
    });
  });

  it.each(['ConcurrentModificationException', 'EntityNotFoundException'])(
    'says that the table moved by %s',
    async name => {
      glue.on(UpdateTableCommand).rejects(fault(name));
      await expect(central.update('aviation_ops', flights(), '7', false)).rejects.toThrow(
        expect.objectContaining({
          name: 'TableChangedError',
          message: expect.stringContaining('aviation_ops.flights changed'),
          cause: expect.objectContaining({ name }),
        }),
      );
      expect(glue).toHaveReceivedCommandTimes(UpdateTableCommand, 1);
    },
  );

  it.each(SURFACING)('surfaces %s', async name => {
    glue.on(UpdateTableCommand).rejects(fault(name));
    await expect(central.update('aviation_ops', flights(), '7', false)).rejects.toThrow(
      expect.objectContaining({ name }),
    );
  });
});

describe('partitions of a central table', () => {
  const days = (count: number) => Array.from({ length: count }, (_, index) => partition(`day ${index}`));
  const detail = { ErrorDetail: { ErrorCode: 'InternalServiceException' } };

  it("are written with the table's columns", async () => {
    glue.on(BatchCreatePartitionCommand).resolves({}).on(BatchUpdatePartitionCommand).resolves({});
    await central.createPartitions('aviation_ops', flights(), days(2));
    await central.updatePartitions('aviation_ops', flights(), days(1));
    const StorageDescriptor = { ...partition('day 0').storage, Columns: flights().StorageDescriptor.Columns };
    const PartitionInput = { Values: ['day 0'], StorageDescriptor, Parameters: {} };
    expect(glue.commandCalls(BatchCreatePartitionCommand)[0]?.args[0].input.PartitionInputList?.[0]).toEqual(
      PartitionInput,
    );
    expect(glue.commandCalls(BatchUpdatePartitionCommand)[0]?.args[0].input.Entries).toEqual([
      { PartitionValueList: ['day 0'], PartitionInput },
    ]);
  });

  it('are as good as written when another was quicker, who tells of them', async () => {
    const there = { PartitionValues: ['day 0'], ErrorDetail: { ErrorCode: 'AlreadyExistsException' } };
    const gone = { PartitionValues: ['day 1'], ErrorDetail: { ErrorCode: 'EntityNotFoundException' } };
    glue.on(BatchCreatePartitionCommand).resolves({ Errors: [there] });
    glue.on(BatchDeletePartitionCommand).resolves({ Errors: [gone] });
    expect(await central.createPartitions('aviation_ops', flights(), days(3))).toBe(2);
    expect(await central.removePartitions('aviation_ops', 'flights', [['day 1']])).toBe(0);
  });

  it('count as written where an attempt of the same call may have written them, whose answer was lost', async () => {
    const there = { PartitionValues: ['day 0'], ErrorDetail: { ErrorCode: 'AlreadyExistsException' } };
    const gone = { PartitionValues: ['day 1'], ErrorDetail: { ErrorCode: 'EntityNotFoundException' } };
    const $metadata = { attempts: 2 };
    glue.on(BatchCreatePartitionCommand).resolves({ Errors: [there], $metadata });
    glue.on(BatchDeletePartitionCommand).resolves({ Errors: [gone], $metadata });
    expect(await central.createPartitions('aviation_ops', flights(), days(1))).toBe(1);
    expect(await central.removePartitions('aviation_ops', 'flights', [['day 1']])).toBe(1);
  });

  it.each([
    ['create', () => central.createPartitions('aviation_ops', flights(), days(9))],
    ['update', () => central.updatePartitions('aviation_ops', flights(), days(9))],
    ['remove', () => central.removePartitions('aviation_ops', 'flights', [['day 7']])],
  ])('that failed within a batch are told: %s', async (_, write) => {
    glue.on(BatchCreatePartitionCommand).resolves({ Errors: [{ PartitionValues: ['day 7'], ...detail }] });
    glue.on(BatchUpdatePartitionCommand).resolves({ Errors: [{ PartitionValueList: ['day 7'], ...detail }] });
    glue.on(BatchDeletePartitionCommand).resolves({ Errors: [{ PartitionValues: ['day 7'], ...detail }] });
    await expect(write()).rejects.toThrow(
      '1 partitions of aviation_ops.flights could not be written: day 7: InternalServiceException. Trying again helps.',
    );
  });

  it('are asked for again while Glue leaves some unread, and not for ever', async () => {
    const left = { UnprocessedKeys: [{ Values: ['day 1'] }] };
    glue
      .on(BatchGetPartitionCommand)
      .resolvesOnce({ Partitions: [{ Values: ['day 0'] }], ...left })
      .resolvesOnce({});
    const found = await central.findPartitions('aviation_ops', 'flights', [['day 0'], ['day 1']]);
    expect(found.map(({ values }) => values)).toEqual([['day 0']]);
    glue.on(BatchGetPartitionCommand).resolves(left);
    await expect(central.findPartitions('aviation_ops', 'flights', [['day 1']])).rejects.toThrow(
      expect.objectContaining({ name: 'PartitionsUnreadError' }),
    );
  });
});

describe('a central table that goes', () => {
  it('is removed once, and one that is gone counts as removed', async () => {
    glue.on(DeleteTableCommand).resolvesOnce({}).rejectsOnce(fault('EntityNotFoundException')).rejects(fault('X'));
    await central.remove('aviation_ops', 'flights');
    await central.remove('aviation_ops', 'flights');
    await expect(central.remove('aviation_ops', 'flights')).rejects.toThrow(expect.objectContaining({ name: 'X' }));
  });
});

describe('a database whose domain leaves', () => {
  it('is removed, counts as removed when it is not there, and is somebody else’s when it may not be; other faults surface', async () => {
    glue
      .on(DeleteDatabaseCommand)
      .resolvesOnce({})
      .rejectsOnce(fault('EntityNotFoundException'))
      .rejectsOnce(fault('AccessDeniedException'))
      .rejects(fault('InternalServiceException'));
    await central.removeDatabase('aviation_ops');
    await central.removeDatabase('aviation_ops');
    const names = ['DatabaseOfAnotherError', 'InternalServiceException'];
    for (const name of names)
      await expect(central.removeDatabase('aviation_ops')).rejects.toThrow(expect.objectContaining({ name }));
  });

  it('is not made again, and no table in it, by who still knows the mesh before', async () => {
    const asked: string[] = [];
    const fenced = new GlueCentralTables(new GlueClient(), async domain => {
      asked.push(domain);
      return domain === 'aviation';
    });
    const refused = expect.objectContaining({ name: 'DomainLeftError' });
    await expect(fenced.create('climate_observations', flights())).rejects.toThrow(refused);
    await expect(fenced.createDatabase('climate_observations', {})).rejects.toThrow(refused);
    expect(glue).not.toHaveReceivedAnyCommand();
    glue.on(CreateTableCommand).resolves({});
    await fenced.create('aviation_ops', flights());
    expect(asked).toEqual(['climate', 'climate', 'aviation']);
  });
});
