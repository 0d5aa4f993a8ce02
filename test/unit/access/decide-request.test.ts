import { describe, expect, it } from 'vitest';
import type { AccessRequestedData } from '../../../events/access-requested.ts';
import type { ActiveGrantsOfPair } from '../../../shared/access/check-terms.ts';
import { decideRequest, type RequestContext, requestedTables } from '../../../shared/access/decide-request.ts';
import { createPolicyEngine, type PolicyAnswer, type PolicyEngine } from '../../../shared/access/policy.ts';
import type { AccessQuestion } from '../../../shared/access/policy-question.ts';
import { requestFingerprint } from '../../../shared/access/request-fingerprint.ts';
import type { TableDescription } from '../../../shared/access/table-description.ts';
import { ANALYTICS, description, FORECAST, MESH, POLICIES } from '../../property/sample-mesh.ts';
import { PROJECT } from '../policy/sample-policies.ts';
import { AIRPORTS, ANALYST, END, FLIGHTS, GRANTED, grantOf, NOW, requestIn } from './samples.ts';

const ASKED: AccessRequestedData = {
  requestId: 'r1',
  principal: ANALYST,
  tables: [FLIGHTS],
  columns: ['origin', 'delay'],
  purpose: 'reporting',
  expiresAt: END,
};

/** Of a request for one table: that table, and what the principal has on it. */
type Found = Partial<RequestContext> & { table?: TableDescription | undefined; pair?: ActiveGrantsOfPair };

function context(found: Found = {}): RequestContext {
  const { table, pair = { grants: [] }, ...more } = { table: description(FLIGHTS), ...found };
  const tables = [{ description: table, pair }];
  return { mesh: MESH, policies: POLICIES, existing: undefined, tables, now: NOW, ...more };
}

function decide(asked: Partial<AccessRequestedData> = {}, more: Found = {}) {
  const ruling = decideRequest({ ...ASKED, ...asked }, ANALYTICS, context(more));
  if (ruling.kind !== 'decided') throw new Error(`not decided: ${ruling.kind}`);
  return ruling.request;
}

/** Why a request is denied. */
function denial(asked: Partial<AccessRequestedData>, more: Found = {}): string[] {
  const { state } = decide(asked, more);
  if (state.status !== 'denied') throw new Error(`not denied: ${state.status}`);
  return state.reasons;
}

function answering(answer: Partial<PolicyAnswer>, ask: (question: AccessQuestion) => void = () => {}): PolicyEngine {
  const answered = {
    outcome: 'automatic' as const,
    columns: ['origin'],
    refusedColumns: [],
    reasons: [],
    policies: [],
  };
  return {
    ...POLICIES,
    decideRequest: question => {
      ask(question);
      return { ...answered, ...answer };
    },
  };
}

