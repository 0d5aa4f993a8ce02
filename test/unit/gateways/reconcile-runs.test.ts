import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { DynamoDBDocumentClient, GetCommand, PutCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { ReconcileMachine, ReconcileMissingError } from '../../../shared/aws/reconcile-machine.ts';
import { ReconcileLedger } from '../../../shared/aws/run-ledger.ts';
import { NO_COUNTS, type PartReport, type RunReport } from '../../../shared/reconcile/reconcile-run.ts';
import { fault, SURFACING } from './faults.ts';

const NOW = '2026-11-21T12:00:00.000Z';
/** 90 days after it, in seconds. */
const TTL = Date.parse(NOW) / 1000 + 90 * 86_400;
const RUN = 'asked-20261121T120000Z-3f9a1c';
const REQUEST = { domain: 'aviation', dryRun: false, confirmRemovals: false, reason: 'asked' } as const;
const MACHINE = 'arn:aws:states:eu-west-1:111111111111:stateMachine:trellis-prod-reconcile';
const EXECUTION = `arn:aws:states:eu-west-1:111111111111:execution:trellis-prod-reconcile:${RUN}`;

describe('the state machine that reconciles', () => {
  const client = new SFNClient({ region: 'eu-west-1' });
  const sfn = mockClient(client);
  const machine = new ReconcileMachine(client, { stage: 'prod', hub: '111111111111' });

  beforeEach(() => {
    sfn.reset();
  });

  it('is started by the name of the run, with what is asked', async () => {
    sfn.on(StartExecutionCommand).resolves({});
    await machine.ask(RUN, REQUEST);
    const { input, ...rest } = sfn.commandCalls(StartExecutionCommand)[0]!.args[0].input;
    expect(rest).toEqual({ stateMachineArn: MACHINE, name: RUN });
    expect(JSON.parse(input ?? '')).toEqual(REQUEST);
  });

  it('is started already when an answer was lost', async () => {
    sfn.on(StartExecutionCommand).rejects(fault('ExecutionAlreadyExists'));
    await expect(machine.ask(RUN, REQUEST)).resolves.toBeUndefined();
  });

  it('is told to be missing with its account and its Region', async () => {
    sfn.on(StartExecutionCommand).rejects(fault('StateMachineDoesNotExist'));
    await expect(machine.ask(RUN, REQUEST)).rejects.toThrow(ReconcileMissingError);
    await expect(machine.ask(RUN, REQUEST)).rejects.toThrow(
      /Account 111111111111 has no state machine trellis-prod-reconcile in eu-west-1.*serverless deploy/,
    );
  });

  it.each([
    ['RUNNING', { kind: 'running' }],
    ['PENDING_REDRIVE', { kind: 'running' }],
    ['SUCCEEDED', { kind: 'succeeded' }],
  ] as const)('tells of an execution that is %s', async (status, state) => {
    sfn.on(DescribeExecutionCommand, { executionArn: EXECUTION }).resolves({ status });
    expect(await machine.state(RUN)).toEqual(state);
  });

  it.each([
    [
      'the error of its function',
      { error: 'RequestError', cause: '{"errorType":"RequestError","errorMessage":"There is no domain x."}' },
      'There is no domain x.',
    ],
    ['a cause in plain words', { error: 'States.Runtime', cause: 'Out of range.' }, 'Out of range.'],
    ['an error without a cause', { error: 'States.Timeout' }, 'States.Timeout'],
    ['nothing', {}, 'no cause is given.'],
  ])('tells why an execution failed: %s', async (_, given, reason) => {
    sfn.on(DescribeExecutionCommand).resolves({ status: 'FAILED', ...given });
    expect(await machine.state(RUN)).toEqual({
      kind: 'failed',
      status: 'FAILED',
      reason,
      error: undefined,
      ...('error' in given && { error: given.error }),
    });
  });

  it('knows nothing of an execution that there is not, and takes no other fault for that', async () => {
    sfn.on(DescribeExecutionCommand).rejects(fault('ExecutionDoesNotExist'));
    expect(await machine.state(RUN)).toBeUndefined();
    for (const name of SURFACING) {
      sfn.on(DescribeExecutionCommand).rejects(fault(name));
      await expect(machine.state(RUN)).rejects.toThrow(name);
      sfn.on(StartExecutionCommand).rejects(fault(name));
      await expect(machine.ask(RUN, REQUEST)).rejects.toThrow(name);
    }
  });
});

describe('runs in the ledger', () => {
  const dynamo = mockClient(DynamoDBDocumentClient);
  const runs = new ReconcileLedger(DynamoDBDocumentClient.from(new DynamoDBClient()), 'ledger', () => NOW);
  const part: PartReport = {
    domain: 'aviation',
    database: 'ops',
    source: 'there',
    counts: NO_COUNTS,
    differences: [],
    drift: 0,
  };
  const heldBack = { domain: 'aviation', removals: 3, ofTables: 4 };
  const PK = `reconcile#${RUN}`;

  beforeEach(() => {
    dynamo.reset();
  });

  it('begin once, whenever they are begun again', async () => {
    dynamo.on(UpdateCommand).resolves({ Attributes: { startedAt: '2026-11-21T11:00:00.000Z' } });
    expect(await runs.begin(RUN, REQUEST)).toBe('2026-11-21T11:00:00.000Z');
    expect(dynamo.commandCalls(UpdateCommand)[0]!.args[0].input).toMatchObject({
      TableName: 'ledger',
      Key: { pk: PK, sk: 'run' },
      UpdateExpression: expect.stringContaining('startedAt = if_not_exists(startedAt, :now)'),
      ExpressionAttributeValues: { ':request': REQUEST, ':now': NOW, ':ttl': TTL },
      ReturnValues: 'ALL_NEW',
    });
  });

  it('keep a part whole, for 90 days, and read it as it was last written', async () => {
    dynamo.on(PutCommand).resolves({});
    dynamo.on(GetCommand).resolvesOnce({ Item: { part } }).resolves({});
    await runs.savePart(RUN, part);
    const Key = { pk: PK, sk: 'part#aviation#ops' };
    const { Item, TableName } = dynamo.commandCalls(PutCommand)[0]!.args[0].input;
    expect({ Item, TableName }).toEqual({ Item: { ...Key, part, ttl: TTL }, TableName: 'ledger' });
    expect(await runs.loadPart(RUN, 'aviation', 'ops')).toEqual(part);
    expect(dynamo.commandCalls(GetCommand)[0]!.args[0].input).toMatchObject({ Key, ConsistentRead: true });
    expect(await runs.loadPart(RUN, 'aviation', 'hr')).toBeUndefined();
  });

  it('give their parts over all pages, an empty one too', async () => {
    dynamo
      .on(QueryCommand)
      .resolvesOnce({ Items: [{ part }], LastEvaluatedKey: { pk: 1 } })
      .resolvesOnce({ LastEvaluatedKey: { pk: 2 } })
      .resolvesOnce({ Items: [{ part: { ...part, database: 'hr' } }] });
    const found: string[] = [];
    for await (const page of runs.parts(RUN)) found.push(...page.map(({ database }) => database));
    expect(found).toEqual(['ops', 'hr']);
    expect(dynamo.commandCalls(QueryCommand)).toHaveLength(3);
    expect(dynamo.commandCalls(QueryCommand)[2]!.args[0].input).toMatchObject({
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :sk)',
      ExpressionAttributeValues: { ':pk': PK, ':sk': 'part#' },
      ExclusiveStartKey: { pk: 2 },
      ConsistentRead: true,
    });
  });

  it('keep what they held back, one entry a domain', async () => {
    dynamo.on(PutCommand).resolves({});
    dynamo.on(QueryCommand).resolves({ Items: [{ heldBack }] });
    await runs.holdBack(RUN, heldBack);
    expect(dynamo.commandCalls(PutCommand)[0]!.args[0].input.Item).toEqual({
      pk: PK,
      sk: 'held#aviation',
      heldBack,
      ttl: TTL,
    });
    expect(await runs.heldBack(RUN)).toEqual([heldBack]);
    expect(dynamo.commandCalls(QueryCommand)[0]!.args[0].input.ExpressionAttributeValues).toEqual({
      ':pk': PK,
      ':sk': 'held#',
    });
  });

  it('have a report when they have ended, and not before', async () => {
    const report: RunReport = {
      run: RUN,
      request: REQUEST,
      startedAt: NOW,
      endedAt: NOW,
      databases: 1,
      counts: NO_COUNTS,
      heldBack: [],
      unread: 0,
    };
    dynamo.on(UpdateCommand).resolves({});
    await runs.end(RUN, report);
    expect(dynamo.commandCalls(UpdateCommand)[0]!.args[0].input).toMatchObject({
      Key: { pk: PK, sk: 'run' },
      ExpressionAttributeValues: { ':report': report },
    });
    dynamo
      .on(GetCommand)
      .resolvesOnce({})
      .resolvesOnce({ Item: { startedAt: NOW } })
      .resolvesOnce({ Item: { report } });
    expect(await runs.report(RUN)).toBeUndefined();
    expect(await runs.report(RUN)).toBeUndefined();
    expect(await runs.report(RUN)).toEqual(report);
  });

  it.each(SURFACING)('are not taken for none after %s', async name => {
    for (const command of [GetCommand, QueryCommand, PutCommand, UpdateCommand])
      dynamo.on(command as typeof GetCommand).rejects(fault(name));
    await expect(runs.report(RUN)).rejects.toThrow(name);
    await expect(runs.parts(RUN).next()).rejects.toThrow(name);
    await expect(runs.heldBack(RUN)).rejects.toThrow(name);
    await expect(runs.savePart(RUN, part)).rejects.toThrow(name);
    await expect(runs.begin(RUN, REQUEST)).rejects.toThrow(name);
  });
});
