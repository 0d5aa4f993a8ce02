import { SendTaskSuccessCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { SendMessageBatchCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import 'aws-sdk-client-mock-vitest/extend';
import { beforeEach, describe, expect, it } from 'vitest';
import type { DueItem } from '../../../shared/access/ledger.ts';
import { StepFunctionsProcesses } from '../../../shared/aws/request-processes.ts';
import { SqsWorkQueue } from '../../../shared/aws/work-queue.ts';
import { fault } from './faults.ts';

const sfn = mockClient(SFNClient);
const sqs = mockClient(SQSClient);
const stateMachineArn = 'arn:aws:states:us-east-1:111111111111:stateMachine:trellis-local-access-request';
const queueUrl = 'https://sqs.us-east-1.amazonaws.com/111111111111/trellis-local-enforce';
const processes = new StepFunctionsProcesses(new SFNClient(), new SQSClient(), { stateMachineArn, queueUrl });
const catalogUrl = 'https://sqs.us-east-1.amazonaws.com/111111111111/trellis-local-catalog';
const queue = new SqsWorkQueue(new SQSClient(), { enforce: queueUrl, catalog: catalogUrl });

beforeEach(() => {
  sfn.reset();
  sqs.reset();
});

describe("a request's state machine", () => {
  it('is started once for each request, by its name', async () => {
    sfn.on(StartExecutionCommand).resolvesOnce({}).rejects(fault('ExecutionAlreadyExists'));
    await processes.start('req-1');
    await processes.start('req-1', 'aviation_ops.flights');
    expect(sfn).toHaveReceivedNthCommandWith(StartExecutionCommand, 1, {
      stateMachineArn,
      name: 'req-1',
      input: '{"requestId":"req-1"}',
    });
    expect(sfn).toHaveReceivedNthCommandWith(StartExecutionCommand, 2, {
      input: '{"requestId":"req-1","table":"aviation_ops.flights"}',
    });
  });

  it.each(['TaskTimedOut', 'InvalidToken', 'TaskDoesNotExist'])(
    'has gone on by itself when its token is refused: %s',
    async name => {
      sfn.on(SendTaskSuccessCommand).rejects(fault(name));
      await expect(processes.wake('token')).resolves.toBeUndefined();
      expect(sfn).toHaveReceivedCommandExactlyOnceWith(SendTaskSuccessCommand, { taskToken: 'token', output: '{}' });
    },
  );

  it.each(['ThrottlingException', 'AccessDeniedException', 'StateMachineDeleting'])('surfaces %s', async name => {
    sfn.rejects(fault(name));
    await expect(processes.start('req-1')).rejects.toThrow(expect.objectContaining({ name }));
    await expect(processes.wake('token')).rejects.toThrow(expect.objectContaining({ name }));
  });

  it('is not waited for by what cannot wait', async () => {
    sqs.on(SendMessageCommand).resolves({});
    await processes.enforceNow('req-1');
    expect(sqs).toHaveReceivedCommandExactlyOnceWith(SendMessageCommand, {
      QueueUrl: queueUrl,
      MessageBody: '{"kind":"request","requestId":"req-1"}',
    });
    sqs.on(SendMessageCommand).rejects(fault('RequestThrottled'));
    await expect(processes.enforceNow('req-1')).rejects.toThrow(expect.objectContaining({ name: 'RequestThrottled' }));
  });
});

describe('the queue of due work', () => {
  const due = (count: number): DueItem[] =>
    Array.from({ length: count }, (_, index) => ({ kind: 'request', requestId: `req-${index}` }));

  it('takes ten messages a call, each with its own id in its call', async () => {
    sqs.on(SendMessageBatchCommand).resolves({ Successful: [], Failed: [] });
    await queue.send(due(101));
    const calls = sqs.commandCalls(SendMessageBatchCommand).map(call => call.args[0].input);
    expect(calls.map(({ Entries }) => Entries?.length)).toEqual([10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 1]);
    const bodies = calls.flatMap(({ Entries = [] }) => Entries.map(entry => JSON.parse(entry.MessageBody ?? '')));
    expect(bodies).toEqual(due(101));
    for (const { Entries = [] } of calls) expect(new Set(Entries.map(entry => entry.Id)).size).toBe(Entries.length);
  });

  it('brings removals, and tables that leave, to the one writer of the catalog', async () => {
    sqs.on(SendMessageBatchCommand).resolves({ Successful: [], Failed: [] });
    const removal: DueItem = { kind: 'removal', table: 'aviation_ops.flights' };
    const leaving: DueItem = { kind: 'leaving', what: 'domain', name: 'aviation' };
    await queue.send([...due(1), removal, leaving, { kind: 'leaving-tables', domain: 'aviation' }]);
    const calls = sqs.commandCalls(SendMessageBatchCommand).map(call => call.args[0].input);
    expect(calls.map(({ QueueUrl, Entries }) => [QueueUrl, Entries?.length])).toEqual([
      [catalogUrl, 2],
      [queueUrl, 2],
    ]);
    expect(calls[0]?.Entries?.[0]?.MessageBody).toBe(JSON.stringify(removal));
  });

  it('costs no call for nothing', async () => {
    await queue.send([]);
    expect(sqs).not.toHaveReceivedAnyCommand();
  });

  it('says how many it refused, after the other batches were sent', async () => {
    const failed = { Id: '3', SenderFault: false, Code: 'InternalError', Message: 'try again' };
    sqs
      .on(SendMessageBatchCommand)
      .resolvesOnce({ Successful: [], Failed: [failed] })
      .resolves({ Successful: [], Failed: [] });
    await expect(queue.send(due(30))).rejects.toThrow(
      expect.objectContaining({
        name: 'WorkNotQueuedError',
        message: '1 pieces of due work were refused by their queue (try again). The next sweep finds them again.',
      }),
    );
    expect(sqs).toHaveReceivedCommandTimes(SendMessageBatchCommand, 3);
  });

  it('surfaces a call that was refused as a whole', async () => {
    sqs.on(SendMessageBatchCommand).rejects(fault('RequestThrottled'));
    await expect(queue.send(due(3))).rejects.toThrow(expect.objectContaining({ name: 'RequestThrottled' }));
  });
});
