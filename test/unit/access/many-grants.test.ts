import { beforeEach, describe, expect, it } from 'vitest';
import { ANALYTICS, AVIATION, STEWARD } from '../../property/sample-mesh.ts';
import { ANALYST, END, FLIGHTS } from './samples.ts';
import { TakeRig } from './take-rig.ts';

let rig: TakeRig;
beforeEach(() => {
  rig = new TakeRig();
});

const ask = (requestId: string, purpose = 'reporting', more: Record<string, unknown> = {}) =>
  rig.take(
    rig.event(ANALYTICS, 'Access Requested', {
      requestId,
      principal: ANALYST,
      tables: [FLIGHTS],
      purpose,
      expiresAt: END,
      ...more,
    }),
  );
const FULL = /has 100 grants on aviation_ops\.flights already.* Revoke those that are no longer needed/;

async function fill(): Promise<void> {
  for (let index = 0; index < 100; index++) await ask(`r-${index}`);
}

describe('grants of one principal on one table, which are one item of the ledger', () => {
  it('are a hundred: the next request is denied with what to do, and those before it stay', async () => {
    await fill();
    expect((await rig.ledger.loadPair({ principal: ANALYST, table: FLIGHTS })).grants).toHaveLength(100);
    const [denied] = await ask('one-more');
    expect(denied).toMatchObject({ type: 'Access Denied', data: { reasons: [expect.stringMatching(FULL)] } });
    expect(rig.status('one-more')).toBe('denied');
    expect(rig.status('r-99')).toBe('approved');
  });

  it('leave room again when one is revoked', async () => {
    await fill();
    await rig.take(rig.event(ANALYTICS, 'Access Revocation Requested', { requestId: 'r-7', reason: 'over' }));
    await ask('after');
    expect(rig.status('after')).toBe('approved');
  });

  it("are no more by an owner's yes: it is refused, and the question stays open", async () => {
    await ask('waits', 'research');
    await fill();
    const decision = { requestId: 'waits', decision: 'approved', approver: STEWARD };
    const [refused] = await rig.take(rig.event(AVIATION, 'Access Decision Made', decision));
    expect(refused).toMatchObject({ type: 'Event Refused', data: { reasons: [expect.stringMatching(FULL)] } });
    expect(rig.status('waits')).toBe('waiting');
  });
});
