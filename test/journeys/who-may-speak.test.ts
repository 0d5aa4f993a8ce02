/** Every kind of access event from every account, by both ways, on the running mesh. As a unit: test/unit/access/who-may-speak.test.ts. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ANALYTICS,
  AVIATION,
  administratorOf,
  CLIMATE,
  HUB,
  putEvent,
  roleArn,
  settle,
} from '../../local/story/actors.ts';
import { applyWithout } from './apply-without.ts';
import { newsOf } from './hearing.ts';
import { ANALYST, bootLivingMesh, HUB_BUS_ARN, type LivingMesh, STEWARD } from './living-mesh.ts';
import { deadLetters, entriesOn } from './traces.ts';

const WHO: Record<string, string> = { owner: AVIATION, 'other-domain': CLIMATE, consumer: ANALYTICS, hub: HUB };
/** On the default bus of one's own account, or straight on the hub's. What the hub puts on its own default bus is not forwarded. */
const PATHS: Record<string, string | undefined> = { forwarded: undefined, put: HUB_BUS_ARN };
const ways = Object.keys(WHO).flatMap(who =>
  Object.keys(PATHS)
    .filter(path => !(who === 'hub' && path === 'forwarded'))
    .map(path => ({ who, path })),
);

interface Kind {
  type: string;
  data(requestId: string, account: string): Record<string, unknown>;
  /** Whether a request of analytics waits under the id. */
  needsRequest: boolean;
  heard: string[];
  /** What is told to those who are heard. */
  answer: string;
  refusal: RegExp;
}
const terms = {
  tables: ['aviation_ops.birdstrikes'],
  columns: ['cost_total'],
  purpose: 'delay-study',
  durationDays: 1,
};
const KINDS: Record<string, Kind> = {
  own: {
    type: 'Access Requested',
    data: (requestId, account) => ({ requestId, principal: roleArn(account, 'Somebody'), ...terms }),
    needsRequest: false,
    heard: ['owner', 'other-domain', 'consumer', 'hub'],
    answer: 'Access Approval Needed',
    refusal: /never/,
  },
  foreign: {
    type: 'Access Requested',
    data: requestId => ({ requestId, principal: ANALYST, ...terms }),
    needsRequest: false,
    heard: ['consumer'],
    answer: 'Access Approval Needed',
    refusal: /is not of the account that asks/,
  },
  decision: {
    type: 'Access Decision Made',
    data: requestId => ({ requestId, decision: 'denied', approver: STEWARD }),
    needsRequest: true,
    heard: ['owner'],
    answer: 'Access Denied',
    refusal: /waits for an answer of account/,
  },
  revocation: {
    type: 'Access Revocation Requested',
    data: requestId => ({ requestId, reason: 'over' }),
    needsRequest: true,
    heard: ['owner', 'consumer', 'hub'],
    answer: 'Access Denied',
    refusal: /has no request .* to revoke/,
  },
  extension: {
    type: 'Access Extension Requested',
    data: requestId => ({ requestId, expiresAt: '2030-01-01T00:00:00.000Z' }),
    needsRequest: true,
    heard: [],
    answer: '',
    // The consumer's own is heard, and what it asks cannot be had.
    refusal: /has no access .* to extend|waits for its owner/,
  },
  unknown: {
    type: 'Access Wished For',
    data: requestId => ({ requestId }),
    needsRequest: false,
    heard: [],
    answer: '',
    refusal: /is no event that Trellis takes/,
  },
};
const cases = Object.entries(KINDS).flatMap(([name, kind]) =>
  ways.map(({ who, path }) => ({ id: `${name}-${who}-${path}`, who, path, kind })),
);

let living: LivingMesh;
/** What was told of each case's request after its event. */
const heard = new Map<string, { type: string; reasons: string }[]>();

const put = (account: string, type: string, data: Record<string, unknown>, bus?: string, source = 'trellis.access') =>
  putEvent(administratorOf(living.endpoint, account), source, type, data, bus ? { bus } : {});

beforeAll(async () => {
  living = await bootLivingMesh();
  const waiting = cases.filter(({ kind }) => kind.needsRequest);
  for (const { id } of waiting)
    await put(ANALYTICS, 'Access Requested', { requestId: id, principal: ANALYST, ...terms });
  const before = (await living.told()).length;
  for (const { id, who, path, kind } of cases) {
    const account = WHO[who] ?? '';
    await put(account, kind.type, kind.data(id, account), PATHS[path]);
  }
  for (const { type, data } of (await living.told()).slice(before)) {
    const id = String(data.requestId);
    const reasons = ((data.reasons as string[] | undefined) ?? []).join(' ');
    heard.set(id, [...(heard.get(id) ?? []), { type, reasons }]);
  }
}, 180_000);
afterAll(() => living?.stop());

describe('who may speak', () => {
  it.each(cases)('$id', ({ id, who, kind }) => {
    if (kind.heard.includes(who)) expect(heard.get(id)?.map(({ type }) => type)).toEqual([kind.answer]);
    else expect(heard.get(id)).toEqual([{ type: 'Event Refused', reasons: expect.stringMatching(kind.refusal) }]);
  });

  it('nobody but the hub as Trellis itself: the buses stop it, on both ways', async () => {
    const news = await newsOf(living);
    for (const who of ['owner', 'other-domain', 'consumer']) {
      const account = WHO[who] ?? '';
      const data = { requestId: 'faked', principal: ANALYST, tables: ['aviation_ops.flights'] };
      await expect(put(account, 'Access Granted', data, HUB_BUS_ARN, 'trellis')).rejects.toThrow(/not authorized/);
      // On its own bus it may say what it likes; it goes no further.
      await put(account, 'Access Granted', data, undefined, 'trellis');
    }
    await settle(living.endpoint);
    expect(await news()).toEqual([]);
  });

  it('consumers about contracts and pipelines not at all: the bus stops it, and the account keeps it', async () => {
    await expect(put(ANALYTICS, 'Contract Submitted', {}, HUB_BUS_ARN, 'trellis.contract')).rejects.toThrow(
      /not authorized/,
    );
    expect(await deadLetters(living.endpoint)).toEqual({});
    await put(ANALYTICS, 'Contract Submitted', {}, undefined, 'trellis.contract');
    await settle(living.endpoint);
    expect(await deadLetters(living.endpoint)).toEqual({ [`${ANALYTICS}/trellis-local-forward-dead`]: 1 });
  });

  it('an account that has left no more, though the bus still lets it in: it is refused, and nothing given', async () => {
    await applyWithout(living.mesh, { consumers: ['analytics'] });
    await settle(living.endpoint);
    const news = await newsOf(living);
    for (const [path, bus] of Object.entries(PATHS))
      await put(ANALYTICS, 'Access Requested', { requestId: `late-${path}`, principal: ANALYST, ...terms }, bus);
    await settle(living.endpoint);
    const refusal = { type: 'Event Refused', reasons: `Account ${ANALYTICS} is not in the mesh.` };
    expect(await news()).toEqual([refusal, refusal]);
    expect(await entriesOn(living.endpoint, 'aviation_ops.birdstrikes')).toEqual([]);
  });
});
