import type { Context } from 'aws-lambda';
import { logger } from './logger.ts';
import { measuring } from './metrics.ts';

/** A handler that somebody calls for its answer, a state machine for one: its log names the invocation, and what it measures is published. */
export function onInvoke<Input, Output>(handle: (input: Input, context: Context) => Promise<Output>) {
  return async (input: Input, context: Context): Promise<Output> => {
    logger.addContext(context);
    return measuring(() => handle(input, context));
  };
}
