import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { logger } from './logger.ts';

/**
 * A handler of a queue's messages: each by itself and all at once, so that one that fails is delivered again alone, and after the queue's
 * count of tries goes to its dead-letter queue.
 */
export function onQueue(handle: (record: SQSRecord, context: Context) => Promise<void>) {
  const processor = new BatchProcessor(EventType.SQS);
  return async (event: SQSEvent, context: Context): Promise<SQSBatchResponse> => {
    logger.addContext(context);
    const handleOrReport = async (record: SQSRecord) => {
      try {
        await handle(record, context);
      } catch (fault) {
        const message = 'A message could not be handled; it is delivered again';
        logger.warn(message, {
          messageId: record.messageId,
          tries: record.attributes.ApproximateReceiveCount,
          error: fault as Error,
        });
        throw fault;
      }
    };
    return processPartialResponse(event, handleOrReport, processor, { context, throwOnFullBatchFailure: false });
  };
}

/** Whether a queue delivered the message before: an earlier try may have stopped half-way. */
export function isRepeated(record: SQSRecord): boolean {
  return Number(record.attributes.ApproximateReceiveCount) > 1;
}
