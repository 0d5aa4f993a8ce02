import { describe, expect, it } from 'vitest';
import { toldDetail } from '../../../events/told.ts';
import type { RequestState } from '../../../shared/access/access-request.ts';
import { recordStep } from '../../../shared/access/record-step.ts';
import type { ToldEvent } from '../../../shared/telling/told-event.ts';
import { ANALYTICS, AVIATION, MESH } from '../../property/sample-mesh.ts';
import {
  APPROVED,
  DENIED,
  END,
  ENDED,
  ENDING,
  FLIGHTS,
  GRANTED,
  grantOf,
  NOW,
  readingOf,
  requestIn,
  WAITING,
} from './samples.ts';

function stepTo(state: RequestState, more = {}) {
  return recordStep(MESH, requestIn(state, more), [readingOf()], {
    at: NOW,
    reasons: ['fine'],
    links: ['trellis_x.y'],
  });
}

/** What the event's readers are promised. */
function detailOf({ type, eventId, data }: ToldEvent) {
  return toldDetail(type).safeParse({ metadata: { eventId }, data });
}

describe('whom a step concerns', () => {
  it('is also the owner of the table, if the mesh has one', () => {
    expect(stepTo(GRANTED)).toMatchObject({ owner: AVIATION });
    expect(stepTo(DENIED, { domain: '' })).not.toHaveProperty('owner');
  });
});

describe('what a step tells', () => {
  it.each([
    ['waiting', WAITING, 'Access Approval Needed', ['hub', AVIATION]],
    ['granted', GRANTED, 'Access Granted', ['hub', ANALYTICS, AVIATION]],
    ['expiring', { ...GRANTED, expiringToldAt: NOW } as RequestState, 'Access Expiring', ['hub', ANALYTICS]],
    ['ended', ENDED, 'Access Revoked', ['hub', ANALYTICS, AVIATION]],
    ['denied', DENIED, 'Access Denied', ['hub', ANALYTICS]],
  ])('%s: one event, as its schema says, to those whom it concerns', (_, state, type, destinations) => {
    const { tell } = stepTo(state);
    expect(tell.map(event => event.type)).toEqual([type]);
    expect(tell[0]?.destinations).toEqual(destinations);
    expect(tell.map(event => detailOf(event).success)).toEqual([true]);
  });

  it.each([
    ['approved', APPROVED],
    ['ending', ENDING],
  ])('%s: nothing yet', (_, state) => {
    expect(stepTo(state).tell).toEqual([]);
  });

  it('says the row filter where there is one', () => {
    const terms = [{ table: FLIGHTS, columns: ['origin'], rowFilter: 'delay > 5' }];
    const [filtered] = stepTo(GRANTED, { terms }).tell;
    expect(filtered?.data).toMatchObject({ rowFilter: 'delay > 5', links: ['trellis_x.y'], reasons: ['fine'] });
    expect(filtered && detailOf(filtered).success).toBe(true);
    expect(stepTo(GRANTED).tell[0]?.data).not.toHaveProperty('rowFilter');
  });

  it('says no reasons and no links where it has none', () => {
    const { tell } = recordStep(MESH, requestIn(GRANTED), [], { at: NOW });
    expect(tell[0]?.data).toMatchObject({ reasons: [], links: [] });
  });

  it('has one id for one step, and another for another', () => {
    const id = (version: number) => stepTo(GRANTED, { version }).tell[0]?.eventId;
    expect(id(3)).toBe(id(3));
    expect(id(3)).not.toBe(id(4));
  });

  it('goes to the consumer alone when the domain has left the mesh', () => {
    const gone = { domain: 'gone' };
    expect(stepTo(ENDED, gone).tell[0]?.destinations).toEqual(['hub', ANALYTICS]);
    expect(stepTo(WAITING, gone).tell[0]?.destinations).toEqual(['hub']);
  });

  it('denies a request without terms in a way that its schema takes', () => {
    const [denied] = stepTo(DENIED, { terms: [] }).tell;
    expect(denied && detailOf(denied).success).toBe(true);
  });
});

describe('what a step does to the grants', () => {
  it('adds the grant once, when the request is approved', () => {
    const { pairs } = recordStep(MESH, requestIn(APPROVED), [readingOf(grantOf('other', ['destination']))], {
      at: NOW,
    });
    expect(pairs[0]?.put).toEqual({ requestId: 'r1', columns: ['origin', 'delay'], rowFilter: null, expiresAt: END });
    const [filter] = Object.values(pairs[0]?.after.applied ?? {});
    expect(filter?.columns).toEqual(['delay', 'destination', 'origin']);
  });

  it('takes it away when the request is ending, and keeps the others', () => {
    const reading = readingOf(grantOf('r1', ['delay']), grantOf('other'));
    const { pairs } = recordStep(MESH, requestIn(ENDING), [reading], { at: NOW });
    expect(pairs[0]?.remove).toBe('r1');
    expect(Object.values(pairs[0]?.after.applied ?? {}).map(({ columns }) => columns)).toEqual([['origin']]);
  });

  it.each([
    ['waiting', WAITING],
    ['granted', GRANTED],
    ['approved, after a failed attempt', { ...APPROVED, attempts: 1 } as RequestState],
    ['ended', ENDED],
    ['denied', DENIED],
  ])('leaves them alone when it is %s', (_, state) => {
    expect(stepTo(state).pairs).toEqual([]);
  });

  it('takes away what the request no longer has terms for', () => {
    const { pairs } = stepTo(APPROVED, { terms: [] });
    expect(pairs).toMatchObject([{ remove: 'r1' }]);
    expect(pairs[0]).not.toHaveProperty('put');
  });
});

describe('what a step records', () => {
  it('is its cause, its time, and when something is due next', () => {
    const cause = { account: ANALYTICS, eventId: 'e1' };
    const transition = recordStep(MESH, requestIn(WAITING), [], { at: NOW, cause });
    expect(transition).toMatchObject({ at: NOW, cause, requestDueAt: '2026-11-24T21:00:00.000Z' });
    expect(recordStep(MESH, requestIn(DENIED), [], { at: NOW })).not.toHaveProperty('cause');
  });
});
