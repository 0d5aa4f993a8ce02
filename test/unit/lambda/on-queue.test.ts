import { ChangeMessageVisibilityCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { logger } from '../../../shared/lambda/logger.ts';
import { isRepeated, onQueue } from '../../../shared/lambda/on-queue.ts';
import { lambdaContext, sqsEvent, sqsRecord } from './deliveries.ts';

const warn = vi.spyOn(logger, 'warn').mockReturnValue();

const sqs = mockClient(SQSClient);

beforeEach(() => {
  warn.mockClear();
  sqs.reset();
});

/** Fails for the bodies that say so. */
const handler = onQueue(async record => {
  await Promise.resolve();
  if (record.body === 'fail') throw new Error('no');
});

describe("a queue's messages", () => {
  it('are all done when none fails', async () => {
    const answer = await handler(sqsEvent(sqsRecord('a'), sqsRecord('b')), lambdaContext());
    expect(answer).toEqual({ batchItemFailures: [] });
    expect(warn).not.toHaveBeenCalled();
  });

  it('are delivered again where they failed, and nowhere else', async () => {
    const answer = await handler(sqsEvent(sqsRecord('a'), sqsRecord('b', 'fail', 3), sqsRecord('c')), lambdaContext());
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'b' }] });
    expect(warn).toHaveBeenCalledExactlyOnceWith(
      'A message could not be handled; it is delivered again',
      expect.objectContaining({ messageId: 'b', tries: 3, error: expect.objectContaining({ message: 'no' }) }),
    );
  });

  it('are each delivered again when all fail: the function itself does not', async () => {
    const answer = await handler(sqsEvent(sqsRecord('a', 'fail'), sqsRecord('b', 'fail')), lambdaContext());
    expect(answer.batchItemFailures.map(one => one.itemIdentifier)).toEqual(['a', 'b']);
  });

  it('do not inherit the failures of an earlier call', async () => {
    await handler(sqsEvent(sqsRecord('a', 'fail'), sqsRecord('b')), lambdaContext());
    expect(await handler(sqsEvent(sqsRecord('c')), lambdaContext())).toEqual({ batchItemFailures: [] });
  });

  it('are handled at once, so that none waits for another', async () => {
    const begun: string[] = [];
    const { promise: both, resolve: go } = Promise.withResolvers<void>();
    const waiting = onQueue(async ({ messageId }) => {
      begun.push(messageId);
      if (begun.length === 2) go();
      await both;
    });
    await waiting(sqsEvent(sqsRecord('a'), sqsRecord('b')), lambdaContext());
    expect(begun).toEqual(['a', 'b']);
  });

  it('fail alone when their handler throws before it waits for anything', async () => {
    const parsing = onQueue(record => Promise.resolve(JSON.parse(record.body)));
    const answer = await parsing(sqsEvent(sqsRecord('a', 'no json'), sqsRecord('b', '{}')), lambdaContext());
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'a' }] });
  });

  it('come with the context of their call', async () => {
    const contexts: unknown[] = [];
    const context = lambdaContext(1234);
    await onQueue(async (_, given) => void contexts.push(given))(sqsEvent(sqsRecord('a')), context);
    expect(contexts).toEqual([context]);
  });
});

describe('a message that could not be handled', () => {
  const rests = () => sqs.commandCalls(ChangeMessageVisibilityCommand).map(call => call.args[0].input);

  it('comes back soon, the others of its batch not at all', async () => {
    await handler(sqsEvent(sqsRecord('a'), sqsRecord('b', 'fail')), lambdaContext());
    expect(rests()).toEqual([
      {
        QueueUrl: 'https://sqs.us-east-1.amazonaws.com/111111111111/trellis-local-access',
        ReceiptHandle: 'receipt of b',
        VisibilityTimeout: expect.toSatisfy(seconds => seconds >= 12 && seconds <= 15),
      },
    ]);
  });

  it('rests longer the more often it was delivered', async () => {
    await handler(sqsEvent(sqsRecord('a', 'fail', 4)), lambdaContext());
    expect(rests()[0]?.VisibilityTimeout).toBeGreaterThanOrEqual(96);
    expect(rests()[0]?.VisibilityTimeout).toBeLessThanOrEqual(120);
  });

  it('rests as chance has it, apart from those that failed with it', async () => {
    const chance = vi.spyOn(Math, 'random').mockReturnValueOnce(0).mockReturnValueOnce(0.999);
    await handler(sqsEvent(sqsRecord('a', 'fail', 7), sqsRecord('b', 'fail', 7)), lambdaContext());
    chance.mockRestore();
    expect(rests().map(rest => rest.VisibilityTimeout)).toEqual([900, 720]);
  });

  it('comes back by itself when SQS will not have it sooner, which fails nothing else', async () => {
    sqs.on(ChangeMessageVisibilityCommand).rejects(new Error('not in flight'));
    const answer = await handler(sqsEvent(sqsRecord('a', 'fail'), sqsRecord('b')), lambdaContext());
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'a' }] });
    expect(warn).toHaveBeenLastCalledWith(
      'The message comes back only after its visibility timeout',
      expect.objectContaining({ messageId: 'a', error: expect.objectContaining({ message: 'not in flight' }) }),
    );
  });

  it('comes back by itself when the invocation has no time left for more', async () => {
    const answer = await handler(sqsEvent(sqsRecord('a', 'fail')), lambdaContext(9_999));
    expect(answer.batchItemFailures).toHaveLength(1);
    expect(rests()).toEqual([]);
  });

  it('comes back by itself where the same work is handed over again', async () => {
    const swept = onQueue(() => Promise.reject(new Error('no')), 'by-itself');
    const answer = await swept(sqsEvent(sqsRecord('a')), lambdaContext());
    expect(answer.batchItemFailures).toHaveLength(1);
    expect(rests()).toEqual([]);
  });
});

describe('a delivery', () => {
  it.each([
    [1, false],
    [2, true],
    [10, true],
  ])('is repeated from the second try on: %i', (tries, expected) => {
    expect(isRepeated(sqsRecord('a', '{}', tries))).toBe(expected);
  });
});
