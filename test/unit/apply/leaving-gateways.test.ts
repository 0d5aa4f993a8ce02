import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetDatabasesCommand, GetTablesCommand, GlueClient } from '@aws-sdk/client-glue';
import { DeleteCommand, DynamoDBDocumentClient, GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { standingGrant } from '../../../shared/access/standing-grant.ts';
import { LeavingCounts } from '../../../shared/aws/leaving-counts.ts';
import { LeavingTable } from '../../../shared/aws/leaving-table.ts';

const failure = (name: string, message = name) => Object.assign(new Error(message), { name });
const options = { region: 'us-east-1', credentials: { accessKeyId: '111111111111', secretAccessKey: 'x' } };
const NOW = '2026-11-21T10:00:00.000Z';

describe('the intents of offboarding', () => {
  const client = DynamoDBDocumentClient.from(new DynamoDBClient(options));
  const dynamo = mockClient(client);
  const glueClient = new GlueClient(options);
  const table = new LeavingTable(client, 'ledger', () => NOW);
  const domain = { kind: 'domain' as const, domain: 'climate', account: '333333333333' };
  const account = { kind: 'account' as const, account: '444444444444' };

  beforeEach(() => {
    dynamo.reset();
  });

  it('are due at once, and written only where none is', async () => {
    dynamo.on(PutCommand).resolves({});
    await table.begin(domain);
    await table.begin(account);
    const inputs = dynamo.commandCalls(PutCommand).map(({ args }) => args[0].input);
    expect(inputs.map(({ Item }) => Item)).toEqual([
      { pk: 'leaving#domain#climate', sk: 'leaving', leaving: { ...domain, since: NOW }, due: 'due', dueAt: NOW },
      {
        pk: 'leaving#account#444444444444',
        sk: 'leaving',
        leaving: { ...account, since: NOW },
        due: 'due',
        dueAt: NOW,
      },
    ]);
    expect(inputs[0]?.ConditionExpression).toBe('attribute_not_exists(leaving)');
  });

  it('stay as they are when they are there', async () => {
    dynamo.on(PutCommand).rejects(failure('ConditionalCheckFailedException'));
    await expect(table.begin(domain)).resolves.toBeUndefined();
    dynamo.on(PutCommand).rejects(failure('ProvisionedThroughputExceededException'));
    await expect(table.begin(domain)).rejects.toThrow('Throughput');
  });

  it('tell what is left, and when all is done', async () => {
    const leaving = { ...domain, since: NOW };
    dynamo
      .on(GetCommand)
      .resolvesOnce({})
      .resolvesOnce({ Item: { leaving } })
      .resolvesOnce({ Item: { leaving, progress: { grants: 3, tables: 2 } } })
      .resolvesOnce({ Item: { leaving, progress: { grants: 0, tables: 0 }, doneAt: NOW } })
      // A late write of a worker, after the intent was removed.
      .resolves({ Item: { doneAt: NOW } });
    expect(await table.read([domain, domain, domain, domain, domain])).toEqual([
      undefined,
      { isDone: false, grants: undefined, tables: undefined },
      { isDone: false, grants: 3, tables: 2 },
      { isDone: true, grants: 0, tables: 0 },
      undefined,
    ]);
    expect(dynamo.commandCalls(GetCommand)[0]?.args[0].input.ConsistentRead).toBe(true);
  });

  it('are removed by their key', async () => {
    dynamo.on(DeleteCommand).resolves({});
    await table.forget(domain);
    expect(dynamo.commandCalls(DeleteCommand)[0]?.args[0].input.Key).toEqual({
      pk: 'leaving#domain#climate',
      sk: 'leaving',
    });
  });

  describe('are preceded by a count', () => {
    const glue = mockClient(glueClient);
    const counts = new LeavingCounts(client, 'ledger', glueClient);
    const pair = (grants: number) => ({ grants: Array.from({ length: grants }, () => ({})) });

    beforeEach(() => {
      glue.reset();
      glue.on(GetDatabasesCommand).resolves({
        DatabaseList: [{ Name: 'climate_daily' }, { Name: 'climatology_daily' }, { Name: 'aviation_ops' }],
      });
      glue
        .on(GetTablesCommand)
        .resolvesOnce({ TableList: [{ Name: 'a' }], NextToken: 'n' })
        .resolves({ TableList: [{ Name: 'b' }] });
    });

    // Nobody asked for it.
    const standing = { grants: [standingGrant(['origin'])] };

    it("of the grants on the domain's tables and of the account's, and of central tables", async () => {
      dynamo
        .on(QueryCommand, { IndexName: 'owner' })
        .resolvesOnce({ Items: [pair(2), pair(0), {}, standing], LastEvaluatedKey: { pk: 'x' } })
        .resolves({ Items: [pair(1)] })
        .on(QueryCommand, { IndexName: 'holder' })
        .resolves({ Items: [pair(5)] });
      expect(await counts.count([domain, account])).toEqual([
        { grants: 3, tables: 2 },
        { grants: 5, tables: undefined },
      ]);
      const asked = dynamo.commandCalls(QueryCommand).map(({ args }) => args[0].input.ExpressionAttributeValues);
      expect(asked).toContainEqual({ ':account': '333333333333', ':tables': 'table#climate_' });
      expect(asked).toContainEqual({ ':account': '444444444444', ':tables': 'table#' });
    });

    it('that is left out where it would take long or may not be seen', async () => {
      dynamo.on(QueryCommand).resolves({ Items: [pair(1)], LastEvaluatedKey: { pk: 'x' } });
      glue.on(GetDatabasesCommand).rejects(failure('AccessDeniedException'));
      expect(await counts.count([domain])).toEqual([{ grants: undefined, tables: undefined }]);
    });
  });
});