describe('a request that policy answers', () => {
  it('is approved at once where policy grants it', () => {
    expect(decide()).toMatchObject({
      requestId: 'r1',
      account: ANALYTICS,
      domain: 'aviation',
      terms: [{ table: FLIGHTS, columns: ['origin', 'delay'], rowFilter: null }],
      expiresAt: END,
      policies: ['on-reporting'],
      version: 1,
      state: { status: 'approved', approvedAt: NOW, attempts: 0, retryAt: NOW },
    });
  });

  it('waits for the owner as long as mesh.yml says, and never longer than the access would last', () => {
    const research = { purpose: 'research' };
    expect(decide(research).state).toEqual({ status: 'waiting', askedAt: NOW, answerBy: '2026-11-28T09:00:00.000Z' });
    const short = decide({ ...research, expiresAt: '2026-11-22T09:00:00.000Z' });
    expect(short.state).toMatchObject({ answerBy: '2026-11-22T09:00:00.000Z' });
  });

  it('is denied with the reasons of policy', () => {
    expect(denial({ purpose: 'marketing' })).toEqual(['nobody may read for marketing']);
  });

  it('is narrowed to the columns that policy allows, and says why', () => {
    const refusedColumns = [{ name: 'delay', reasons: ['it is restricted.'] }];
    const { terms, state } = decide({}, { policies: answering({ columns: ['origin'], refusedColumns }) });
    expect(terms[0]?.columns).toEqual(['origin']);
    expect(state).toMatchObject({ reasons: ['delay: it is restricted.'] });
  });

  it('is denied when policy leaves none of the columns that it asked for', () => {
    const refusedColumns = [{ name: 'delay', reasons: ['it is restricted.'] }];
    const policies = answering({ columns: ['origin'], refusedColumns });
    expect(denial({ columns: ['delay'] }, { policies })).toEqual(['delay: it is restricted.']);
  });

  it('asks policy for the columns named, all partition keys, and how long it lasts', () => {
    const questions: AccessQuestion[] = [];
    const policies = answering({}, question => questions.push(question));
    const keyed = description(FLIGHTS);
    const table = {
      ...keyed,
      columns: keyed.columns.map(each => ({ ...each, isPartitionKey: each.name === 'delay' })),
    };
    decide({ columns: ['ORIGIN'], durationDays: 7, rowFilter: "origin = 'ZRH'" }, { policies, table });
    decide({ columns: undefined } as never, { policies });
    expect(questions.map(({ columns }) => columns.map(({ name }) => name))).toEqual([
      ['origin', 'delay'],
      ['origin', 'destination', 'delay'],
    ]);
    expect(questions[0]).toMatchObject({ hasRowFilter: true, isPiiPurpose: false, teams: ['analytics'] });
  });

  it('ends after the days that it asks for, within the years that instants can say', () => {
    const { expiresAt: _, ...endless } = ASKED;
    const end = (durationDays: number) => {
      const ruling = decideRequest({ ...endless, durationDays }, ANALYTICS, context());
      return ruling.kind === 'decided' && ruling.request.expiresAt;
    };
    expect(end(30)).toBe(END);
    expect(end(1e9)).toBe('9999-12-31T23:59:59.999Z');
  });

  it('keeps its row filter in one form', () => {
    expect(decide({ rowFilter: 'delay  >  5' }).terms[0]?.rowFilter).toBe('delay > 5');
  });
});

describe('a policy that names a table', () => {
  it('is asked about that table, and about no other', () => {
    const forbid =
      '@id("aviation.not-flights") @reason("Not these flights.") forbid (principal, action, resource == Table::"aviation_ops.flights");';
    const aviation = `${PROJECT.domains.aviation}\n${forbid}`;
    const named = createPolicyEngine({ ...PROJECT, domains: { ...PROJECT.domains, aviation } });
    expect(decide().state.status).not.toBe('denied');
    expect(denial({}, { policies: named }).join(' ')).toMatch(/Not these flights/);
  });
});

const numbered = (count: number) => Array.from({ length: count }, (_, index) => `aviation_ops.table_${index}`);

describe('a request that is denied before policy is asked', () => {
  it.each<[string, Partial<AccessRequestedData>, Found, RegExp]>([
    ['names a product', { product: 'aviation/flights', tables: undefined as never }, {}, /Products come with/],
    ['names eleven tables', { tables: numbered(11) }, {}, /10 tables in a request at the most/],
    ['names a table of no domain', { tables: ['nowhere_ops.flights'] }, { table: undefined }, /belongs to no domain/],
    ['names a table that is not there', { tables: ['aviation_ops.none'] }, { table: undefined }, /There is no table/],
    ['asks for DESCRIBE of columns', { permissions: ['DESCRIBE'] }, {}, /DESCRIBE alone.*Leave columns/],
    [
      'asks for DESCRIBE of rows',
      { permissions: ['DESCRIBE'], columns: undefined as never, rowFilter: 'delay > 5' },
      {},
      /DESCRIBE alone/,
    ],
    ['has ended already', { expiresAt: NOW }, {}, /has passed already/],
    ['asks for a column that is not there', { columns: ['origin', 'gate'] }, {}, /has no column gate/],
    ['has a row filter that cannot be used', { rowFilter: 'delay >' }, {}, /row filter cannot be used/],
    [
      'filters rows by a column that it does not read',
      { columns: ['origin'], rowFilter: 'delay > 5' },
      {},
      /row filter/,
    ],
    [
      'has other rows than an active grant',
      {},
      { pair: { grants: [grantOf('a', ['origin'], 'delay > 5')] } },
      /delay > 5.*request a/,
    ],
    [
      'has some rows beside a grant of all',
      { rowFilter: 'delay > 5' },
      { pair: { grants: [grantOf('a')] } },
      /has all rows/,
    ],
  ])('%s', (_, asked, more, reason) => {
    expect(denial(asked, more).join(' ')).toMatch(reason);
  });

  it('takes SELECT beside DESCRIBE', () => {
    expect(decide({ permissions: ['DESCRIBE', 'SELECT'] }).state.status).toBe('approved');
  });
});

