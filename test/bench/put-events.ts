/** The other side of bus-throughput.ts, in a process of its own: puts events by ten, and looks until all lie in their queues. */
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { administratorOf, HUB } from '../../local/story/actors.ts';
import type { PutRequest } from './bus-throughput.ts';

/** Source: EventBridge API reference, PutEvents. */
const ENTRIES_A_CALL = 10;
const CALLS_AT_ONCE = 8;

process.on('message', (request: PutRequest) => {
  put(request).then(
    milliseconds => process.send?.(milliseconds),
    error => {
      console.error(error);
      process.exit(1);
    },
  );
});

async function put({ endpoint, bus, kinds, events, queueUrls }: PutRequest): Promise<number> {
  const hub = administratorOf(endpoint, HUB);
  const client = new EventBridgeClient(hub);
  const sqs = new SQSClient(hub);
  const before = await countMessages(sqs, queueUrls);
  const startedAt = performance.now();
  let next = 0;
  const putBatches = async () => {
    while (next < events) {
      const from = next;
      next += ENTRIES_A_CALL;
      const Entries = Array.from({ length: Math.min(ENTRIES_A_CALL, events - from) }, (_, index) => ({
        EventBusName: bus,
        Source: 'bench',
        DetailType: 'Bench Event',
        Detail: JSON.stringify({ kind: (from + index) % kinds, number: from + index }),
      }));
      const { FailedEntryCount } = await client.send(new PutEventsCommand({ Entries }));
      if (FailedEntryCount) throw new Error(`${FailedEntryCount} events were refused.`);
    }
  };
  await Promise.all(Array.from({ length: CALLS_AT_ONCE }, putBatches));
  while ((await countMessages(sqs, queueUrls)) < before + events);
  const milliseconds = performance.now() - startedAt;
  client.destroy();
  sqs.destroy();
  return milliseconds;
}

async function countMessages(sqs: SQSClient, queueUrls: string[]): Promise<number> {
  const answers = await Promise.all(
    queueUrls.map(QueueUrl =>
      sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] })),
    ),
  );
  return answers.reduce((sum, { Attributes }) => sum + Number(Attributes?.ApproximateNumberOfMessages), 0);
}
