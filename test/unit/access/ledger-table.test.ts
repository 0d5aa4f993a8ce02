import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type DueItem,
  LedgerConflictError,
  type PairChange,
  TableLockedError,
  type Transition,
} from '../../../shared/access/ledger.ts';
import { afterSettling, afterTransition, type PairReading } from '../../../shared/access/pair-record.ts';
import { DueIndex } from '../../../shared/aws/due-index.ts';
import { LedgerTable } from '../../../shared/aws/ledger-table.ts';
import { toldEvent } from '../../../shared/telling/told-event.ts';
import { LEDGER_DEFINITION } from '../local-dynamo/ledger-definition.ts';
import { type Rig, rig } from '../local-dynamo/rig.ts';
import { ANALYTICS, AVIATION, END, FLIGHTS, grant, NOW, pair, request, states } from './access-sample.ts';

/** What is the table's alone, beside what `ledger-conformance.ts` asks of every ledger. The table is the one of serverless.yml. */
const TableName = 'ledger';
const SOON = '2026-11-21T10:05:00.000Z';
const cause = { account: ANALYTICS, eventId: 'e1' };

let dynamo: Rig;
let client: DynamoDBDocumentClient;
let ledger: LedgerTable;
beforeEach(async () => {
  dynamo = await rig();
  client = dynamo.client();
  await dynamo.call('CreateTable', { TableName, ...LEDGER_DEFINITION });
  ledger = new LedgerTable(client, TableName);
});
afterEach(() => dynamo.close());

async function everything(): Promise<{ pk: string; sk: string }[]> {
  const { Items } = await dynamo.call('Scan', { TableName });
  return Items;
}

async function due(now: string): Promise<DueItem[][]> {
  const pages: DueItem[][] = [];
  for await (const page of new DueIndex(dynamo.rawClient(), TableName).due(now)) pages.push(page);
  return pages;
}

function granting(before: PairReading, requestId: string, columns?: string[]): PairChange {
  const put = grant(requestId, columns);
  const others = before.grants.filter(other => other.requestId !== requestId);
  return { before, after: afterTransition(before.record, [...others, put]), put };
}

const told = toldEvent('Access Denied', ['r1', 1], NOW, [ANALYTICS], {
  requestId: 'r1',
  principal: pair.principal,
  tables: [FLIGHTS],
  expiresAt: END,
  columns: [],
  policies: [],
  reasons: [],
});

async function newRequest(requestId: string, changes: Partial<Transition> = {}): Promise<Transition> {
  return {
    at: NOW,
    request: request(states.approved, { requestId }),
    requestDueAt: SOON,
    pairs: [granting(await ledger.loadPair(pair), requestId)],
    tell: [],
    ...changes,
  };
}

/** What became of calls that were made at once: how many took effect, and the names of the faults of the others. */
async function outcomes(calls: Promise<unknown>[]): Promise<{ done: number; faults: string[] }> {
  const settled = await Promise.allSettled(calls);
  const faults = settled.flatMap(each => (each.status === 'rejected' ? [String(each.reason.name)] : []));
  return { done: settled.length - faults.length, faults };
}

