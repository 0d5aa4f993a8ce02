import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type AccessRequest,
  accountOf,
  type Instant,
  laterBy,
  type RequestState,
} from '../../../shared/access/access-request.ts';
import { decideBulkRevocation } from '../../../shared/access/bulk-revocation.ts';
import { recordStep } from '../../../shared/access/record-step.ts';
import { type BulkServices, revokeInBulk } from '../../../shared/access/revoke-in-bulk.ts';
import { BulkRevocationTable } from '../../../shared/aws/bulk-revocation-table.ts';
import { LedgerTable } from '../../../shared/aws/ledger-table.ts';
import { OutboxTable } from '../../../shared/aws/outbox-table.ts';
import type { ToldEvent } from '../../../shared/telling/told-event.ts';
import { MemoryLake } from '../../property/memory-lake.ts';
import {
  ANALYTICS,
  AVIATION,
  description,
  FORECAST,
  HUB,
  MESH,
  PRINCIPALS,
  TABLES,
} from '../../property/sample-mesh.ts';
import { Ledgers } from '../offboarding/ledger-on-disk.ts';
import { Mortal } from '../offboarding/mortal.ts';
import { EnforceRig } from './enforce-rig.ts';
import { GRANTED, requestIn, WAITING } from './samples.ts';

/** Revocations of many over the embedded DynamoDB. */

const NOW = '2026-11-21T10:00:00.000Z';
const [ANALYST, REGIONAL, MODEL] = PRINCIPALS;
const [FLIGHTS, AIRPORTS] = TABLES;
let ledgers: Ledgers;

beforeAll(async () => {
  ledgers = await Ledgers.open();
}, 60_000);
afterAll(() => ledgers.close());

async function world() {
  const process = new Mortal();
  const disk = await ledgers.create(process);
  const told: ToldEvent[] = [];
  const woken: string[] = [];
  const lake = new MemoryLake();
  let now: Instant = NOW;
  let holders = 0;
  const documents = disk.documents;
  const watched = process.watch(lake);
  const services: BulkServices = {
    mesh: MESH,
    ledger: new LedgerTable(documents, disk.TableName),
    revocations: new BulkRevocationTable(documents, disk.TableName),
    lake: watched,
    catalog: { describe: async table => description(table) },
    links: watched,
    shares: watched,
    outbox: new OutboxTable(documents, disk.TableName, () => now),
    announcer: {
      announce: async events => {
        told.push(...events);
        return [];
      },
    },
    wake: async token => void woken.push(token),
    report: () => {},
    now: () => now,
    deadline: () => laterBy(now, 60_000),
    newHolder: () => `holder ${holders++}`,
    pause: async () => {},
  };
  const steady = new LedgerTable(disk.steady, disk.TableName);
  const given = async (requestId: string, state: RequestState, principal: string, table: string) => {
    const terms = [{ table, columns: ['origin'], rowFilter: null }];
    const before: AccessRequest = requestIn(state, { requestId, principal, account: accountOf(principal), terms });
    const reading = await steady.loadPair({ principal, table });
    const approved = {
      status: 'approved' as const,
      approvedAt: NOW,
      attempts: 0,
      retryAt: NOW,
      reasons: [],
    } satisfies RequestState;
    if (state.status === 'granted') {
      await steady.commit(recordStep(MESH, { ...before, state: approved }, [reading], { at: NOW }));
      const granted = { ...before, version: 2, state: { ...state, approvedAt: NOW } };
      await steady.commit({ ...recordStep(MESH, granted, [], { at: NOW }), tell: [] });
    } else await steady.commit({ ...recordStep(MESH, before, [], { at: NOW }), tell: [] });
  };
  const begin = async (account: string, selector: { principal?: string; table?: string }, sentAt = NOW) => {
    const cause = { account, eventId: 'all-of-it' };
    const envelope = { time: sentAt, source: 'trellis.access', 'detail-type': 'Access Revocation Requested' };
    const ruling = decideBulkRevocation({ ...selector, reason: 'over' }, envelope, cause, MESH);
    if (ruling.kind === 'refused') return ruling.reasons[0];
    await steady.commit({ at: now, cause, revocation: ruling.revocation, pairs: [], tell: [] });
    return ruling.revocation.revocationId;
  };
  const id = (account: string) => `${account}#all-of-it`;
  return {
    process,
    services,
    told,
    woken,
    given,
    begin,
    disk,
    statusOf: async (requestId: string) => (await steady.loadRequest(requestId))?.state.status,
    pass: (account: string) => revokeInBulk(services, id(account)),
    later: (milliseconds: number) => {
      now = laterBy(now, milliseconds);
    },
    isDue: async () => (await disk.due('9999')).some(({ kind }) => kind === 'revocation'),
  };
}

