import { IdempotencyConfig, makeIdempotent } from '@aws-lambda-powertools/idempotency';
import { DynamoDBPersistenceLayer } from '@aws-lambda-powertools/idempotency/dynamodb';
import type { Context } from 'aws-lambda';
import { setting } from './environment.ts';

/**
 * Longer than EventBridge tries to deliver an event (24 h), so that a late duplicate finds the record. Source: EventBridge user guide, retry
 * policy. What is older meets the ledger's own marks, on which safety rests: this only spares the work of a duplicate, and keeps two
 * deliveries at the same time from doing it side by side.
 */
const RECORD_SECONDS = 26 * 3600;

/** Runs work once for a key: a repeated delivery returns at once, one that comes while the work runs fails and is delivered again. */
export function onceFor(name: string): (key: string, context: Context, work: () => Promise<void>) => Promise<void> {
  const persistenceStore = new DynamoDBPersistenceLayer({ tableName: setting('IDEMPOTENCY_TABLE') });
  return async (key, context, work) => {
    const config = new IdempotencyConfig({
      eventKeyJmesPath: 'key',
      throwOnNoIdempotencyKey: true,
      expiresAfterSeconds: RECORD_SECONDS,
    });
    config.registerLambdaContext(context);
    const run = async (_: { key: string }) => {
      await work();
      return 'done';
    };
    await makeIdempotent(run, { persistenceStore, config, keyPrefix: name })({ key });
  };
}
