import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AccessRequest, RequestState } from '../../../shared/access/access-request.ts';
import { laterBy } from '../../../shared/access/access-request.ts';
import { doWork, type WorkServices } from '../../../shared/access/do-work.ts';
import { enforceRequest } from '../../../shared/access/enforce-request.ts';
import { leavingBehind } from '../../../shared/access/links-left-behind.ts';
import { recordStep } from '../../../shared/access/record-step.ts';
import { BulkRevocationTable } from '../../../shared/aws/bulk-revocation-table.ts';
import { DepartureLedger } from '../../../shared/aws/departure-ledger.ts';
import { LeavingTable } from '../../../shared/aws/leaving-table.ts';
import { leavingTablesKey } from '../../../shared/aws/ledger-keys.ts';
import { LedgerTable } from '../../../shared/aws/ledger-table.ts';
import { OutboxTable } from '../../../shared/aws/outbox-table.ts';
import { RedecisionTable } from '../../../shared/aws/redecision-table.ts';
import { ShareBackTable } from '../../../shared/aws/share-back-table.ts';
import type { LeavingThing } from '../../../shared/mesh/apply-leaving.ts';
import type { Mesh } from '../../../shared/mesh/mesh.ts';
import type { ToldEvent } from '../../../shared/telling/told-event.ts';
import { MemoryLake } from '../../property/memory-lake.ts';
import {
  ANALYTICS,
  AVIATION,
  CATALOG,
  FORECAST,
  MESH,
  POLICIES,
  PRINCIPALS,
  TABLES,
} from '../../property/sample-mesh.ts';
import { APPROVED, NOW, requestIn, WAITING } from '../access/samples.ts';
import { Ledgers } from './ledger-on-disk.ts';
import { Mortal } from './mortal.ts';

const [ANALYST, REGIONAL, MODEL] = PRINCIPALS;
const [FLIGHTS, AIRPORTS] = TABLES;
const ACCOUNT: LeavingThing = { kind: 'account', account: ANALYTICS };
const WITHOUT_ANALYTICS: Mesh = { ...MESH, consumers: { forecast: { account: FORECAST } } };
const DOMAIN: LeavingThing = { kind: 'domain', domain: 'aviation', account: AVIATION };

/** The requests that give the account something: granted, granted on the same table, and approved only. */
const LOST = ['approved', 'reads', 'reads-too'];

let ledgers: Ledgers;
beforeAll(async () => {
  ledgers = await Ledgers.open();
});
afterAll(() => ledgers.close());

