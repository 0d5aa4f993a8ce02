import {
  BatchCreatePartitionCommand,
  BatchDeletePartitionCommand,
  BatchUpdatePartitionCommand,
  CreateDatabaseCommand,
  CreateTableCommand,
  GetPartitionsCommand,
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

  it.each([undefined, 'AlreadyExistsException'])(
    'makes the database first, which another may be making: %s',
    async race => {
      glue.on(CreateTableCommand).rejectsOnce(fault('EntityNotFoundException')).resolves({});
      if (race) glue.on(CreateDatabaseCommand).rejects(fault(race));
      else glue.on(CreateDatabaseCommand).resolves({});
      await central.create('aviation_ops', flights());
      expect(glue.commandCalls(CreateDatabaseCommand)[0]?.args[0].input).toMatchObject({
        DatabaseInput: { Name: 'aviation_ops' },
      });
      expect(glue).toHaveReceivedCommandTimes(CreateTableCommand, 2);
    },
  );

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
    glue.on(CreateTableCommand).rejects(fault(name));
    await expect(central.create('aviation_ops', flights())).rejects.toThrow(expect.objectContaining({ name }));
    glue
      .on(CreateTableCommand)
      .rejects(fault('EntityNotFoundException'))
      .on(CreateDatabaseCommand)
      .rejects(fault(name));
    await expect(central.create('aviation_ops', flights())).rejects.toThrow(expect.objectContaining({ name }));
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
  const apply = (plan: Partial<Parameters<typeof central.applyPartitions>[2]>) =>
    central.applyPartitions('aviation_ops', 'flights', {
      create: [],
      update: [],
      remove: [],
      quarantined: [],
      ...plan,
    });

  it('are read over all pages', async () => {
    glue
      .on(GetPartitionsCommand)
      .resolvesOnce({ Partitions: [], NextToken: 'a' })
      .resolvesOnce({ Partitions: [{ Values: ['1'] }] });
    expect(await central.readPartitions('aviation_ops', 'flights')).toEqual([
      { values: ['1'], storage: {}, parameters: {} },
    ]);
  });

  it('are written in batches that Glue takes, additions before removals', async () => {
    glue.on(BatchCreatePartitionCommand).resolves({});
    glue.on(BatchUpdatePartitionCommand).resolves({});
    glue.on(BatchDeletePartitionCommand).resolves({});
    await apply({ create: days(101), update: days(100), remove: days(26).map(one => one.values) });
    const sizes = glue.calls().map(({ args: [{ input }] }) => {
      const { PartitionInputList, Entries, PartitionsToDelete } = input as Record<string, unknown[] | undefined>;
      return PartitionInputList
        ? ['create', PartitionInputList.length]
        : Entries
          ? ['update', Entries.length]
          : ['delete', PartitionsToDelete?.length];
    });
    expect(sizes).toEqual([
      ['create', 100],
      ['create', 1],
      ['update', 100],
      ['delete', 25],
      ['delete', 1],
    ]);
    expect(glue.commandCalls(BatchUpdatePartitionCommand)[0]?.args[0].input.Entries?.[3]).toEqual({
      PartitionValueList: ['day 3'],
      PartitionInput: { Values: ['day 3'], StorageDescriptor: partition('day 3').storage, Parameters: {} },
    });
    expect(glue.commandCalls(BatchDeletePartitionCommand)[1]?.args[0].input).toEqual({
      DatabaseName: 'aviation_ops',
      TableName: 'flights',
      PartitionsToDelete: [{ Values: ['day 25'] }],
    });
  });

  it('cost no call where nothing changed', async () => {
    await apply({});
    expect(glue).not.toHaveReceivedAnyCommand();
  });

  it('count as written when another was quicker', async () => {
    const there = { PartitionValues: ['day 0'], ErrorDetail: { ErrorCode: 'AlreadyExistsException' } };
    const gone = { PartitionValues: ['day 1'], ErrorDetail: { ErrorCode: 'EntityNotFoundException' } };
    glue
      .on(BatchCreatePartitionCommand)
      .resolves({ Errors: [there] })
      .on(BatchDeletePartitionCommand)
      .resolves({ Errors: [gone] });
    await expect(apply({ create: days(1), remove: [['day 1']] })).resolves.toBeUndefined();
  });

  it('that failed within a batch are told after everything else was written', async () => {
    const detail = { ErrorDetail: { ErrorCode: 'InternalServiceException' } };
    glue
      .on(BatchCreatePartitionCommand)
      .resolvesOnce({ Errors: [{ PartitionValues: ['day 7'], ...detail }] })
      .resolves({})
      .on(BatchUpdatePartitionCommand)
      .resolves({ Errors: [{ PartitionValueList: ['day 0'], ...detail }] })
      .on(BatchDeletePartitionCommand)
      .resolves({ Errors: [{ PartitionValues: ['old'], ...detail }] });
    await expect(apply({ create: days(101), update: days(1), remove: [['old']] })).rejects.toThrow(
      expect.objectContaining({
        name: 'PartitionsFailedError',
        message:
          '3 partitions of aviation_ops.flights could not be written: day 7: InternalServiceException; day 0: InternalServiceException; old: InternalServiceException. Trying again helps.',
      }),
    );
    expect(glue).toHaveReceivedCommandTimes(BatchCreatePartitionCommand, 2);
    expect(glue).toHaveReceivedCommandTimes(BatchDeletePartitionCommand, 1);
  });

  it('surface a call that was refused as a whole', async () => {
    glue.on(BatchCreatePartitionCommand).rejects(fault('ThrottlingException'));
    await expect(apply({ create: days(1), remove: [['old']] })).rejects.toThrow(
      expect.objectContaining({ name: 'ThrottlingException' }),
    );
    expect(glue).not.toHaveReceivedCommand(BatchDeletePartitionCommand);
  });
});