async function withGrants() {
  const made = await world();
  await made.given('a-flights', GRANTED, ANALYST, FLIGHTS);
  await made.given('a-airports', GRANTED, ANALYST, AIRPORTS);
  await made.given('r-flights', GRANTED, REGIONAL, FLIGHTS);
  await made.given('m-flights', GRANTED, MODEL, FLIGHTS);
  await made.given('a-waits', WAITING, ANALYST, FLIGHTS);
  return made;
}

const ALL = ['a-flights', 'a-airports', 'r-flights', 'm-flights', 'a-waits'];

describe('a revocation of all that it selects', () => {
  it.each<[string, string, { principal?: string; table?: string }, string[]]>([
    ['the hub, of a principal', HUB, { principal: ANALYST }, ['a-flights', 'a-airports', 'a-waits']],
    ['the hub, of a table', HUB, { table: FLIGHTS }, ['a-flights', 'r-flights', 'm-flights', 'a-waits']],
    ['the hub, of a principal on a table', HUB, { principal: ANALYST, table: AIRPORTS }, ['a-airports']],
    ['the owner, of a table', AVIATION, { table: FLIGHTS }, ['a-flights', 'r-flights', 'm-flights', 'a-waits']],
    ['the owner, of a principal', AVIATION, { principal: MODEL }, ['m-flights']],
    ['the holder, of a principal', ANALYTICS, { principal: REGIONAL }, ['r-flights']],
    [
      'the holder, of a table: its own principals’',
      ANALYTICS,
      { table: FLIGHTS },
      ['a-flights', 'r-flights', 'a-waits'],
    ],
  ])('ends exactly that: by %s', async (_, account, selector, expected) => {
    const { begin, pass, later, statusOf, isDue, told } = await withGrants();
    await begin(account, selector);
    await pass(account);
    later(180_000);
    await pass(account);
    const over = await Promise.all(ALL.map(async each => [each, await statusOf(each)] as const));
    const ended = over.filter(([, status]) => status === 'ended' || status === 'denied').map(([each]) => each);
    expect(ended).toEqual(ALL.filter(each => expected.includes(each)));
    expect(await isDue()).toBe(false);
    // Each once, and nothing else.
    const said = told.map(({ type, data }) => `${type} ${(data as { requestId: string }).requestId}`);
    expect(said.sort()).toEqual(
      expected.map(each => `${each === 'a-waits' ? 'Access Denied' : 'Access Revoked'} ${each}`).sort(),
    );
  });

  it('is refused to those who may end nothing of it, with the reason', async () => {
    const { begin } = await world();
    expect(await begin(FORECAST, { principal: ANALYST })).toMatch(/not of account 555555555555, which has no tables/);
    expect(await begin(ANALYTICS, { principal: MODEL, table: FLIGHTS })).toMatch(/does not own aviation_ops.flights/);
    expect(await begin(HUB, { table: 'nowhere_ops.t' })).toMatch(/belongs to no domain/);
    const product = decideBulkRevocation(
      { product: 'aviation/flights', reason: 'over' },
      { time: NOW, source: 's', 'detail-type': 'd' },
      { account: HUB, eventId: 'e' },
      MESH,
    );
    expect(product).toMatchObject({
      kind: 'refused',
      reasons: [expect.stringMatching(/Products .* Name a principal/)],
    });
  });

  it('leaves what was made after it was sent', async () => {
    const { begin, pass, statusOf } = await withGrants();
    await begin(HUB, { principal: ANALYST }, laterBy(NOW, -30 * 60_000));
    await pass(HUB);
    // Asked before, at nine; approved at ten.
    expect([await statusOf('a-flights'), await statusOf('a-waits')]).toEqual(['granted', 'denied']);
  });

  it('answers its sender once where there is nothing, when that is certain', async () => {
    const { begin, pass, later, told, isDue } = await withGrants();
    await begin(HUB, { principal: `arn:aws:iam::${ANALYTICS}:role/Analist` });
    await pass(HUB);
    expect(told).toEqual([]);
    later(60_000);
    await pass(HUB);
    expect(told).toEqual([]);
    later(60_000);
    await pass(HUB);
    await pass(HUB);
    expect(told).toMatchObject([{ type: 'Event Refused', data: { eventId: 'all-of-it' } }]);
    expect(await isDue()).toBe(false);
  });

  it('finds what came into the ledger late', async () => {
    const { begin, pass, later, given, statusOf } = await withGrants();
    await begin(HUB, { principal: ANALYST });
    await pass(HUB);
    await given('a-late', GRANTED, ANALYST, FLIGHTS);
    later(120_000);
    await pass(HUB);
    expect(await statusOf('a-late')).toBe('ended');
  });

  it('is known by the event with each of its steps', async () => {
    const { begin, pass, disk } = await withGrants();
    await begin(HUB, { principal: MODEL });
    await pass(HUB);
    const steps = (await disk.items()).map(item => JSON.stringify(item));
    const [ending, ...others] = steps.filter(
      item => item.includes('request#m-flights') && item.includes('step#000003'),
    );
    expect(others).toEqual([]);
    expect(ending).toMatch(/"cause".*all-of-it/);
  });

  it.each(['before', 'after'] as const)(
    'is brought to its end, and told once, when the process dies %s any of its calls',
    async when => {
      for (let nth = 1, hasDied = true; hasDied; nth += 4) {
        const { process, begin, pass, later, statusOf, told, isDue } = await withGrants();
        await begin(HUB, { principal: ANALYST });
        Object.assign(process, { diesAt: process.calls + nth, when });
        await pass(HUB).catch(() => {});
        hasDied = process.isDead;
        process.revive();
        for (let minute = 0; minute < 4; minute++) {
          later(61_000);
          await pass(HUB);
        }
        expect([await statusOf('a-flights'), await statusOf('a-airports'), await statusOf('a-waits')]).not.toContain(
          'granted',
        );
        expect(told.filter(({ type }) => type === 'Event Refused')).toEqual([]);
        expect(await isDue(), `call ${nth}`).toBe(false);
      }
    },
    60_000,
  );

  it('ends many, some hundred a minute, and goes on where it was', async () => {
    const rig = new EnforceRig();
    rig.revocations.pageSize = 100;
    for (let index = 0; index < 700; index++) {
      const waiting = requestIn(
        { ...WAITING, askedAt: NOW, answerBy: laterBy(NOW, 86_400_000) },
        { requestId: `many-${index}` },
      );
      await rig.ledger.commit({ ...recordStep(MESH, waiting, [], { at: NOW }), tell: [] });
    }
    const cause = { account: HUB, eventId: 'all-of-it' };
    const envelope = { time: NOW, source: 'trellis.access', 'detail-type': 'Access Revocation Requested' };
    const ruling = decideBulkRevocation({ principal: ANALYST, reason: 'over' }, envelope, cause, MESH);
    if (ruling.kind === 'refused') throw new Error(ruling.reasons[0]);
    const { revocation } = ruling;
    await rig.ledger.commit({ at: NOW, cause, revocation, pairs: [], tell: [] });
    const denied = () =>
      [...rig.ledger.requests.values()].filter(({ value }) => value.state.status === 'denied').length;
    const counts: number[] = [];
    for (let minute = 0; minute < 5; minute++) {
      rig.now = laterBy(NOW, minute * 60_000);
      await revokeInBulk(rig.services, revocation.revocationId);
      counts.push(denied());
    }
    expect(counts).toEqual([300, 600, 700, 700, 700]);
    rig.now = laterBy(NOW, 10 * 60_000);
    await revokeInBulk(rig.services, revocation.revocationId);
    expect(rig.ledger.revocations.get(revocation.revocationId)?.value.doneAt).toBeDefined();
    expect(rig.types()).toEqual(Array(700).fill('Access Denied'));
  });
});
