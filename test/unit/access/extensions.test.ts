import { describe, expect, it } from 'vitest';
import { toldDetail } from '../../../events/told.ts';
import { laterBy, type RequestState } from '../../../shared/access/access-request.ts';
import { enforceRequest } from '../../../shared/access/enforce-request.ts';
import { takeAccessEvent } from '../../../shared/access/take-access-event.ts';
import type { TakeServices } from '../../../shared/access/take-services.ts';
import type { ToldEvent } from '../../../shared/telling/told-event.ts';
import { ANALYTICS, AVIATION, envelope, FORECAST, MESH, POLICIES, STEWARD } from '../../property/sample-mesh.ts';
import { eachRig, PAIR } from './enforce-rig.ts';
import { ANALYST, APPROVED, DENIED, END, ENDED, ENDING, FLIGHTS, NOW, WAITING } from './samples.ts';

const rig = eachRig();
const LATER = '2027-01-20T09:00:00.000Z';
let events = 0;

function services(more: Partial<TakeServices> = {}): TakeServices {
  const { ledger, outbox, announcer } = rig().services;
  const processes = {
    start: async () => {},
    wake: async () => {},
    enforceNow: async () => {},
    workNow: async () => {},
  };
  const common = { mesh: MESH, policies: POLICIES, leaving: { among: async () => [] }, processes };
  const { catalog } = rig().services;
  return { ...common, ledger, outbox, announcer, catalog, now: () => rig().now, ...more };
}

/** A grant that Lake Formation has. */
async function granted(purpose: 'research' | 'reporting', expiresAt = END): Promise<void> {
  await rig().given(APPROVED, expiresAt);
  const stored = rig().ledger.requests.get('r1');
  if (stored) stored.value.purpose = purpose;
  await enforceRequest(rig().services, 'r1');
  rig().told.length = 0;
}

async function extend(
  data: Record<string, unknown> = { expiresAt: LATER },
  {
    account = ANALYTICS,
    eventId = `e${events++}`,
    more = {},
  }: { account?: string; eventId?: string; more?: Partial<TakeServices> } = {},
): Promise<void> {
  const event = envelope(account, 'Access Extension Requested', rig().now, eventId, { requestId: 'r1', ...data });
  await takeAccessEvent(services(more), event);
}

async function answer(data: Record<string, unknown> = {}, account = AVIATION, time = rig().now): Promise<void> {
  const whole = { requestId: 'r1', decision: 'approved', approver: STEWARD, ...data };
  await takeAccessEvent(services(), envelope(account, 'Access Decision Made', time, `e${events++}`, whole));
}

const request = () => rig().ledger.requests.get('r1')?.value;
const extension = () => {
  const state = request()?.state;
  return state?.status === 'granted' ? state.extension : undefined;
};
const last = () => rig().told.at(-1)?.data as { reasons: string[]; expiresAt: string; question?: string };