describe('a transition', () => {
  it('lies in the table as its keys say: the mark, the request, its step, the pair and what is to be told', async () => {
    expect(await ledger.commit(await newRequest('r1', { cause, tell: [told] }))).toBe('committed');
    const keys = (await everything()).map(({ pk, sk }) => `${Object.values(pk)[0]} ${Object.values(sk)[0]}`).sort();
    expect(keys).toEqual([
      'request#r1 request',
      'request#r1 step#000001',
      `seen#${ANALYTICS}#e1 seen`,
      `table#${FLIGHTS} pair#${pair.principal}`,
      `told#${told.eventId} told`,
    ]);
  });

  it.each<[string, (stale: PairReading) => Partial<Transition>]>([
    ['the request', stale => ({ pairs: [granting(stale, 'r1')], request: request(states.approved, { version: 3 }) })],
    ['the pair', stale => ({ request: request(states.approved, { requestId: 'r2' }), pairs: [granting(stale, 'r2')] })],
  ])('leaves every item as it was when %s has moved', async (moved, make) => {
    const old = await ledger.loadPair(pair);
    await ledger.commit(await newRequest('r1'));
    const before = await everything();
    const changes = make(moved === 'the pair' ? old : await ledger.loadPair(pair));
    await expect(ledger.commit({ at: NOW, cause, tell: [told], pairs: [], ...changes })).rejects.toThrow(
      LedgerConflictError,
    );
    expect(await everything()).toEqual(before);
  });

  it('replaces the grant of a request that has one already', async () => {
    await ledger.commit(await newRequest('r1'));
    const change = granting(await ledger.loadPair(pair), 'r1', ['delay']);
    await ledger.commit({ at: NOW, pairs: [change], tell: [] });
    expect((await ledger.loadPair(pair)).grants).toEqual([grant('r1', ['delay'])]);
    expect(await ledger.countGrants(ANALYTICS, FLIGHTS)).toBe(1);
  });

  it('takes effect alone of two at once on one pair', async () => {
    await ledger.commit(await newRequest('r0'));
    const both = await Promise.all([newRequest('r1'), newRequest('r2')]);
    const { done, faults } = await outcomes(both.map(transition => ledger.commit(transition)));
    expect({ done, faults }).toEqual({ done: 1, faults: ['LedgerConflictError'] });
    expect((await ledger.loadPair(pair)).grants).toHaveLength(2);
  });

  it('takes effect once when its event is delivered twice at once', async () => {
    const twice = await Promise.all([newRequest('r1', { cause }), newRequest('r1', { cause })]);
    const results = await Promise.all(twice.map(each => ledger.commit(each).catch(fault => fault.name)));
    expect(results.filter(result => result === 'committed')).toHaveLength(1);
    expect((await ledger.loadPair(pair)).grants).toEqual([grant('r1')]);
    expect(await ledger.commit(await newRequest('r1', { cause }))).toBe('seen');
  });
});

describe('a pair’s record', () => {
  it('is saved by one of two who read the same', async () => {
    await ledger.commit(await newRequest('r1'));
    const { record } = await ledger.loadPair(pair);
    const settled = afterSettling(record, []);
    const { done, faults } = await outcomes([ledger.savePair(settled, NOW), ledger.savePair(settled, NOW)]);
    expect({ done, faults }).toEqual({ done: 1, faults: ['LedgerConflictError'] });
  });

  it('is put off whatever its revision is, and stays as it was but for being unsettled', async () => {
    await ledger.commit(await newRequest('r1', { requestDueAt: undefined }));
    const stale = await ledger.loadPair(pair);
    await ledger.commit(await newRequest('r2', { requestDueAt: undefined }));
    const before = await ledger.loadPair(pair);
    await ledger.postponePair(stale.record, SOON);
    const { record, grants } = await ledger.loadPair(pair);
    expect({ record: { ...record, settledVersion: before.record.settledVersion }, grants }).toEqual(before);
    expect(await due(NOW)).toEqual([]);
    expect(await due(SOON)).toEqual([[{ kind: 'pair', pair }]]);
  });
});

describe('what is due', () => {
  it('comes oldest first over all pages, once each', async () => {
    const count = 501;
    const at = (index: number) => new Date(Date.parse(NOW) - index * 1000).toISOString();
    const ids = Array.from({ length: count }, (_, index) => `r${index}`);
    for (let start = 0; start < count; start += 25) {
      const puts = ids.slice(start, start + 25).map((id, offset) => ({
        PutRequest: {
          Item: {
            pk: { S: `request#${id}` },
            sk: { S: 'request' },
            due: { S: 'due' },
            dueAt: { S: at(start + offset) },
          },
        },
      }));
      await dynamo.call('BatchWriteItem', { RequestItems: { [TableName]: puts } });
    }
    const pages = await due(NOW);
    expect(pages.map(page => page.length)).toEqual([500, 1]);
    expect(pages.flat()).toEqual(ids.reverse().map(requestId => ({ kind: 'request', requestId })));
    expect((await due(at(499))).flat()).toHaveLength(2);
  });
});

