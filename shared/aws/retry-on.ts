import { setTimeout as sleep } from 'node:timers/promises';
import { isError } from './aws-errors.ts';

/**
 * Runs `call` again while it fails with one of the named errors, which the SDK does not retry by itself.
 * Waits 100, 200, 400 … ms, each with up to as much again at random, six attempts in all.
 */
export async function retryOn<T>(names: readonly string[], call: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      if (!isError(error, ...names) || attempt === 5) throw error;
      await sleep(100 * 2 ** attempt * (1 + Math.random()));
    }
  }
}
