import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ANALYTICS,
  AVIATION,
  administratorOf,
  advance,
  CLIMATE,
  putEvent,
  roleArn,
  settle,
} from '../../local/story/actors.ts';
import { newsOf, theOne } from './hearing.ts';
import {
  ANALYST,
  bootLivingMesh,
  decideAccess,
  inMinutes,
  type LivingMesh,
  requestAccess,
  rowsOf,
  STEWARD,
} from './living-mesh.ts';
import { deadLetters, entriesOn } from './traces.ts';

let living: LivingMesh;
let news: Awaited<ReturnType<typeof newsOf>>;
beforeAll(async () => {
  living = await bootLivingMesh();
  await ask('asked');
  news = await newsOf(living);
});
afterAll(() => living?.stop());

/** Asks for columns that wait for their owner, for an hour. */
async function ask(requestId: string): Promise<void> {
  await requestAccess(living, {
    requestId,
    tables: ['aviation_ops.birdstrikes'],
    columns: ['wildlife_size', 'cost_total'],
    expiresAt: inMinutes(living, 60),
  });
  await theOne(living, 'Access Approval Needed', requestId);
}

describe('a decision counts only from a steward of the owner, in time, on the question that was asked', () => {
  async function refusedBecause(reason: RegExp) {
    expect(await news()).toEqual([{ type: 'Event Refused', reasons: expect.stringMatching(reason) }]);
  }

  it('not from another domain, nor from the consumer', async () => {
    for (const account of [CLIMATE, ANALYTICS]) {
      await putEvent(administratorOf(living.endpoint, account), 'trellis.access', 'Access Decision Made', {
        requestId: 'asked',
        decision: 'approved',
        approver: STEWARD,
      });
      await settle(living.endpoint);
      await refusedBecause(/No request asked waits for an answer of account/);
    }
  });

  it('not by somebody of the owner who is no steward, nor by the requester', async () => {
    for (const approver of [roleArn(AVIATION, 'Intern'), ANALYST]) {
      await decideAccess(living, { requestId: 'asked', decision: 'approved', approver });
      await refusedBecause(/is not a steward of aviation/);
    }
  });

  it('not when it widens columns, rows or time', async () => {
    await decideAccess(living, { requestId: 'asked', decision: 'approved', columns: ['wildlife_size', 'cost_repair'] });
    await refusedBecause(/narrow a request, not widen it: cost_repair/);
    await decideAccess(living, { requestId: 'asked', decision: 'approved', expiresAt: inMinutes(living, 90) });
    await refusedBecause(/must lie between now and the end that was asked for/);
    await decideAccess(living, { requestId: 'asked', decision: 'approved', rowFilter: 'cost_repair > 5' });
    await refusedBecause(/row filter/);
  });

  it('not on a request that nobody made', async () => {
    await decideAccess(living, { requestId: 'never-asked', decision: 'approved' });
    await refusedBecause(/No request never-asked/);
  });

  it('not after the time to answer, when nobody answered and the request was denied', async () => {
    await advance(living.endpoint, 3660);
    expect(await news()).toEqual([
      // The reminder, half-way.
      { type: 'Access Approval Needed', reasons: '' },
      { type: 'Access Denied', reasons: expect.stringMatching(/Nobody of aviation answered/) },
    ]);
    await decideAccess(living, { requestId: 'asked', decision: 'approved' });
    await refusedBecause(/does not wait for an answer: it is denied/);
  });

  it('and none of these gave anybody anything, or is left lying', async () => {
    expect(await entriesOn(living.endpoint, 'aviation_ops.birdstrikes')).toEqual([]);
    expect(await deadLetters(living.endpoint)).toEqual({});
  });

  it('while a good one is taken, once: a second answer finds the question closed', async () => {
    await ask('asked-again');
    await decideAccess(living, { requestId: 'asked-again', decision: 'approved', columns: ['wildlife_size'] });
    await theOne(living, 'Access Granted', 'asked-again');
    await news();
    await decideAccess(living, { requestId: 'asked-again', decision: 'denied' });
    await refusedBecause(/does not wait for an answer: it is granted/);
    await rowsOf(living.analyst, 'SELECT wildlife_size FROM trellis_aviation_ops.birdstrikes LIMIT 1');
  });
});
