import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { BatchGetCommand, DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import 'aws-sdk-client-mock-vitest/extend';
import { beforeEach, expect, it } from 'vitest';
import { LeavingNowTable } from '../../../shared/aws/leaving-now.ts';
import type { LeavingThing } from '../../../shared/mesh/apply-leaving.ts';

const dynamo = mockClient(DynamoDBDocumentClient);
const leaving = new LeavingNowTable(DynamoDBDocumentClient.from(new DynamoDBClient()), 'ledger');
const account: LeavingThing = { kind: 'account', account: '444444444444' };
const domain: LeavingThing = { kind: 'domain', domain: 'aviation', account: '222222222222' };

beforeEach(() => dynamo.reset());

it('says by one consistent read which of the things have an intent', async () => {
  dynamo.on(BatchGetCommand).resolves({ Responses: { ledger: [{ pk: 'leaving#domain#aviation' }] } });
  expect(await leaving.among([account, domain])).toEqual([domain]);
  expect(dynamo).toHaveReceivedCommandWith(BatchGetCommand, {
    RequestItems: {
      ledger: expect.objectContaining({
        ConsistentRead: true,
        Keys: [
          { pk: 'leaving#account#444444444444', sk: 'leaving' },
          { pk: 'leaving#domain#aviation', sk: 'leaving' },
        ],
      }),
    },
  });
});

it('asks nothing about nothing, and takes what was not answered for no answer', async () => {
  expect(await leaving.among([])).toEqual([]);
  expect(dynamo).not.toHaveReceivedAnyCommand();
  dynamo.on(BatchGetCommand).resolves({ UnprocessedKeys: { ledger: { Keys: [{ pk: 'x' }] } } });
  await expect(leaving.among([account])).rejects.toThrow(expect.objectContaining({ name: 'LeavingUnknownError' }));
});