/** A mesh of one domain and two consumers, with requests in every state; its clock moves by minutes. */
async function world(lost: readonly string[] = LOST) {
  const process = new Mortal();
  const disk = await ledgers.create(process);
  const lake = new MemoryLake();
  const told: ToldEvent[] = [];
  const reports: string[] = [];
  const woken: string[] = [];
  let now = NOW;
  let holders = 0;
  const watched = process.watch(lake);
  const standings = new ShareBackTable(disk.documents, disk.TableName, () => now);
  const redecisions = new RedecisionTable(disk.documents, disk.TableName, () => now);
  const services: WorkServices = {
    mesh: MESH,
    calledTables: redecisions,
    redecidedDomains: redecisions.domains,
    changedPolicies: redecisions.mesh,
    inForce: async () => ({ mesh: MESH, policies: POLICIES }),
    ledger: new LedgerTable(disk.documents, disk.TableName),
    departures: new DepartureLedger(disk.documents, disk.TableName),
    revocations: new BulkRevocationTable(disk.documents, disk.TableName),
    lake: watched,
    links: watched,
    shares: watched,
    standing: standings,
    domainStandings: standings,
    catalog: CATALOG,
    domainTables: { list: async () => ({ tables: [...TABLES] }) },
    outbox: new OutboxTable(disk.documents, disk.TableName, () => now),
    announcer: {
      announce: events =>
        process.call(async () => {
          told.push(...events);
          return [];
        }),
    },
    wake: token => process.call(async () => void woken.push(token)),
    report: message => void reports.push(message),
    now: () => now,
    deadline: () => laterBy(now, 60_000),
    newHolder: () => `holder ${holders++}`,
    pause: async milliseconds => {
      now = laterBy(now, milliseconds);
    },
  };
  const steady = { ...services, ledger: new LedgerTable(disk.steady, disk.TableName) };
  const given = async (
    requestId: string,
    principal: string,
    table: string,
    state: RequestState,
    account = ANALYTICS,
  ) => {
    const terms = [{ table, columns: ['origin'], rowFilter: null }];
    const request: AccessRequest = { ...requestIn(state), requestId, principal, account, terms };
    const pairs = [await steady.ledger.loadPair({ principal, table })];
    const transition = recordStep(MESH, request, pairs, { at: now });
    await steady.ledger.commit(transition);
    await services.outbox.clear(transition.tell.map(({ eventId }) => eventId));
  };
  await given('waits', REGIONAL, AIRPORTS, WAITING);
  await given('reads', ANALYST, FLIGHTS, APPROVED);
  await given('stays', MODEL, FLIGHTS, APPROVED, FORECAST);
  if (lost.includes('reads-too')) await given('reads-too', REGIONAL, FLIGHTS, APPROVED);
  for (const requestId of [...lost, 'stays']) await enforceRequest(services, requestId);
  if (lost.includes('approved')) await given('approved', ANALYST, AIRPORTS, APPROVED);
  await services.ledger.saveTaskToken('waits', 'token of waits');
  told.length = 0;
  process.calls = 0;

  const leaving = new LeavingTable(disk.steady, disk.TableName, () => now);
  return {
    lost,
    process,
    disk,
    lake,
    told,
    reports,
    woken,
    services,
    given,
    leaving,
    standings,
    now: () => now,
    async statusOf(requestId: string) {
      return (await steady.ledger.loadRequest(requestId))?.state;
    },
    /** All that is due, as the sweep finds it, and a minute passes, after which functions know the mesh. A process that dies leaves what it had to do. */
    async minute(meshAfter = services.mesh, seconds = 60) {
      for (const item of await disk.due(now)) {
        if (item.kind === 'leaving-tables' || item.kind === 'removal') continue;
        await doWork(services, item).catch(() => {});
      }
      process.revive();
      services.mesh = meshAfter;
      now = laterBy(now, seconds * 1000);
    },
  };
}
type World = Awaited<ReturnType<typeof world>>;

async function untilDone(one: World, thing: LeavingThing): Promise<void> {
  for (let minute = 0; minute < 12; minute++) {
    await one.minute(one.services.mesh, 120);
    if ((await one.leaving.read([thing]))[0]?.isDone) return;
  }
  throw new Error(`It has not left: ${one.reports.join('; ')}`);
}

async function expectGone(one: World): Promise<void> {
  for (const requestId of one.lost)
    expect(await one.statusOf(requestId), requestId).toMatchObject({ status: 'ended', cause: 'offboarded' });
  expect(await one.statusOf('waits')).toMatchObject({
    status: 'denied',
    reasons: [`Account ${ANALYTICS} has left the mesh.`],
  });
  expect((await one.statusOf('stays'))?.status).toBe('granted');
  expect(one.lake.accessByTrellis({ principal: MODEL, table: FLIGHTS })).toHaveLength(1);
  for (const principal of [ANALYST, REGIONAL])
    for (const table of TABLES) expect(one.lake.accessByTrellis({ principal, table })).toEqual([]);
  expect([...one.lake.links]).toEqual([`${FLIGHTS} ${FORECAST}`]);
  // Whoever keeps ids hears each once.
  const heard = new Map(
    one.told.map(event => [event.eventId, `${event.type} ${(event.data as { requestId: string }).requestId}`]),
  );
  expect([...heard.values()].sort()).toEqual(['Access Denied waits', ...one.lost.map(id => `Access Revoked ${id}`)]);
  expect((await one.disk.due('9999-01-01T00:00:00.000Z')).filter(item => item.kind !== 'request')).toEqual([]);
}

