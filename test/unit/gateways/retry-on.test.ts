import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { retryOn } from '../../../shared/aws/retry-on.ts';
import { fault } from './faults.ts';

vi.mock('node:timers/promises', () => ({ setTimeout: vi.fn(async () => {}) }));
const waits = () => vi.mocked(sleep).mock.calls.map(([milliseconds]) => milliseconds ?? 0);

beforeEach(() => vi.mocked(sleep).mockClear());

describe('a call that meets a conflict', () => {
  it('is made again until it succeeds', async () => {
    const call = vi
      .fn()
      .mockRejectedValueOnce(fault('Conflict'))
      .mockRejectedValueOnce(fault('Late'))
      .mockResolvedValue('done');
    await expect(retryOn(['Conflict', 'Late'], call)).resolves.toBe('done');
    expect(call).toHaveBeenCalledTimes(3);
  });

  it('surfaces it after six attempts, with waits that double and are never the same for two at once', async () => {
    const call = vi.fn().mockRejectedValue(fault('Conflict'));
    await expect(retryOn(['Conflict'], call)).rejects.toThrow(expect.objectContaining({ name: 'Conflict' }));
    expect(call).toHaveBeenCalledTimes(6);
    expect(waits()).toHaveLength(5);
    for (const [index, wait] of waits().entries()) {
      expect(wait).toBeGreaterThanOrEqual(100 * 2 ** index);
      expect(wait).toBeLessThan(200 * 2 ** index);
    }
  });

  it('surfaces anything else at once', async () => {
    const call = vi.fn().mockRejectedValue(fault('AccessDeniedException'));
    await expect(retryOn(['Conflict'], call)).rejects.toThrow(
      expect.objectContaining({ name: 'AccessDeniedException' }),
    );
    expect(call).toHaveBeenCalledTimes(1);
    expect(waits()).toEqual([]);
  });
});
