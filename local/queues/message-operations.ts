import { AwsError } from '../core/aws-error.ts';
import type { Call, Operation, Wire } from '../core/service.ts';
import { md5, md5OfAttributes, type ReceivedMessage, requireSendable, sizeOf } from './message.ts';
import type { Queue } from './queue.ts';
import { invalidParameter, missingParameter, queueError } from './queue-errors.ts';
import { onQueueUrl, type QueueRegistry } from './queue-registry.ts';

/** Entries that a batch takes, and the bytes of all its messages. Source: SQS API reference, SendMessageBatch. */
const BATCH_ENTRIES = 10;
const BATCH_BYTES = 1_048_576;
/** Twelve hours. Source: SQS API reference, ChangeMessageVisibility. */
const LONGEST_VISIBILITY_SECONDS = 43_200;

/** The operations on the messages of a queue. */
export function messageOperations(registry: QueueRegistry): Record<string, Operation> {
  return {
    SendMessage: onQueueUrl(registry, 'SendMessage', send),
    SendMessageBatch: onQueueUrl(registry, 'SendMessage', (queue, input, call) => {
      const size = (entry: Wire) => sizeOf(String(entry.MessageBody ?? ''), entry.MessageAttributes ?? {});
      const bytes = (input.Entries ?? []).reduce((sum: number, entry: Wire) => sum + size(entry), 0);
      if (bytes > BATCH_BYTES) {
        throw queueError(
          'BatchRequestTooLong',
          `Batch requests cannot be longer than ${BATCH_BYTES} bytes. You have sent ${bytes} bytes.`,
        );
      }
      return inBatch(input, entry => send(queue, entry, call));
    }),
    ReceiveMessage: onQueueUrl(registry, 'ReceiveMessage', receive),
    DeleteMessage: onQueueUrl(registry, 'DeleteMessage', remove),
    DeleteMessageBatch: onQueueUrl(registry, 'DeleteMessage', (queue, input) =>
      inBatch(input, entry => remove(queue, entry)),
    ),
    ChangeMessageVisibility: onQueueUrl(registry, 'ChangeMessageVisibility', changeVisibility),
    ChangeMessageVisibilityBatch: onQueueUrl(registry, 'ChangeMessageVisibility', (queue, input) =>
      inBatch(input, entry => changeVisibility(queue, entry)),
    ),
  };
}

function send(queue: Queue, input: Wire, { caller }: Call): Record<string, string> {
  const attributes = input.MessageAttributes ?? {};
  requireSendable(input.MessageBody, attributes, queue.number('MaximumMessageSize'));
  if (input.MessageDeduplicationId !== undefined) {
    throw invalidParameter(
      'MessageDeduplicationId',
      input.MessageDeduplicationId,
      'The request include parameter that is not valid for this queue type.',
    );
  }
  const trace = input.MessageSystemAttributes?.AWSTraceHeader;
  const message = queue.send({
    body: input.MessageBody,
    attributes,
    systemAttributes: {
      ...(trace ? { AWSTraceHeader: trace.StringValue } : {}),
      ...(input.MessageGroupId ? { MessageGroupId: input.MessageGroupId } : {}),
    },
    // Simplification: AWS gives a role's unique id (AROA…) before the session name, and a user's for a user.
    senderId: caller.isAdministrator ? caller.account : caller.arn.split(':assumed-role/')[1]!.replace('/', ':'),
    delaySeconds: optionalSeconds('DelaySeconds', input.DelaySeconds, 900),
  });
  const digest = md5OfAttributes(attributes);
  const systemDigest = trace && md5OfAttributes({ AWSTraceHeader: trace });
  return {
    MessageId: message.id,
    MD5OfMessageBody: md5(message.body),
    ...(digest ? { MD5OfMessageAttributes: digest } : {}),
    ...(systemDigest ? { MD5OfMessageSystemAttributes: systemDigest } : {}),
  };
}

/** Waits in real time when there is no message: a long poll holds a connection, whatever the mesh's clock does. */
async function receive(queue: Queue, input: Wire): Promise<{ Messages?: object[] }> {
  const max = input.MaxNumberOfMessages ?? 1;
  if (!Number.isInteger(max) || max < 1 || max > 10) {
    throw invalidParameter('MaxNumberOfMessages', max, 'Must be between 1 and 10, if provided.');
  }
  const visibility = optionalSeconds('VisibilityTimeout', input.VisibilityTimeout, LONGEST_VISIBILITY_SECONDS);
  const waitSeconds =
    optionalSeconds('WaitTimeSeconds', input.WaitTimeSeconds, 20) ?? queue.number('ReceiveMessageWaitTimeSeconds');
  let messages = queue.receive(max, visibility);
  const deadline = performance.now() + waitSeconds * 1000;
  while (messages.length === 0 && performance.now() < deadline) {
    await somethingVisible(queue, deadline - performance.now());
    messages = queue.receive(max, visibility);
  }
  if (messages.length === 0) return {};
  return { Messages: messages.map(message => asAskedFor(message, input)) };
}

