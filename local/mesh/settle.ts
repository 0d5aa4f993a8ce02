import type { Activity } from '../core/activity.ts';

/**
 * Waits at most so many real milliseconds until nothing is under way, and gives what still is: none when all has settled. What has just ended may
 * begin something in the next turn (a message becomes a function's event), so that a moment of rest must last.
 */
export async function settle(activity: Activity, timeoutMs: number): Promise<string[]> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const isIdle = await activity.idle(Math.max(0, deadline - performance.now()));
    if (!isIdle) return activity.labels();
    await new Promise(resolve => setImmediate(resolve));
    if (activity.labels().length === 0) return [];
  }
}