describe('a request that is no request of its sender', () => {
  it('is refused for a principal of another account', () => {
    const ruling = decideRequest(ASKED, FORECAST, context());
    expect(ruling).toMatchObject({
      kind: 'refused',
      reasons: [expect.stringContaining('not of the account that asks')],
    });
  });

  it('is silent when it is the same again, whatever became of it', () => {
    const existing = requestIn(GRANTED, { fingerprint: requestFingerprint(ASKED, ANALYTICS) });
    expect(decideRequest(ASKED, ANALYTICS, context({ existing }))).toEqual({ kind: 'repeated' });
    const reordered = { ...ASKED, columns: ['delay', 'origin'] };
    expect(decideRequest(reordered, ANALYTICS, context({ existing }))).toEqual({ kind: 'repeated' });
  });

  it('is refused under the id of another request', () => {
    const existing = requestIn(GRANTED, { fingerprint: requestFingerprint(ASKED, ANALYTICS) });
    const ruling = decideRequest({ ...ASKED, purpose: 'research' }, ANALYTICS, context({ existing }));
    expect(ruling).toMatchObject({ kind: 'refused', reasons: [expect.stringContaining('Choose a new one')] });
  });

  it('differs by its account', () => {
    expect(requestFingerprint(ASKED, ANALYTICS)).not.toBe(requestFingerprint(ASKED, FORECAST));
  });
});

it('takes the tables of a request in lower case, each once', () => {
  expect(requestedTables({ ...ASKED, tables: ['Aviation_Ops.Flights', AIRPORTS, FLIGHTS] })).toEqual([
    FLIGHTS,
    AIRPORTS,
  ]);
  expect(requestedTables({ ...ASKED, tables: undefined } as never)).toEqual([]);
});

describe('a request for the description alone', () => {
  const described = { permissions: ['DESCRIBE' as const], columns: undefined } as never;

  it('asks policy for all columns, and gives none of them', () => {
    const questions: AccessQuestion[] = [];
    const policies = answering({ columns: ['origin', 'destination', 'delay'] }, question => questions.push(question));
    const request = decide(described, { policies });
    expect(questions).toMatchObject([{ permission: 'DESCRIBE', hasRowFilter: false }]);
    expect(questions[0]?.columns.map(({ name }) => name)).toEqual(['origin', 'destination', 'delay']);
    expect(request).toMatchObject({
      state: { status: 'approved' },
      terms: [{ table: FLIGHTS, permission: 'DESCRIBE', columns: [], rowFilter: null }],
    });
  });

  it('stands beside a grant of some rows, which stands beside it', () => {
    const some = grantOf('a', ['origin'], 'delay > 5');
    expect(decide(described, { pair: { grants: [some] } }).state.status).toBe('approved');
    const alone = { requestId: 'd', permission: 'DESCRIBE' as const, columns: [], rowFilter: null, expiresAt: END };
    const rows = { columns: ['delay'], rowFilter: 'delay > 5' };
    expect(decide(rows, { pair: { grants: [alone] } }).state.status).toBe('approved');
  });
});