function somethingVisible(queue: Queue, waitMs: number): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(finish, waitMs);
    const unsubscribe = queue.subscribe(finish);
    function finish() {
      clearTimeout(timer);
      unsubscribe();
      resolve();
    }
  });
}

/** A message with the attributes that the call names: `All`, a name, or `prefix.*`. The digest covers the attributes that are given. */
function asAskedFor(message: ReceivedMessage, input: Wire): object {
  const system: string[] = [...(input.AttributeNames ?? []), ...(input.MessageSystemAttributeNames ?? [])];
  const own: string[] = input.MessageAttributeNames ?? [];
  const isWanted = (name: string) =>
    own.some(
      wanted => wanted === 'All' || wanted === name || (wanted.endsWith('.*') && name.startsWith(wanted.slice(0, -2))),
    );
  const Attributes = pick(message.Attributes, name => system.includes('All') || system.includes(name));
  const MessageAttributes = pick(message.MessageAttributes, isWanted);
  const digest = md5OfAttributes(MessageAttributes);
  return {
    MessageId: message.MessageId,
    ReceiptHandle: message.ReceiptHandle,
    MD5OfBody: message.MD5OfBody,
    Body: message.Body,
    ...(Object.keys(Attributes).length > 0 ? { Attributes } : {}),
    ...(digest ? { MessageAttributes, MD5OfMessageAttributes: digest } : {}),
  };
}

function remove(queue: Queue, input: Wire): object {
  if (!input.ReceiptHandle) throw missingParameter('ReceiptHandle');
  queue.delete(input.ReceiptHandle);
  return {};
}

function changeVisibility(queue: Queue, input: Wire): object {
  if (!input.ReceiptHandle) throw missingParameter('ReceiptHandle');
  const seconds = optionalSeconds('VisibilityTimeout', input.VisibilityTimeout, LONGEST_VISIBILITY_SECONDS);
  if (seconds === undefined) throw missingParameter('VisibilityTimeout');
  queue.changeVisibility(input.ReceiptHandle, seconds);
  return {};
}

/** Runs each entry; one that fails is answered in `Failed` and leaves the others alone. */
function inBatch(input: Wire, run: (entry: Wire) => object): { Successful: object[]; Failed: object[] } {
  const entries: Wire[] = input.Entries ?? [];
  if (entries.length === 0) throw queueError('EmptyBatchRequest', 'There should be at least one entry in the request.');
  if (entries.length > BATCH_ENTRIES) {
    throw queueError(
      'TooManyEntriesInBatchRequest',
      `Maximum number of entries per request are ${BATCH_ENTRIES}. You have sent ${entries.length}.`,
    );
  }
  const ids = entries.map(entry => String(entry.Id ?? ''));
  if (!ids.every(id => /^[A-Za-z0-9_-]{1,80}$/.test(id))) {
    throw queueError(
      'InvalidBatchEntryId',
      'A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.',
    );
  }
  const repeated = ids.find((id, index) => ids.indexOf(id) !== index);
  if (repeated) throw queueError('BatchEntryIdsNotDistinct', `Id ${repeated} repeated.`);
  const Successful: object[] = [];
  const Failed: object[] = [];
  for (const entry of entries) {
    try {
      Successful.push({ Id: entry.Id, ...run(entry) });
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      Failed.push({ Id: entry.Id, SenderFault: true, Code: error.code, Message: error.message });
    }
  }
  return { Successful, Failed };
}

function optionalSeconds(name: string, value: unknown, most: number): number | undefined {
  if (value === undefined || value === null) return undefined;
  const seconds = Number(value);
  if (Number.isInteger(seconds) && seconds >= 0 && seconds <= most) return seconds;
  throw invalidParameter(name, value, `Must be between 0 and ${most}, if provided.`);
}

function pick<T>(record: Record<string, T>, isWanted: (name: string) => boolean): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter(([name]) => isWanted(name)));
}
