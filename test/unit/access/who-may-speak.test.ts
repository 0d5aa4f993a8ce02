/** Every kind of event from every kind of account, and what comes of it. What the buses let in is in test/deployment/who-may-put.test.ts. */
import { describe, expect, it } from 'vitest';
import { directMark } from '../../../shared/mesh/direct-decisions.ts';
import type { Mesh } from '../../../shared/mesh/mesh.ts';
import { ANALYTICS, AVIATION, FORECAST, HUB, MESH, STEWARD } from '../../property/sample-mesh.ts';
import { ANALYST, END, FLIGHTS } from './samples.ts';
import { refusalIn, TakeRig } from './take-rig.ts';

const CLIMATE = '333333333333';
const LEFT = '666666666666';
const UNKNOWN = '999999999999';
const mesh: Mesh = {
  ...MESH,
  domains: {
    ...MESH.domains,
    climate: {
      account: CLIMATE,
      databases: '*',
      prefixes: ['s3://climate/'],
      stewards: [`arn:aws:iam::${CLIMATE}:role/Steward`],
      policies: 'policies/climate',
      decisions: 'events',
    },
  },
  consumers: { ...MESH.consumers, abroad: { account: '777777777777', outsideOrganization: true } },
};

/** Aviation owns the table; analytics asked for it. */
const WHO: Record<string, string> = {
  'the owner': AVIATION,
  'another domain': CLIMATE,
  'the consumer': ANALYTICS,
  'another consumer': FORECAST,
  'a consumer outside the organization': '777777777777',
  'the hub': HUB,
  'an account that has left': LEFT,
  'an account that nobody knows': UNKNOWN,
};
type Who = keyof typeof WHO;
const everybody = Object.keys(WHO) as Who[];
const strangers: Who[] = ['an account that has left', 'an account that nobody knows'];

const role = (account: string) => `arn:aws:iam::${account}:role/Somebody`;

interface Kind {
  type: string;
  /** What it says, from an account. */
  data(account: string): Record<string, unknown>;
  /** In which state the request of analytics is when it comes; none where there is none yet. */
  given?: 'waiting' | 'approved';
  /** Who is heard, and in which state that leaves the request. */
  heard: Partial<Record<Who, string>>;
  /** What the others are told who belong to the mesh. */
  refusal: RegExp;
}

const request = (principal: string, purpose = 'research') => ({
  requestId: 'r1',
  principal,
  tables: [FLIGHTS],
  purpose,
  expiresAt: END,
});
const members = everybody.filter(who => !strangers.includes(who));

const KINDS: Record<string, Kind> = {
  'a request for a principal of the own account': {
    type: 'Access Requested',
    data: account => request(role(account)),
    heard: Object.fromEntries(members.map(who => [who, 'waiting'])),
    refusal: /never/,
  },
  "a request for the consumer's principal": {
    type: 'Access Requested',
    data: () => request(ANALYST),
    heard: { 'the consumer': 'waiting' },
    refusal: /is not of the account that asks, .* Ask from the principal's own account/,
  },
  'a yes': {
    type: 'Access Decision Made',
    data: () => ({ requestId: 'r1', decision: 'approved', approver: STEWARD }),
    given: 'waiting',
    heard: { 'the owner': 'approved' },
    refusal: /No request r1 waits for an answer of account/,
  },
  'a no': {
    type: 'Access Decision Made',
    data: () => ({ requestId: 'r1', decision: 'denied', approver: STEWARD }),
    given: 'waiting',
    heard: { 'the owner': 'denied' },
    refusal: /No request r1 waits for an answer of account/,
  },
  'a yes by a steward of the own account': {
    type: 'Access Decision Made',
    data: account => ({ requestId: 'r1', decision: 'approved', approver: `arn:aws:iam::${account}:role/Steward` }),
    given: 'waiting',
    heard: { 'the owner': 'approved' },
    refusal: /No request r1 waits for an answer of account/,
  },
  'a revocation of access': {
    type: 'Access Revocation Requested',
    data: () => ({ requestId: 'r1', reason: 'over' }),
    given: 'approved',
    heard: { 'the owner': 'ending', 'the consumer': 'ending', 'the hub': 'ending' },
    refusal: /has no request r1 to revoke/,
  },
  "a revocation of all that the consumer's principal has": {
    type: 'Access Revocation Requested',
    data: () => ({ principal: ANALYST, reason: 'over' }),
    given: 'approved',
    // Done later, by its own piece of work.
    heard: Object.fromEntries(['the owner', 'another domain', 'the consumer', 'the hub'].map(who => [who, 'approved'])),
    refusal: /is not of account .*, which has no tables/,
  },
  'a later end of what is not granted yet': {
    type: 'Access Extension Requested',
    data: () => ({ requestId: 'r1', expiresAt: '2027-06-01T00:00:00.000Z' }),
    given: 'approved',
    heard: {},
    refusal: /has no access r1 to extend|is not provisioned yet/,
  },
  'a revocation of what waits': {
    type: 'Access Revocation Requested',
    data: () => ({ requestId: 'r1', reason: 'over' }),
    given: 'waiting',
    heard: { 'the owner': 'denied', 'the consumer': 'denied', 'the hub': 'denied' },
    refusal: /has no request r1 to revoke/,
  },
  'a kind that there is not': {
    type: 'Access Wished For',
    data: () => request(ANALYST),
    given: 'waiting',
    heard: {},
    refusal: /Access Wished For is no event that Trellis takes/,
  },
  'what Trellis itself tells': {
    type: 'Access Granted',
    data: () => ({ requestId: 'r1', principal: ANALYST, tables: [FLIGHTS] }),
    given: 'waiting',
    heard: {},
    refusal: /Access Granted is no event that Trellis takes/,
  },
};

