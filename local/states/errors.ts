import { AwsError } from '../core/aws-error.ts';

/** What makes a state fail: a name that Retry and Catch match, and a cause for people. */
export class StateError extends Error {
  readonly error: string;

  constructor(error: string, cause: string) {
    super(cause);
    this.name = error;
    this.error = error;
  }
}

/** Ends a branch from outside: the execution was stopped or timed out, or a sibling failed. No Retry and no Catch sees it. */
export class Cancelled extends Error {}

/** A JSONata expression that failed or gave nothing. */
export function queryEvaluationError(cause: string): StateError {
  return new StateError('States.QueryEvaluationError', cause);
}

/** Payloads of states, tasks and executions hold at most 256 KiB of UTF-8. Source: Step Functions quotas. */
export const MAX_PAYLOAD_BYTES = 262_144;

/**
 * The JSON text of a payload.
 * @throws StateError States.DataLimitExceeded above 256 KiB.
 */
export function payloadText(value: unknown, what: string): string {
  const text = JSON.stringify(value);
  // A UTF-16 unit takes at most three bytes of UTF-8: most payloads need no counting.
  if (text.length * 3 > MAX_PAYLOAD_BYTES && Buffer.byteLength(text) > MAX_PAYLOAD_BYTES) {
    throw new StateError(
      'States.DataLimitExceeded',
      `The state/task returned ${what} with a size exceeding the maximum number of bytes service limit.`,
    );
  }
  return text;
}

/** Errors that no wildcard matches. Source: "Handling errors in Step Functions workflows", Step Functions Developer Guide. */
const BEYOND_WILDCARDS = new Set(['States.DataLimitExceeded', 'States.Runtime']);

/**
 * Whether a Retry or Catch entry is for an error. `States.ALL` is for all but the terminal ones, `States.TaskFailed` for all but those and
 * `States.Timeout`; a missed heartbeat is a `States.Timeout` too.
 * Source: "Handling errors in Step Functions workflows", Step Functions Developer Guide.
 */
export function isMatchedBy(error: string, errorEquals: string[]): boolean {
  return errorEquals.some(name => {
    if (name === error) return true;
    if (name === 'States.ALL') return !BEYOND_WILDCARDS.has(error);
    if (name === 'States.TaskFailed') return !BEYOND_WILDCARDS.has(error) && error !== 'States.Timeout';
    return name === 'States.Timeout' && error === 'States.HeartbeatTimeout';
  });
}

/** A definition that AWS refuses too. `path` is where, as a JSON pointer. */
export function invalidDefinition(path: string, message: string): AwsError {
  return new AwsError(
    'InvalidDefinition',
    `Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: ${message} at ${path}'`,
  );
}