describe('the indexes by account', () => {
  const owner = AVIATION;

  /** What an account is shown of an index: its keys, and all the attributes that any of its items has. */
  async function shown(IndexName: string, account: string) {
    const { Items } = await dynamo.call('Query', {
      TableName,
      IndexName,
      KeyConditionExpression: '#account = :account',
      ExpressionAttributeNames: { '#account': IndexName },
      ExpressionAttributeValues: { ':account': { S: account } },
    });
    const items = Items as Record<string, { S: string }>[];
    return {
      keys: items.map(({ pk, sk }) => `${pk?.S} ${sk?.S}`).sort(),
      attributes: [...new Set(items.flatMap(Object.keys))].sort(),
    };
  }

  it('show who reads, and whose the table is, its requests and pairs, and no token', async () => {
    await ledger.commit(await newRequest('r1', { owner }));
    await ledger.saveTaskToken('r1', 'token');
    const keys = ['request#r1 request', `table#${FLIGHTS} pair#${pair.principal}`];
    const attributes = ['pk', 'record', 'request', 'sk'];
    expect(await shown('holder', ANALYTICS)).toEqual({ keys, attributes: ['grants', 'holder', ...attributes] });
    expect(await shown('owner', owner)).toEqual({ keys, attributes: ['grants', 'owner', ...attributes] });
    for (const [index, other] of [
      ['holder', owner],
      ['owner', ANALYTICS],
    ] as const)
      expect(await shown(index, other)).toEqual({ keys: [], attributes: [] });
  });

  it('keep them through writes that know no owner', async () => {
    await ledger.commit(await newRequest('r1', { owner }));
    const { record } = await ledger.loadPair(pair);
    await ledger.savePair(afterSettling(record, []), NOW);
    await ledger.commit({ at: NOW, request: request(states.granted, { version: 2 }), pairs: [], tell: [] });
    expect((await shown('owner', owner)).keys).toHaveLength(2);
  });

  it('follow a domain that moves to another account', async () => {
    await ledger.commit(await newRequest('r1', { owner }));
    await ledger.commit({
      ...(await newRequest('r1')),
      request: request(states.ending, { version: 2 }),
      owner: '555555555555',
    });
    expect((await shown('owner', owner)).keys).toEqual([]);
    expect((await shown('owner', '555555555555')).keys).toHaveLength(2);
  });

  it('have no lease in them, whoever holds it', async () => {
    await ledger.takeLease(FLIGHTS, ANALYTICS, NOW, SOON);
    await ledger.releaseLease({ ...(await ledger.takeLease(FLIGHTS, ANALYTICS, NOW, SOON)), unsureUntil: END });
    await ledger.takeLease(FLIGHTS, owner, SOON, END);
    expect((await shown('holder', ANALYTICS)).keys).toEqual([]);
    expect((await shown('holder', owner)).keys).toEqual([]);
  });
});

describe('a lease', () => {
  it('that is free goes to one of two who ask at once', async () => {
    const asked = ['a', 'b'].map(holder => ledger.takeLease(FLIGHTS, holder, NOW, SOON));
    expect(await outcomes(asked)).toEqual({ done: 1, faults: ['TableLockedError'] });
  });

  it('whose holder is dead goes to one of two who take over at once, and the loser cannot give it back', async () => {
    await ledger.takeLease(FLIGHTS, 'dead', NOW, SOON);
    const holders = ['a', 'b'] as const;
    const results = await Promise.allSettled(holders.map(holder => ledger.takeLease(FLIGHTS, holder, SOON, END)));
    const winner = holders[results.findIndex(({ status }) => status === 'fulfilled')];
    const loser = holders.find(holder => holder !== winner)!;
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    await ledger.releaseLease({ table: FLIGHTS, holder: loser, until: END });
    await ledger.releaseLease({ table: FLIGHTS, holder: loser, until: END, unsureUntil: END });
    await expect(ledger.takeLease(FLIGHTS, 'c', SOON, END)).rejects.toThrow(TableLockedError);
  });
});