/** A mesh in which the request of analytics has come so far. */
async function rigGiven(given: Kind['given']): Promise<TakeRig> {
  const rig = new TakeRig(mesh);
  const purpose = given === 'approved' ? 'reporting' : 'research';
  if (given) await rig.take(rig.event(ANALYTICS, 'Access Requested', request(ANALYST, purpose)));
  expect(rig.status('r1')).toBe(given);
  return rig;
}

const cases = Object.entries(KINDS).flatMap(([name, kind]) => everybody.map(who => ({ name, who, kind })));

describe('who may speak', () => {
  it.each(cases)('$name, from $who', async ({ who, kind }) => {
    const rig = await rigGiven(kind.given);
    const account = WHO[who] ?? '';
    const event = rig.event(account, kind.type, kind.data(account));
    const told = await rig.take(event);
    const heard = kind.heard[who];
    expect(rig.status('r1')).toBe(heard ?? kind.given);
    if (heard !== undefined) {
      expect(refusalIn(told)).toBe('');
    } else {
      expect(refusalIn(told)).toMatch(strangers.includes(who) ? /is not in the mesh/ : kind.refusal);
      // Told to the hub, and to whoever sent it where it has a bus of the mesh.
      expect(told[0]?.destinations).toEqual(strangers.includes(who) ? ['hub'] : ['hub', account]);
    }
    // A delivery more, or a replay, changes nothing and tells nobody.
    expect(await rig.take({ ...event, 'replay-name': 'again' })).toEqual([]);
    expect(rig.status('r1')).toBe(heard ?? kind.given);
  });

  it('is no other by what an event claims: neither source nor resources nor region', async () => {
    const rig = await rigGiven('waiting');
    const data = { requestId: 'r1', decision: 'approved', approver: STEWARD, account: AVIATION };
    const event = { ...rig.event(ANALYTICS, 'Access Decision Made', data), resources: [STEWARD], region: 'eu-west-1' };
    expect(refusalIn(await rig.take({ ...event, source: 'trellis' }))).toMatch(/No request r1 waits/);
    expect(rig.status('r1')).toBe('waiting');
  });
});

describe("a decision of a domain with decisions: direct, whose bus lets in stewards' own puts alone", () => {
  const aviation = { ...mesh.domains.aviation!, decisions: 'direct' as const };
  const direct: Mesh = { ...mesh, domains: { ...mesh.domains, aviation } };
  const yes = { requestId: 'r1', decision: 'approved', approver: STEWARD };

  async function decide(
    marks: string[] | undefined,
    account = AVIATION,
  ): Promise<{ refusal: string; status?: string }> {
    const rig = await rigGiven('waiting');
    rig.services.mesh = direct;
    if (marks) rig.services.directDecisions = marks;
    const refusal = refusalIn(await rig.take(rig.event(account, 'Access Decision Made', yes)));
    return { refusal, status: rig.status('r1') ?? '' };
  }

  it('counts where the stack holds to the stewards of the mesh in force', async () => {
    expect(await decide([directMark('aviation', aviation)])).toEqual({ refusal: '', status: 'approved' });
  });

  it.each([
    ['does not say what it holds to', undefined],
    ['holds to nobody', ['none']],
    ['holds to those of another domain', [directMark('climate', aviation)]],
    ['still holds to other stewards', [directMark('aviation', { ...aviation, stewards: [STEWARD] })]],
    ['still holds to another account', [directMark('aviation', { ...aviation, account: CLIMATE })]],
  ])('is refused with what to do where the stack %s', async (_, marks) => {
    const { refusal, status } = await decide(marks);
    expect(refusal).toMatch(/count only as direct puts of its stewards .* deploys its stack .* then answer again/);
    expect(status).toBe('waiting');
  });

  it('says nothing of the domain to anybody else', async () => {
    expect((await decide(undefined, CLIMATE)).refusal).toMatch(/^No request r1 waits for an answer of account/);
  });

  it('is asked for as such', async () => {
    const rig = new TakeRig(direct);
    const [asked] = await rig.take(rig.event(ANALYTICS, 'Access Requested', request(ANALYST)));
    expect(asked).toMatchObject({ type: 'Access Approval Needed', data: { decisions: 'direct' } });
  });
});
