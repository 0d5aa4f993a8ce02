import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import type { MessageVisibility } from '../aws/message-visibility.ts';
import { logger } from './logger.ts';
import { measuring } from './metrics.ts';
import { restSeconds } from './retry-pace.ts';

/**
 * When a message comes back that could not be handled: `soon`, after a short rest that grows from try to try; or `by-itself`, after the queue's
 * visibility timeout, where somebody hands the same work over again sooner than that.
 */
type ComesBack = 'soon' | 'by-itself';

/**
 * A handler of a queue's messages: each by itself and all at once, so that one that fails is delivered again alone, and after the queue's
 * count of tries goes to its dead-letter queue. Publishes what was measured.
 * @param handle is called for all of the batch's records, before it has come back from one
 */
export function onQueue(
  handle: (record: SQSRecord, context: Context, batch: SQSEvent) => Promise<void>,
  comesBack: ComesBack = 'soon',
): (event: SQSEvent, context: Context) => Promise<SQSBatchResponse> {
  const processor = new BatchProcessor(EventType.SQS);
  return async (event, context) => {
    logger.addContext(context);
    const handleOrReport = async (record: SQSRecord) => {
      try {
        await handle(record, context, event);
      } catch (fault) {
        const message = 'A message could not be handled; it is delivered again';
        logger.warn(message, { messageId: record.messageId, tries: triesOf(record), error: fault as Error });
        if (comesBack === 'soon') await bringBackSoon(record, context);
        throw fault;
      }
    };
    return measuring(() =>
      processPartialResponse(event, handleOrReport, processor, { context, throwOnFullBatchFailure: false }),
    );
  };
}

/** Less than this left of the invocation's time, and the call could cut off what the messages beside it did. */
const ENOUGH_MILLISECONDS = 10_000;

/** Shortens the message's rest. Best effort: without it the message comes back by itself, later. */
async function bringBackSoon(record: SQSRecord, context: Context): Promise<void> {
  if (context.getRemainingTimeInMillis() < ENOUGH_MILLISECONDS) return;
  try {
    visibility ??= loadVisibility();
    await (await visibility).rest(record, restSeconds(triesOf(record), Math.random()));
  } catch (fault) {
    const message = 'The message comes back only after its visibility timeout';
    logger.warn(message, { messageId: record.messageId, error: fault as Error });
  }
}

let visibility: Promise<MessageVisibility> | undefined;

/** Loads the client with the first failure: most processes never see one. */
async function loadVisibility(): Promise<MessageVisibility> {
  const { MessageVisibility } = await import('../aws/message-visibility.ts');
  return new MessageVisibility();
}

/** Whether a queue delivered the message before: an earlier try may have stopped half-way. */
export function isRepeated(record: SQSRecord): boolean {
  return triesOf(record) > 1;
}

function triesOf(record: SQSRecord): number {
  return Number(record.attributes.ApproximateReceiveCount);
}
