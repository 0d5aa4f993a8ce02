import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Access, administrator, type Caller, type Wire } from '../../../local/core/service.ts';
import { Iam } from '../../../local/iam/iam.ts';
import { type Rig, rig } from './rig.ts';

const HUB = '111111111111';
const TableName = 'ledger';
const TABLE = `arn:aws:dynamodb:us-east-1:${HUB}:table/${TableName}`;

let mesh: Rig;
beforeEach(async () => {
  mesh = await rig();
  await mesh.table(TableName);
});
afterEach(() => mesh.close());

const accessesOf = async (operation: string, input: Wire, caller = administrator(HUB).caller): Promise<Access[]> =>
  mesh.service.operations[operation]!.access(input, { caller, requestId: 'r' });

const key = (pk: string) => ({ pk: { S: pk }, sk: { S: 'x' } });
const query = (expression: string, value: string, more: Wire = {}) => ({
  TableName,
  KeyConditionExpression: expression,
  ExpressionAttributeValues: { ':v': { S: value } },
  ...more,
});

describe('dynamodb:LeadingKeys', () => {
  it.each<[string, Wire, string[][]]>([
    ['GetItem', { TableName, Key: key('a') }, [['a']]],
    ['GetItem', { TableName: TABLE, Key: key('a') }, [['a']]],
    ['PutItem', { TableName, Item: { ...key('a'), due: { S: 'b' } } }, [['a']]],
    ['UpdateItem', { TableName, Key: key('a') }, [['a']]],
    ['DeleteItem', { TableName, Key: key('a') }, [['a']]],
    ['Query', query('pk = :v', 'a'), [['a']]],
    ['Query', query('sk > :v AND #p = :v', 'a', { ExpressionAttributeNames: { '#p': 'pk' } }), [['a']]],
    ['Query', query('due = :v', 'soon', { IndexName: 'due' }), [['soon']]],
    [
      'Query',
      { TableName, KeyConditions: { pk: { ComparisonOperator: 'EQ', AttributeValueList: [{ S: 'a' }] } } },
      [['a']],
    ],
    ['BatchGetItem', { RequestItems: { [TableName]: { Keys: [key('a'), key('b')] } } }, [['a', 'b']]],
    [
      'BatchWriteItem',
      { RequestItems: { [TABLE]: [{ PutRequest: { Item: key('a') } }, { DeleteRequest: { Key: key('b') } }] } },
      [['a', 'b']],
    ],
    [
      'TransactWriteItems',
      { TransactItems: [{ Put: { TableName, Item: key('a') } }, { ConditionCheck: { TableName, Key: key('b') } }] },
      [['a'], ['b']],
    ],
    ['TransactGetItems', { TransactItems: [{ Get: { TableName, Key: key('a') } }] }, [['a']]],
  ])('has the partition keys that %s names: %j', async (operation, input, expected) => {
    const accesses = await accessesOf(operation, input);
    expect(accesses.map(access => access.context?.['dynamodb:LeadingKeys'])).toEqual(expected);
  });

  it.each<[string, Wire]>([
    ['Scan', { TableName }],
    ['GetItem', { TableName: 'none', Key: key('a') }],
    ['GetItem', { TableName: `arn:aws:dynamodb:us-east-1:222222222222:table/${TableName}`, Key: key('a') }],
    ['Query', query('due = :v', 'soon', { IndexName: 'none' })],
  ])('is absent from %s of %j', async (operation, input) => {
    for (const access of await accessesOf(operation, input)) expect(access.context).toBeUndefined();
  });

  it.each<[string, Wire]>([
    ['Query', query('pk >', 'a')],
    ['GetItem', { TableName }],
    ['GetItem', { TableName, Key: { pk: null } }],
    ['BatchGetItem', { RequestItems: { [TableName]: { Keys: 'a' } } }],
    ['BatchWriteItem', { RequestItems: { [TableName]: [null, {}] } }],
  ])('is empty for what names no key, which is refused when it is run: %s of %j', async (operation, input) => {
    for (const access of await accessesOf(operation, input))
      expect(access.context?.['dynamodb:LeadingKeys']).toEqual([]);
    await expect(mesh.call(operation, input)).rejects.toBeInstanceOf(Error);
  });

  it('limits a tagged session to the items of its account, on the index that it may query', async () => {
    const iam = new Iam(() => undefined);
    const { arn: principal } = iam.roles.put(HUB, {
      RoleName: 'reader',
      AssumeRolePolicyDocument: { Statement: { Effect: 'Allow', Principal: '*', Action: 'sts:AssumeRole' } },
      Policies: [
        {
          PolicyName: 'own',
          PolicyDocument: {
            Version: '2012-10-17',
            Statement: {
              Effect: 'Allow',
              Action: 'dynamodb:Query',
              Resource: `${TABLE}/index/due`,
              Condition: {
                'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': '${aws:PrincipalTag/account}' },
              },
            },
          },
        },
      ],
    });
    const caller: Caller = {
      account: HUB,
      arn: 'arn:aws:sts::111111111111:assumed-role/reader/x',
      principal,
      isAdministrator: false,
      sessionTags: { account: '222222222222' },
    };
    const authorize = async (input: Wire) => {
      for (const access of await accessesOf('Query', input, caller)) iam.authorize(caller, access);
    };
    const ofAccount = (account: string) => query('due = :v', account, { IndexName: 'due' });
    await expect(authorize(ofAccount('222222222222'))).resolves.toBeUndefined();
    await expect(authorize(ofAccount('333333333333'))).rejects.toMatchObject({ code: 'AccessDeniedException' });
    await expect(authorize(query('pk = :v', '222222222222'))).rejects.toMatchObject({ code: 'AccessDeniedException' });
  });
});
