import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  DynamoDBClient,
  PutItemCommand,
  type PutItemCommandInput,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { onceFor } from '../../../shared/lambda/once-for.ts';
import { lambdaContext } from './deliveries.ts';

const dynamo = mockClient(DynamoDBClient);
type Item = NonNullable<PutItemCommandInput['Item']>;

/** The table, with DynamoDB's word on the library's condition: absent, expired, or in progress for longer than its caller lived. */
const items = new Map<string, Item>();

function isTaken(item: Item | undefined): boolean {
  if (!item) return false;
  const isExpired = Number(item.expiration?.N) < Date.now() / 1000;
  const isAbandoned = item.status?.S === 'INPROGRESS' && Number(item.in_progress_expiration?.N) < Date.now();
  return !isExpired && !isAbandoned;
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-11-21T09:00:00Z') });
  vi.stubEnv('IDEMPOTENCY_TABLE', 'trellis-local-idempotency');
  items.clear();
  dynamo.reset();
  dynamo.on(PutItemCommand).callsFake(({ Item }: { Item: Item }) => {
    const there = items.get(Item.id?.S ?? '');
    if (there && isTaken(there)) {
      throw new ConditionalCheckFailedException({
        $metadata: {},
        message: 'The conditional request failed',
        Item: there,
      });
    }
    items.set(Item.id?.S ?? '', Item);
  });
  dynamo.on(UpdateItemCommand).callsFake(({ Key, ExpressionAttributeValues: values }) => {
    const data = values[':response_data'];
    items.set(Key.id.S, { ...Key, status: values[':status'], expiration: values[':expiry'], ...(data && { data }) });
  });
  dynamo.on(DeleteItemCommand).callsFake(({ Key }) => void items.delete(Key.id.S));
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

function advance(milliseconds: number): void {
  vi.setSystemTime(Date.now() + milliseconds);
}

describe('work for a key', () => {
  it('is done by the first delivery alone, and remembered for longer than EventBridge tries to deliver', async () => {
    const once = onceFor('access-intake');
    const work = vi.fn(async () => {});
    await once('444444444444#event-1', lambdaContext(), work);
    await once('444444444444#event-1', lambdaContext(), work);
    advance(24 * 3600 * 1000);
    await once('444444444444#event-1', lambdaContext(), work);
    expect(work).toHaveBeenCalledTimes(1);
    expect(dynamo.commandCalls(PutItemCommand)[0]?.args[0].input.TableName).toBe('trellis-local-idempotency');
  });

  it('is remembered by other processes', async () => {
    const work = vi.fn(async () => {});
    await onceFor('access-intake')('key', lambdaContext(), work);
    await onceFor('access-intake')('key', lambdaContext(), work);
    expect(work).toHaveBeenCalledTimes(1);
  });

  it('is another for another key, and for another name', async () => {
    const once = onceFor('access-intake');
    const work = vi.fn(async () => {});
    await once('444444444444#event-1', lambdaContext(), work);
    await once('333333333333#event-1', lambdaContext(), work);
    await onceFor('other')('444444444444#event-1', lambdaContext(), work);
    expect(work).toHaveBeenCalledTimes(3);
  });

  it('that failed is not remembered: the fault surfaces, and the next delivery does it', async () => {
    const once = onceFor('access-intake');
    const work = vi.fn(async () => {}).mockRejectedValueOnce(new Error('Glue is away'));
    await expect(once('key', lambdaContext(), work)).rejects.toThrow('Glue is away');
    expect(items.size).toBe(0);
    await once('key', lambdaContext(), work);
    await once('key', lambdaContext(), work);
    expect(work).toHaveBeenCalledTimes(2);
  });

  it('that runs is not done side by side: the duplicate fails, and finds it done when it is delivered again', async () => {
    const once = onceFor('access-intake');
    const { promise, resolve: finish } = Promise.withResolvers<void>();
    const first = vi.fn(() => promise);
    const second = vi.fn(async () => {});
    const running = once('key', lambdaContext(), first);
    await vi.waitFor(() => expect(first).toHaveBeenCalled());
    await expect(once('key', lambdaContext(), second)).rejects.toThrow(
      expect.objectContaining({ name: 'IdempotencyAlreadyInProgressError' }),
    );
    finish();
    await running;
    await once('key', lambdaContext(), second);
    expect(second).not.toHaveBeenCalled();
  });

  it('that a dead process began is done by the next delivery once that process must be dead', async () => {
    const once = onceFor('access-intake');
    void once('key', lambdaContext(30_000), () => new Promise(() => {}));
    await vi.waitFor(() => expect(items.size).toBe(1));
    const work = vi.fn(async () => {});
    advance(29_000);
    await expect(once('key', lambdaContext(), work)).rejects.toThrow();
    advance(1_001);
    await once('key', lambdaContext(), work);
    expect(work).toHaveBeenCalledTimes(1);
  });

  it('is not begun while its table cannot be reached', async () => {
    dynamo.on(PutItemCommand).rejects(Object.assign(new Error('slow down'), { name: 'ThrottlingException' }));
    const work = vi.fn(async () => {});
    await expect(onceFor('access-intake')('key', lambdaContext(), work)).rejects.toThrow(
      expect.objectContaining({
        name: 'IdempotencyPersistenceLayerError',
        cause: expect.objectContaining({ name: 'ThrottlingException' }),
      }),
    );
    expect(work).not.toHaveBeenCalled();
  });

  it('needs the name of its table', () => {
    vi.stubEnv('IDEMPOTENCY_TABLE', undefined);
    expect(() => onceFor('access-intake')).toThrow('The function lacks the setting IDEMPOTENCY_TABLE.');
  });
});
