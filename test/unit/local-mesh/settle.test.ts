import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Activity } from '../../../local/core/activity.ts';
import { settle } from '../../../local/mesh/settle.ts';

describe('settling', () => {
  it('is at once when nothing is under way', async () => {
    expect(await settle(new Activity(), 0)).toEqual([]);
  });

  it('waits for what is under way and for what that begins', async () => {
    const activity = new Activity();
    let isDone = false;
    void activity
      .track('first', () => wait(20))
      .then(() => activity.track('second', () => wait(20)))
      .then(() => {
        isDone = true;
      });
    expect(await settle(activity, 5000)).toEqual([]);
    expect(isDone).toBe(true);
  });

  it('says what is still under way after its time', async () => {
    const activity = new Activity();
    const end = activity.begin('function sync-table');
    expect(await settle(activity, 10)).toEqual(['function sync-table']);
    end();
    expect(await settle(activity, 10)).toEqual([]);
  });
});
