import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FairShare, senderOf } from '../../../shared/access/fair-share.ts';

const MINUTE = 60_000;

function taken(share: FairShare, sender: string, times: number, now: number): number {
  return Array.from({ length: times }, () => share.takes(sender, now)).filter(Boolean).length;
}

describe("an account's share", () => {
  it('is so many at once, whatever others send', () => {
    const share = new FairShare(30, MINUTE);
    expect(taken(share, 'a', 10_000, 0)).toBe(30);
    expect(taken(share, 'b', 10, 0)).toBe(10);
    expect(taken(share, 'a', 1, 0)).toBe(0);
  });

  it('comes back evenly, and to no more than the whole', () => {
    const share = new FairShare(30, MINUTE);
    taken(share, 'a', 30, 0);
    expect(taken(share, 'a', 30, MINUTE / 2)).toBe(15);
    expect(taken(share, 'a', 100, 60 * MINUTE)).toBe(30);
  });

  it('is not larger when the clock goes back', () => {
    const share = new FairShare(30, MINUTE);
    expect(taken(share, 'a', 30, MINUTE)).toBe(30);
    expect(taken(share, 'a', 30, 0)).toBe(0);
    expect(taken(share, 'a', 30, MINUTE)).toBeLessThanOrEqual(30);
  });

  it('is never exceeded: so many, and what the time since has brought', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ wait: fc.nat(20_000), times: fc.nat(50) })), bursts => {
        const share = new FairShare(30, MINUTE);
        let now = 0;
        let sum = 0;
        for (const { wait, times } of bursts) {
          now += wait;
          sum += taken(share, 'a', times, now);
          expect(sum).toBeLessThanOrEqual(30 + (now * 30) / MINUTE + 1e-6);
        }
      }),
    );
  });

  it('is one for each kind of event: requests hold up no revocation; made-up kinds are one', () => {
    const of = (type: string, account = '444444444444') => senderOf({ account, 'detail-type': type });
    const kinds = [
      'Access Requested',
      'Access Decision Made',
      'Access Extension Requested',
      'Access Revocation Requested',
    ];
    expect(new Set([...kinds, 'one', 'other'].map(kind => of(kind))).size).toBe(kinds.length + 1);
    expect(of('one')).toBe(of('another'));
    expect(of('Access Requested')).not.toBe(of('Access Requested', '333333333333'));
  });
});