describe('a request for several tables', () => {
  const both = (found: Found[] = [{}, {}]) => ({
    tables: [FLIGHTS, AIRPORTS].map((name, index) => ({
      description: found[index]?.table ?? description(name),
      pair: found[index]?.pair ?? { grants: [] },
    })),
  });
  const asked = { tables: [FLIGHTS, AIRPORTS] };
  const byTable = (answers: Record<string, Partial<PolicyAnswer>>): PolicyEngine => ({
    ...POLICIES,
    decideRequest: question => ({
      outcome: 'automatic',
      columns: question.columns.map(({ name }) => name),
      refusedColumns: [],
      reasons: [],
      policies: [`on-${question.table}`],
      ...answers[question.table],
    }),
  });

  it('is one request with terms of its own for each table', () => {
    const request = decide({ ...asked, columns: [`${FLIGHTS}.origin`, 'DELAY'] }, { ...both(), policies: byTable({}) });
    expect(request).toMatchObject({
      domain: 'aviation',
      terms: [
        { table: FLIGHTS, columns: ['origin', 'delay'] },
        { table: AIRPORTS, columns: ['delay'] },
      ],
      policies: ['on-airports', 'on-flights'],
      state: { status: 'approved' },
    });
  });

  it('waits for the owner when one of them does', () => {
    const policies = byTable({ airports: { outcome: 'owner' } });
    expect(decide(asked, { ...both(), policies })).toMatchObject({
      state: { status: 'waiting' },
      terms: [{ table: FLIGHTS }, { table: AIRPORTS }],
    });
  });

  it('is denied when one of them is, with the table beside each reason', () => {
    const refused = { outcome: 'denied' as const, columns: [], reasons: ['not these'] };
    expect(denial(asked, { ...both(), policies: byTable({ airports: refused }) })).toEqual([`${AIRPORTS}: not these`]);
    const pair = { grants: [grantOf('a', ['origin'], 'delay > 5')] };
    expect(denial(asked, both([{}, { pair }])).join()).toMatch(/^aviation_ops.airports: .*request a/);
  });

  it('says of which table a column is kept back', () => {
    const policies = byTable({
      airports: { columns: ['origin'], refusedColumns: [{ name: 'delay', reasons: ['secret'] }] },
    });
    const ruling = decideRequest({ ...ASKED, ...asked }, ANALYTICS, context({ ...both(), policies }));
    expect(ruling).toMatchObject({
      refusedColumns: [{ name: `${AIRPORTS}.delay` }],
      request: { state: { reasons: [`${AIRPORTS}: delay: secret`] } },
    });
  });

  it.each<[string, Partial<AccessRequestedData>, Found, RegExp]>([
    [
      'of several domains',
      { tables: [FLIGHTS, 'climate_obs.buoys'] },
      {},
      /aviation_ops.flights of aviation, and for climate_obs.buoys of climate/,
    ],
    [
      'of which one is not there',
      {},
      { tables: [...both().tables.slice(0, 1), { description: undefined, pair: { grants: [] } }] },
      /no table aviation_ops.airports/,
    ],
    ['none of which has a column', { columns: ['origin', 'gate'] }, {}, /None of the tables has a column gate/],
    [
      'one of which has none of the columns',
      { columns: [`${FLIGHTS}.origin`] },
      {},
      /airports has none of the columns.*Leave it out/,
    ],
  ])('is denied for tables %s', (_, changes, found, reason) => {
    const mesh = {
      ...MESH,
      domains: { ...MESH.domains, climate: { ...MESH.domains.aviation!, account: '333333333333' } },
    };
    expect(denial({ ...asked, ...changes }, { mesh, ...both(), ...found }).join(' ')).toMatch(reason);
  });

  it('is denied where its columns are more than an event can name', () => {
    const wide = (table: string) => ({
      ...description(table),
      columns: Array.from({ length: 2000 }, (_, index) => ({
        ...description(table).columns[0]!,
        name: `column_${index}`,
      })),
    });
    const found = both([{ table: wide(FLIGHTS) }, { table: wide(AIRPORTS) }]);
    expect(denial({ ...asked, columns: undefined } as never, found).join()).toMatch(/Ask for fewer tables/);
  });
});
