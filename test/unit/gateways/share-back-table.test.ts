import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Instant } from '../../../shared/access/access-request.ts';
import { type DueItem, type DueWork, type Ledger, LedgerConflictError } from '../../../shared/access/ledger.ts';
import { afterTransition } from '../../../shared/access/pair-record.ts';
import type { StandingGrants } from '../../../shared/access/share-back.ts';
import type { DomainStandings } from '../../../shared/access/share-back-domain.ts';
import { SHARE_BACK, standingGrant } from '../../../shared/access/standing-grant.ts';
import { DueIndex } from '../../../shared/aws/due-index.ts';
import { LedgerTable } from '../../../shared/aws/ledger-table.ts';
import { ShareBackTable } from '../../../shared/aws/share-back-table.ts';
import type { SharedBack } from '../../../shared/mesh/apply-share-back.ts';
import { MemoryLedger } from '../../property/memory-ledger.ts';
import { MemoryStandings } from '../../property/memory-standings.ts';
import { LEDGER_DEFINITION } from '../local-dynamo/ledger-definition.ts';
import { rig } from '../local-dynamo/rig.ts';

const NOW = '2026-11-21T09:00:00.000Z';
const SOON = '2026-11-21T09:02:00.000Z';
const LATER = '2026-11-22T09:00:00.000Z';
const OWNER = '222222222222';
const [REPORTING, AUDIT] = ['Reporting', 'Audit'].map(name => `arn:aws:iam::${OWNER}:role/${name}`) as [string, string];
const FLIGHTS = 'aviation_ops.flights';

interface Made {
  standings: StandingGrants & DomainStandings & SharedBack;
  ledger: Ledger;
  index: DueWork;
  close(): Promise<void>;
}

/** Over the table of serverless.yml. */
async function onDynamo(): Promise<Made> {
  const dynamo = await rig();
  const TableName = 'ledger';
  await dynamo.call('CreateTable', { TableName, ...LEDGER_DEFINITION });
  return {
    standings: new ShareBackTable(dynamo.client(), TableName, () => NOW),
    ledger: new LedgerTable(dynamo.client(), TableName),
    index: new DueIndex(dynamo.rawClient(), TableName),
    close: () => dynamo.close(),
  };
}

/** What properties and unit tests run on: held to the same behaviour. */
async function inMemory(): Promise<Made> {
  const ledger = new MemoryLedger(() => NOW);
  return { standings: new MemoryStandings(ledger, () => NOW), ledger, index: ledger, close: async () => {} };
}