describe('an extension', () => {
  it('is given at once where policy says so: the end changes, and nothing in Lake Formation', async () => {
    await granted('reporting');
    const calls = rig().lake.changes.length;
    await extend();
    expect(request()).toMatchObject({ expiresAt: LATER, state: { status: 'granted', extendedAt: NOW } });
    expect((await rig().ledger.loadPair(PAIR)).grants).toMatchObject([{ requestId: 'r1', expiresAt: LATER }]);
    expect(rig().types()).toEqual(['Access Extended']);
    expect(last()).toMatchObject({ expiresAt: LATER });
    const [{ type, eventId, data } = {} as ToldEvent] = rig().told;
    expect(toldDetail(type).safeParse({ metadata: { eventId }, data }).success).toBe(true);
    // The old end passes, the new one ends it.
    rig().now = END;
    await enforceRequest(rig().services, 'r1');
    expect(request()?.state.status).toBe('granted');
    expect(rig().lake.changes.length).toBe(calls);
    rig().now = LATER;
    await enforceRequest(rig().services, 'r1');
    expect(request()?.state.status).toBe('ended');
  });

  it('is asked of the owner where policy leaves it to the owner, and the old end holds meanwhile', async () => {
    await granted('research');
    await extend();
    expect(rig().told).toMatchObject([
      {
        type: 'Access Approval Needed',
        destinations: ['hub', AVIATION],
        data: { question: 'extension', expiresAt: LATER },
      },
    ]);
    expect(request()).toMatchObject({ expiresAt: END, state: { status: 'granted', extension: { expiresAt: LATER } } });
    await answer({ reason: 'Go on.' });
    expect(request()?.expiresAt).toBe(LATER);
    expect(extension()).toBeUndefined();
    expect(rig().types()).toEqual(['Access Approval Needed', 'Access Extended']);
    expect(last().reasons).toEqual(['Go on.']);
  });

  it('can be given for less, never for more, and not by the one who asks', async () => {
    await granted('research');
    await extend();
    await answer({ expiresAt: laterBy(LATER, 1) });
    await answer({ expiresAt: END });
    await answer({ columns: ['origin'] });
    await answer({ approver: ANALYST });
    await answer({}, FORECAST);
    expect(rig().types().slice(1)).toEqual(Array(5).fill('Event Refused'));
    expect(request()?.expiresAt).toBe(END);
    const less = laterBy(END, 86_400_000);
    await answer({ expiresAt: less });
    expect(request()?.expiresAt).toBe(less);
  });

  it('that is denied, by the owner or for want of an answer, leaves the end as it was and says so', async () => {
    await granted('research');
    await extend();
    await answer({ decision: 'denied', reason: 'Enough.' });
    expect(last()).toMatchObject({ question: 'extension', expiresAt: END });
    expect(last().reasons.join(' ')).toMatch(/Enough.*goes on until 2026-12-21/);
    await extend();
    rig().now = laterBy(NOW, 7 * 86_400_000);
    await enforceRequest(rig().services, 'r1');
    expect(last()).toMatchObject({ question: 'extension', expiresAt: END });
    expect(last().reasons[0]).toMatch(/Nobody .* answered/);
    expect(request()).toMatchObject({ expiresAt: END, state: { status: 'granted' } });
    expect(extension()).toBeUndefined();
  });

  it('is denied by policy with its reasons, for another purpose too, and where it would lose a column', async () => {
    await granted('reporting');
    await extend({ expiresAt: LATER, purpose: 'marketing' });
    expect(last().reasons[0]).toBe('nobody may read for marketing');
    const keepsBack = {
      ...POLICIES,
      decideRequest: (question: Parameters<typeof POLICIES.decideRequest>[0]) => ({
        ...POLICIES.decideRequest(question),
        refusedColumns: [{ name: 'delay', reasons: ['delays are secret now'] }],
      }),
    };
    await extend({ expiresAt: LATER }, { more: { policies: keepsBack } });
    expect(last().reasons.join(' ')).toMatch(/delay of aviation_ops.flights .* delays are secret now.*goes on until/);
    expect(rig().types()).toEqual(['Access Denied', 'Access Denied']);
    expect(request()?.expiresAt).toBe(END);
  });

  it('of a table that is gone, or gone at its source, is denied', async () => {
    await granted('reporting');
    const flights = rig().catalog.get(FLIGHTS)!;
    rig().catalog.set(FLIGHTS, { ...flights, missingSince: NOW });
    await extend();
    rig().catalog.clear();
    await extend();
    expect(rig().told.map(({ data }) => (data as { reasons: string[] }).reasons[0])).toEqual([
      expect.stringContaining('gone at its source'),
      expect.stringContaining('no table aviation_ops.flights'),
    ]);
  });

  it('has its effect once: sent again, under another id, or replayed after it was denied', async () => {
    await granted('research');
    await extend({ expiresAt: LATER }, { eventId: 'one' });
    await extend({ expiresAt: LATER }, { eventId: 'one' });
    await extend({ expiresAt: LATER }, { eventId: 'two' });
    expect(rig().types()).toEqual(['Access Approval Needed']);
    await extend({ expiresAt: laterBy(LATER, 1000) });
    expect(last().reasons[0]).toMatch(/waits for the owner/);
    await answer({ decision: 'denied' });
    const before = rig().types();
    await extend({ expiresAt: LATER }, { eventId: 'two' });
    await extend({ expiresAt: LATER }, { eventId: 'one' });
    expect(rig().types()).toEqual(before);
  });

  it('is not approved by an answer from before it was asked', async () => {
    await granted('research');
    rig().now = laterBy(NOW, 60_000);
    await extend();
    await answer({}, AVIATION, NOW);
    expect(rig().types()).toEqual(['Access Approval Needed', 'Event Refused']);
  });

  it.each<[string, RequestState, RegExp]>([
    ['waits', WAITING, /waits for its owner/],
    ['is not provisioned', { ...APPROVED, attempts: 1 }, /not provisioned yet/],
    ['is ending', ENDING, /has ended\. Request it anew/],
    ['has ended', ENDED, /has ended\. Request it anew/],
    ['was denied', DENIED, /was denied\. Request anew/],
  ])('of what %s is refused, with what to do', async (_, state, reason) => {
    await rig().given(state);
    rig().told.length = 0;
    await extend();
    expect(rig().types()).toEqual(['Event Refused']);
    expect(last().reasons[0]).toMatch(reason);
  });

  it('of another account, to an earlier end, or at its end is refused', async () => {
    await granted('reporting');
    await extend({ expiresAt: LATER }, { account: FORECAST });
    await extend({ expiresAt: laterBy(END, -1000) });
    rig().now = END;
    await extend();
    expect(rig().told.map(({ data }) => (data as { reasons: string[] }).reasons[0])).toEqual([
      expect.stringContaining('no access r1 to extend'),
      expect.stringContaining('revoke it'),
      expect.stringContaining('has ended'),
    ]);
    expect(request()?.expiresAt).toBe(END);
  });
});

describe('a question that waits', () => {
  const reminders = () => rig().told.map(({ type, data }) => [type, (data as { reminder?: number }).reminder]);

  it('is put again half-way and a day before its time is over, once each', async () => {
    await rig().given(WAITING);
    for (let hour = 0; hour < 7 * 24; hour += 6) {
      rig().now = laterBy(NOW, hour * 3_600_000);
      await enforceRequest(rig().services, 'r1');
      await enforceRequest(rig().services, 'r1');
    }
    expect(reminders()).toEqual([
      ['Access Approval Needed', 1],
      ['Access Approval Needed', 2],
    ]);
    expect(rig().told[0]).toMatchObject({ destinations: ['hub', AVIATION], data: { question: 'request' } });
  });

  it('is put again once where both times have passed', async () => {
    await rig().given(WAITING);
    rig().now = laterBy(WAITING.answerBy, -1000);
    await enforceRequest(rig().services, 'r1');
    expect(reminders()).toEqual([['Access Approval Needed', 2]]);
    rig().now = WAITING.answerBy;
    await enforceRequest(rig().services, 'r1');
    expect(rig().types()).toEqual(['Access Approval Needed', 'Access Denied']);
  });

  it('about an extension is put again too, with the end that is asked for', async () => {
    await granted('research');
    await extend();
    rig().now = laterBy(NOW, 3.5 * 86_400_000);
    await enforceRequest(rig().services, 'r1');
    expect(rig().told.at(-1)).toMatchObject({
      type: 'Access Approval Needed',
      data: { question: 'extension', reminder: 1, expiresAt: LATER, purpose: 'research' },
    });
  });
});
