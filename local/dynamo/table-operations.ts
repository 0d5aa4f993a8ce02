import { AwsError, notInLocalMesh } from '../core/aws-error.ts';
import type { VirtualClock } from '../core/clock.ts';
import type { Call, Operation, Wire } from '../core/service.ts';
import type { AccountStore } from './account-store.ts';
import { type DynaliteOperation, getTable, perform, promised, validate } from './dynalite.ts';
import { requireKnownFields, type StoreOf } from './item-operations.ts';
import { onResource, onTable, tableArn, withTableNames } from './table-names.ts';

/** Simplification: these are accepted, and change nothing in a store that lives in memory. */
const WITHOUT_EFFECT = [
  'DeletionProtectionEnabled',
  'OnDemandThroughput',
  'SSESpecification',
  'TableClass',
  'WarmThroughput',
];

/** Tables, their tags, backups and time to live. Simplification: item counts and table sizes stay 0. */
export function tableOperations(clock: VirtualClock, storeOf: StoreOf): Record<string, Operation> {
  const reading = (operation: DynaliteOperation, access: Operation['access']): Operation => ({
    access,
    run(input: Wire, call: Call) {
      requireKnownFields(operation, input);
      return storeOf(call).account.read(operation, withTableNames(input));
    },
  });
  const writing = (operation: DynaliteOperation): Operation => ({
    access: onResource(operation),
    run(input: Wire, call: Call) {
      const { account } = storeOf(call);
      return account.write(async () => {
        await perform(operation, account.store, validate(operation, account.store, input));
        return {};
      });
    },
  });
  return {
    CreateTable: {
      access: onTable('CreateTable'),
      run: (input: Wire, call: Call) => createTable(storeOf(call).account, input, clock, call),
    },

    UpdateTable: {
      access: onTable('UpdateTable'),
      run(input: Wire, call: Call) {
        requireKnownFields('UpdateTable', input);
        const changed = (input.GlobalSecondaryIndexUpdates ?? []).find(
          (update: Wire) => update.Create || update.Delete,
        );
        if (changed)
          throw notInLocalMesh('indexes that are added to or taken from a table (GlobalSecondaryIndexUpdates)');
        const { account } = storeOf(call);
        const data = validate('UpdateTable', account.store, withTableNames(input));
        return account.write(async () => {
          const answer = await perform('UpdateTable', account.store, data);
          await account.untilTable(data.TableName, status => status === 'ACTIVE');
          return answer;
        });
      },
    },

    DeleteTable: {
      access: onTable('DeleteTable'),
      run(input: Wire, call: Call) {
        const { account } = storeOf(call);
        const data = validate('DeleteTable', account.store, withTableNames(input));
        return account.write(async () => {
          const answer = await perform('DeleteTable', account.store, data);
          await account.untilTable(data.TableName, status => status === undefined);
          account.timeToLive.disable(data.TableName);
          return answer;
        });
      },
    },

    DescribeTable: reading('DescribeTable', onTable('DescribeTable')),
    ListTables: reading('ListTables', () => [{ action: 'dynamodb:ListTables', resource: '*' }]),
    ListTagsOfResource: reading('ListTagsOfResource', onResource('ListTagsOfResource')),
    TagResource: writing('TagResource'),
    UntagResource: writing('UntagResource'),
    ...timeToLiveOperations(storeOf),
    ...backupOperations(storeOf),
  };
}

async function createTable(account: AccountStore, input: Wire, clock: VirtualClock, call: Call): Promise<Wire> {
  requireKnownFields('CreateTable', input, [...WITHOUT_EFFECT, 'StreamSpecification', 'Tags']);
  if (input.StreamSpecification?.StreamEnabled) throw notInLocalMesh('DynamoDB streams (StreamSpecification)');
  const data = validate('CreateTable', account.store, input);
  return account.write(async () => {
    await perform('CreateTable', account.store, data);
    await account.untilTable(data.TableName, status => status === 'ACTIVE');
    const table = await getTable(account.store, data.TableName);
    const TableDescription = { ...table, CreationDateTime: clock.now() / 1000 };
    await promised(callback => account.store.tableDb.put(data.TableName, TableDescription, callback));
    if (input.Tags?.length) {
      const tagging = { ResourceArn: tableArn(data.TableName, call), Tags: input.Tags };
      await perform('TagResource', account.store, validate('TagResource', account.store, tagging));
    }
    return { TableDescription };
  });
}

function timeToLiveOperations(storeOf: StoreOf): Record<string, Operation> {
  return {
    UpdateTimeToLive: {
      access: onTable('UpdateTimeToLive'),
      run(input: Wire, call: Call) {
        const { account } = storeOf(call);
        const { TableName } = withTableNames(input);
        const { AttributeName, Enabled } = input.TimeToLiveSpecification ?? {};
        if (typeof AttributeName !== 'string' || typeof Enabled !== 'boolean') {
          throw new AwsError('ValidationException', 'TimeToLiveSpecification has an AttributeName, and Enabled');
        }
        return account.write(async () => {
          await getTable(account.store, TableName);
          const current = account.timeToLive.attribute(TableName);
          if (Enabled && current !== undefined) {
            throw new AwsError('ValidationException', 'TimeToLive is already enabled');
          }
          if (!Enabled && current === undefined) {
            throw new AwsError('ValidationException', 'TimeToLive is already disabled');
          }
          if (Enabled) await account.enableTimeToLive(TableName, AttributeName);
          else account.timeToLive.disable(TableName);
          return { TimeToLiveSpecification: { AttributeName, Enabled } };
        });
      },
    },

    DescribeTimeToLive: {
      access: onTable('DescribeTimeToLive'),
      async run(input: Wire, call: Call) {
        const { account } = storeOf(call);
        const { TableName } = withTableNames(input);
        await getTable(account.store, TableName);
        const AttributeName = account.timeToLive.attribute(TableName);
        return {
          TimeToLiveDescription: AttributeName
            ? { TimeToLiveStatus: 'ENABLED', AttributeName }
            : { TimeToLiveStatus: 'DISABLED' },
        };
      },
    },
  };
}

/** Simplification: point-in-time recovery can be switched on and is reported so; there is nothing to recover from. */
function backupOperations(storeOf: StoreOf): Record<string, Operation> {
  const withRecovery = new Set<string>();
  const description = (arn: string) => ({
    ContinuousBackupsDescription: {
      ContinuousBackupsStatus: 'ENABLED',
      PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: withRecovery.has(arn) ? 'ENABLED' : 'DISABLED' },
    },
  });
  return {
    DescribeContinuousBackups: {
      access: onTable('DescribeContinuousBackups'),
      async run(input: Wire, call: Call) {
        await getTable(storeOf(call).account.store, withTableNames(input).TableName);
        return description(tableArn(input.TableName, call));
      },
    },
    UpdateContinuousBackups: {
      access: onTable('UpdateContinuousBackups'),
      async run(input: Wire, call: Call) {
        await getTable(storeOf(call).account.store, withTableNames(input).TableName);
        const arn = tableArn(input.TableName, call);
        if (input.PointInTimeRecoverySpecification?.PointInTimeRecoveryEnabled) withRecovery.add(arn);
        else withRecovery.delete(arn);
        return description(arn);
      },
    },
  };
}