describe.each<[string, () => Promise<Made>]>([
  ['in DynamoDB', onDynamo],
  ['in memory', inMemory],
])('who is shared back to, %s', (_, make) => {
  let made: Made;
  let standings: Made['standings'];
  beforeEach(async () => {
    made = await make();
    ({ standings } = made);
  });
  afterEach(() => made.close());

  async function due(at: Instant): Promise<DueItem[]> {
    const items: DueItem[] = [];
    for await (const page of made.index.due(at)) items.push(...page);
    return items;
  }

  async function stand(table: string, principal = REPORTING): Promise<void> {
    const before = await made.ledger.loadPair({ principal, table });
    const put = standingGrant(['origin']);
    const pair = { before, after: afterTransition(before.record, [put]), put };
    await made.ledger.commit({ at: LATER, owner: OWNER, pairs: [pair], tell: [] });
  }

  it('is nobody of a domain that never shared back', async () => {
    expect(await standings.wanted('aviation')).toBeUndefined();
    expect(await standings.loadWork('aviation')).toBeUndefined();
    expect(await standings.read(['aviation', 'climate'])).toEqual({});
  });

  it('is kept by domain, and due until its tables were called for', async () => {
    const wanted = { account: OWNER, principals: [REPORTING] };
    await standings.want('aviation', wanted);
    expect(await standings.wanted('aviation')).toEqual(wanted);
    expect(await standings.read(['aviation', 'climate'])).toEqual({ aviation: [REPORTING] });
    expect(await due(NOW)).toEqual([{ kind: 'share-back-domain', domain: 'aviation' }]);
    const work = (await standings.loadWork('aviation'))!;
    expect(work).toEqual({ domain: 'aviation', wanted, revision: 1 });
    const progress = { phase: 'giving' as const, startedAt: NOW, called: 3, from: 'x' };
    const moved = await standings.saveProgress(work, progress);
    expect(await standings.loadWork('aviation')).toEqual(moved);
    await standings.finishWork(moved);
    expect(await standings.loadWork('aviation')).toBeUndefined();
    expect(await due(LATER)).toEqual([]);
    expect(await standings.wanted('aviation')).toEqual(wanted);
  });

  it('begins its work anew with each list, and refuses what was read before', async () => {
    const progress = { phase: 'giving' as const, startedAt: NOW, called: 3 };
    await standings.want('aviation', { account: OWNER, principals: [REPORTING] });
    const old = (await standings.loadWork('aviation'))!;
    const moved = await standings.saveProgress(old, progress);
    await expect(standings.saveProgress(old, progress)).rejects.toThrow(LedgerConflictError);
    await standings.want('aviation', { account: OWNER, principals: [] });
    await expect(standings.saveProgress(moved, progress)).rejects.toThrow(LedgerConflictError);
    await expect(standings.finishWork(moved)).rejects.toThrow(LedgerConflictError);
    const work = await standings.loadWork('aviation');
    expect(work?.wanted.principals).toEqual([]);
    expect(work).not.toHaveProperty('progress');
  });

  it('finds the tables of those who are wanted no more, by owner, page by page, and no others', async () => {
    for (const table of [FLIGHTS, 'aviation_ops.airports', 'aviationx_ops.flights']) await stand(table);
    await stand('aviation_ops.runways', AUDIT);
    const before = await made.ledger.loadPair({ principal: REPORTING, table: 'aviation_ops.asked' });
    const put = { requestId: 'r1', columns: ['origin'], rowFilter: null, expiresAt: LATER };
    const asked = { before, after: afterTransition(before.record, [put]), put };
    await made.ledger.commit({ at: NOW, owner: OWNER, pairs: [asked], tell: [] });
    await standings.want('aviation', { account: OWNER, principals: [AUDIT] });
    const work = (await standings.loadWork('aviation'))!;
    const found: string[] = [];
    for (let from: string | undefined; ; ) {
      const { tables, next } = await standings.unwantedTables(work, from);
      found.push(...tables);
      if (next === undefined) break;
      from = next;
    }
    expect(found.sort()).toEqual(['aviation_ops.airports', FLIGHTS]);
  });

  it('has a table looked at from a time on, until its last turn is finished', async () => {
    await standings.callFor([FLIGHTS], NOW);
    expect(await due(NOW)).toEqual([{ kind: 'share-back', table: FLIGHTS }]);
    const turn = await standings.takeTurn(FLIGHTS, SOON);
    expect(turn).toMatchObject({ table: FLIGHTS, tries: 1 });
    expect(await due(NOW)).toEqual([]);
    expect(await due(SOON)).toEqual([{ kind: 'share-back', table: FLIGHTS }]);
    await standings.putOffTurn(turn, LATER);
    expect(await due(SOON)).toEqual([]);
    const second = await standings.takeTurn(FLIGHTS, SOON);
    expect(second.tries).toBe(2);
    expect(await standings.holdsTurn(turn)).toBe(false);
    expect(await standings.holdsTurn(second)).toBe(true);
    await standings.finishTurn(turn);
    await standings.putOffTurn(turn, LATER);
    expect(await due(SOON)).toHaveLength(1);
    await standings.finishTurn(second);
    expect(await due(LATER)).toEqual([]);
    expect((await standings.takeTurn(FLIGHTS, SOON)).tries).toBe(1);
  });

  it.each([
    ['taken another', () => standings.takeTurn(FLIGHTS, SOON)],
    ['called for one', () => standings.callFor([FLIGHTS], SOON)],
  ])('lets nobody write whose turn is over: somebody has %s', async (__, take) => {
    const turn = await standings.takeTurn(FLIGHTS, SOON);
    const write = async () => {
      const before = await made.ledger.loadPair({ principal: REPORTING, table: FLIGHTS });
      const after = afterTransition(before.record, []);
      await made.ledger.commit({ at: NOW, pairs: [{ before, after, remove: SHARE_BACK }], tell: [], turn });
    };
    await write();
    await take();
    await expect(write()).rejects.toThrow(LedgerConflictError);
  });

  it('calls for many tables', async () => {
    const tables = Array.from({ length: 60 }, (__, index) => `aviation_ops.t${index}`);
    await standings.callFor(tables, NOW);
    expect(await due(NOW)).toHaveLength(60);
  });
});