describe('an account that leaves', () => {
  it('loses all access with the first look, which tells each end once; its waiting machine goes on', async () => {
    const one = await world();
    await one.leaving.begin(ACCOUNT);
    await one.minute();
    await expectNoGrant(one);
    expect(one.told).toHaveLength(4);
    expect(one.woken).toEqual(['token of waits']);
  });

  it('is done only after nobody can know the mesh before: what came late is found', async () => {
    const one = await world();
    await one.leaving.begin(ACCOUNT);
    await one.minute();
    await one.minute();
    expect((await one.leaving.read([ACCOUNT]))[0]).toEqual({ isDone: false, grants: 0, tables: undefined });
    await one.given('late', ANALYST, FLIGHTS, APPROVED);
    await untilDone(one, ACCOUNT);
    expect(await one.statusOf('late')).toMatchObject({ status: 'ended', cause: 'offboarded' });
    expect(Date.parse(one.now()) - Date.parse(NOW)).toBeGreaterThanOrEqual(180_000);
  });

  it('that does not let Trellis in any more loses its access all the same; the links that stay are said', async () => {
    const one = await world();
    one.services.mesh = WITHOUT_ANALYTICS;
    const denied = Object.assign(new Error('no role'), { name: 'AccessDenied' });
    const links = { ensure: one.services.links.ensure, release: () => Promise.reject(denied) };
    one.services.links = leavingBehind(links, one.services.mesh, one.services.report);
    await one.leaving.begin(ACCOUNT);
    await untilDone(one, ACCOUNT);
    await expectNoGrant(one);
    expect(one.reports).toContainEqual(expect.stringContaining(`stays in the catalog of ${ANALYTICS}`));
  });

  it('waits for a link that fails for another reason, which keeps nothing else', async () => {
    const one = await world();
    const release = one.services.links.release.bind(one.services.links);
    let isBroken = true;
    one.services.links = {
      ensure: one.services.links.ensure,
      release: async (pair, isLast) => {
        if (isBroken && pair.table === AIRPORTS)
          throw Object.assign(new Error('busy'), { name: 'ThrottlingException' });
        await release(pair, isLast);
      },
    };
    await one.leaving.begin(ACCOUNT);
    for (let minute = 0; minute < 5; minute++) await one.minute();
    await expectNoGrant(one);
    expect((await one.leaving.read([ACCOUNT]))[0]).toMatchObject({ isDone: false, grants: 1 });
    expect(one.reports).toContainEqual(expect.stringContaining(`the access of ${ANALYST} to ${AIRPORTS} is not gone`));
    isBroken = false;
    await untilDone(one, ACCOUNT);
  });

  it('keeps a departure before from being taken for it', async () => {
    const one = await world();
    await one.leaving.begin(ACCOUNT);
    const departure = await one.services.departures.claim('account', ANALYTICS, NOW, NOW);
    await one.leaving.forget(ACCOUNT);
    await one.leaving.begin(ACCOUNT);
    if (departure) await one.services.departures.finish(departure, NOW);
    expect((await one.leaving.read([ACCOUNT]))[0]?.isDone).toBe(false);
  });

  it('is told nothing any more where its bus does not take events, once it has left', async () => {
    const one = await world();
    one.services.announcer = {
      announce: async events =>
        events
          .filter(({ destinations }) => destinations.includes(ANALYTICS))
          .map(event => ({ ...event, destinations: [ANALYTICS] })),
    };
    await one.leaving.begin(ACCOUNT);
    one.services.mesh = WITHOUT_ANALYTICS;
    one.services.leavingAccounts = [ANALYTICS];
    await untilDone(one, ACCOUNT);
    expect((await one.disk.items()).filter(({ pk }) => /^told/.test(JSON.stringify(pk).slice(6)))).toHaveLength(4);
    delete one.services.leavingAccounts;
    for (let minute = 0; minute < 6; minute++) await one.minute();
    expect((await one.disk.items()).filter(({ pk }) => /^told/.test(JSON.stringify(pk).slice(6)))).toEqual([]);
  });
});

async function expectNoGrant(one: World): Promise<void> {
  for (const principal of [ANALYST, REGIONAL])
    for (const table of TABLES) expect(one.lake.accessByTrellis({ principal, table })).toEqual([]);
}

