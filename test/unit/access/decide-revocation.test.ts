import { describe, expect, it } from 'vitest';
import { decideRevocation } from '../../../shared/access/decide-revocation.ts';
import { ANALYTICS, AVIATION, FORECAST, HUB, MESH } from '../../property/sample-mesh.ts';
import { APPROVED, DENIED, ENDED, ENDING, GRANTED, NOW, requestIn, WAITING } from './samples.ts';

const REVOKE = { requestId: 'r1', reason: 'the project is over' };

describe('a revocation', () => {
  it.each([
    ['the consumer', ANALYTICS],
    ['the owner', AVIATION],
    ['the hub', HUB],
  ])('by %s ends access at once', (_, account) => {
    const ruling = decideRevocation(REVOKE, account, { mesh: MESH, request: requestIn(GRANTED), now: NOW });
    expect(ruling).toMatchObject({
      kind: 'revoked',
      request: { version: 2, state: { status: 'ending', cause: 'requested', since: NOW } },
    });
  });

  it('ends what was approved and is not provisioned yet', () => {
    const ruling = decideRevocation(REVOKE, HUB, { mesh: MESH, request: requestIn(APPROVED), now: NOW });
    expect(ruling).toMatchObject({ kind: 'revoked', request: { state: { status: 'ending' } } });
  });

  it('withdraws a request that still waits', () => {
    const ruling = decideRevocation(REVOKE, ANALYTICS, { mesh: MESH, request: requestIn(WAITING), now: NOW });
    expect(ruling).toMatchObject({
      request: { state: { status: 'denied', reasons: ['Withdrawn: the project is over'] } },
    });
  });

  it.each([ENDING, ENDED, DENIED])('of a request that is $status changes nothing', state => {
    expect(decideRevocation(REVOKE, HUB, { mesh: MESH, request: requestIn(state), now: NOW })).toEqual({
      kind: 'repeated',
    });
  });

  it('by anybody else is refused like one of a request that is not there', () => {
    const other = decideRevocation(REVOKE, FORECAST, { mesh: MESH, request: requestIn(GRANTED), now: NOW });
    const none = decideRevocation(REVOKE, FORECAST, { mesh: MESH, request: undefined, now: NOW });
    expect(other).toEqual(none);
    expect(other).toMatchObject({ kind: 'refused', reasons: [expect.stringContaining('no request r1')] });
  });

  it.each([{ principal: 'arn:aws:iam::444444444444:role/Other' }, { product: 'aviation/flights' }])(
    'of a request is refused with another subject beside it: %o',
    beside => {
      const request = requestIn(GRANTED);
      expect(decideRevocation({ ...REVOKE, ...beside }, HUB, { mesh: MESH, request, now: NOW }).kind).toBe('refused');
      const own = { ...REVOKE, principal: request.principal };
      expect(decideRevocation(own, HUB, { mesh: MESH, request, now: NOW }).kind).toBe('revoked');
    },
  );
});