describe.each(['before', 'after'] as const)('a process that dies %s a call of an offboarding', when => {
  it('has ended, told and let go of everything by the next deliveries, whichever call it was', async () => {
    for (let nth = 1; ; nth++) {
      // Few of them: a world for each call.
      const one = await world(['reads']);
      await one.leaving.begin(ACCOUNT);
      Object.assign(one.process, { diesAt: nth, when });
      await one.minute(WITHOUT_ANALYTICS);
      const hasDied = one.process.calls >= nth;
      await untilDone(one, ACCOUNT);
      await expectGone(one);
      if (!hasDied) return expect(nth).toBeGreaterThan(25);
    }
  }, 120_000);
});

describe('two at once', () => {
  it('do the same as one', async () => {
    const one = await world();
    await one.leaving.begin(ACCOUNT);
    const item = { kind: 'leaving' as const, what: 'account' as const, name: ANALYTICS };
    await Promise.all([doWork(one.services, item), doWork(one.services, item)]);
    await untilDone(one, ACCOUNT);
    await expectGone(one);
  });
});

describe('a domain that leaves', () => {
  const finishTables = (one: World) =>
    one.disk.steady.send(
      new UpdateCommand({
        TableName: one.disk.TableName,
        Key: leavingTablesKey('aviation'),
        UpdateExpression: 'SET doneAt = :now, #left = :none REMOVE due, dueAt',
        ExpressionAttributeNames: { '#left': 'left' },
        ExpressionAttributeValues: { ':now': one.now(), ':none': 0 },
      }),
    );

  it('has all access to its tables ended, also where functions know it no more, and its account is told', async () => {
    const one = await world();
    await one.leaving.begin(DOMAIN);
    one.services.mesh = { ...MESH, domains: {} };
    one.services.leavingDomains = MESH.domains;
    await one.minute();
    for (const requestId of [...LOST, 'stays'])
      expect(await one.statusOf(requestId)).toMatchObject({ status: 'ended', cause: 'offboarded' });
    expect(await one.statusOf('waits')).toMatchObject({
      status: 'denied',
      reasons: ['Domain aviation has left the mesh.'],
    });
    const revoked = one.told.filter(({ type }) => type === 'Access Revoked');
    expect(revoked).toHaveLength(4);
    for (const { destinations } of revoked) expect(destinations).toContain(AVIATION);
  });

  it('has what it shares back to its own principals ended, too', async () => {
    const one = await world();
    const pair = { principal: `arn:aws:iam::${AVIATION}:role/Reporting`, table: FLIGHTS };
    await one.standings.want('aviation', { account: AVIATION, principals: [pair.principal] });
    await one.minute();
    await one.minute();
    expect(one.lake.accessByTrellis(pair)).toHaveLength(1);
    // As apply does.
    await one.standings.want('aviation', { account: AVIATION, principals: [] });
    await one.leaving.begin(DOMAIN);
    await doWork(one.services, { kind: 'leaving', what: 'domain', name: 'aviation' });
    expect(one.lake.accessByTrellis(pair)).toEqual([]);
    for (let minute = 0; minute < 5; minute++) await one.minute();
    expect(one.lake.accessByTrellis(pair)).toEqual([]);
    const due = await one.disk.due(one.now());
    expect(due.map(({ kind }) => kind).sort()).toEqual(['leaving', 'leaving-tables']);
  });

  it('is done when its central tables are, and begins anew when it leaves another time', async () => {
    const one = await world();
    await one.leaving.begin(DOMAIN);
    for (let minute = 0; minute < 6; minute++) await one.minute();
    expect((await one.leaving.read([DOMAIN]))[0]?.isDone).toBe(false);
    expect(await one.disk.due(one.now())).toContainEqual({ kind: 'leaving-tables', domain: 'aviation' });
    await finishTables(one);
    await untilDone(one, DOMAIN);
    expect((await one.leaving.read([DOMAIN]))[0]).toEqual({ isDone: true, grants: 0, tables: 0 });
    await one.leaving.forget(DOMAIN);
    await one.leaving.begin(DOMAIN);
    await one.minute();
    expect(await one.services.departures.tables('aviation', AVIATION, one.now())).toEqual({ isDone: false });
  });
});
