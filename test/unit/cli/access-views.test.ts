import { beforeEach, describe, expect, it } from 'vitest';
import { runTrellis } from '../../../cli/program.ts';
import type { AccessRequest, RequestState } from '../../../shared/access/access-request.ts';
import { cellFilter } from '../../../shared/access/entitlement.ts';
import { standingGrant } from '../../../shared/access/standing-grant.ts';
import { ANALYTICS, AVIATION, central, column, HUB, NOW } from '../catalog-search/memory-reader.ts';
import { ANALYST, grant, pair, request as sample } from '../gateways/ledger-sample.ts';
import { FakeTerminal, NO_CATALOG } from './fake-terminal.ts';
import { MemoryDesk } from './memory-desk.ts';

const GRANTED: RequestState = { status: 'granted', grantedAt: '2026-11-21T10:00:00.000Z' };
const WAITING: RequestState = { status: 'waiting', askedAt: NOW, answerBy: '2026-11-28T12:00:00.000Z' };
const ENDED: RequestState = { status: 'ended', cause: 'expired', endedAt: '2026-11-20T12:00:00.000Z' };
const STRANGER = '333333333333';

let terminal: FakeTerminal;
let desk: MemoryDesk;

beforeEach(() => {
  terminal = new FakeTerminal();
  as(HUB);
});

function as(account: string): void {
  desk = new MemoryDesk({ account, hub: HUB, arn: `arn:aws:sts::${account}:assumed-role/Admin/x` });
  desk.catalog.catalog.aviation_ops = [[central('flights', { columns: [column('delay', 'public')] })]];
}

function known(requestId: string, state: RequestState, more: Partial<AccessRequest> = {}): AccessRequest {
  const request = { ...sample, requestId, state, ...more };
  desk.ledger.set(requestId, request);
  return request;
}

function access(...args: string[]): Promise<number> {
  return runTrellis(['access', ...args], {
    ...NO_CATALOG,
    terminal,
    environment: { TRELLIS_STAGE: 'prod' },
    applyServices: () => {
      throw new Error('Nothing is applied here.');
    },
    openAccess: async () => desk,
    now: () => NOW,
  });
}

describe('trellis access list', () => {
  beforeEach(() => {
    known('b', GRANTED);
    known('a', WAITING, {
      terms: [{ table: 'climate_obs.co2', columns: ['co2'], rowFilter: "city = 'X'" }],
      domain: 'climate',
    });
    known('over', ENDED, { principal: `arn:aws:iam::${ANALYTICS}:role/Other` });
    known('no', { status: 'denied', deniedAt: NOW, reasons: ['No.'] }, { terms: [] });
  });

  it('lists what waits and what gives access, in columns', async () => {
    expect(await access('list')).toBe(0);
    expect(terminal.written).toEqual([
      'request  status   principal                               table                 columns  rows        until (UTC)',
      `b        granted  ${ANALYST}  aviation_ops.flights  delay    all         2026-12-21 09:00`,
      `a        waiting  ${ANALYST}  climate_obs.co2       co2      city = 'X'  2026-12-21 09:00`,
    ]);
    expect(terminal.errorOutput).toBe('2 requests.');
  });

  it.each<[string[], string[]]>([
    [
      ['--status', 'all'],
      ['no', 'b', 'a', 'over'],
    ],
    [['--status', 'ended'], ['over']],
    [['--status', 'active'], ['b']],
    [['--table', 'AVIATION_ops.flights'], ['b']],
    [['--domain', 'climate'], ['a']],
    [['--status', 'all', '--principal', `arn:aws:iam::${ANALYTICS}:role/Other`], ['over']],
  ])('narrows by %j', async (args, ids) => {
    await access('list', '--json', ...args);
    const { requests, account } = JSON.parse(terminal.output);
    expect(requests.map(({ requestId }: AccessRequest) => requestId)).toEqual(ids);
    expect(account).toBe(HUB);
  });

  it('stops at the limit and says so; says so when there is nothing', async () => {
    await access('list', '--limit', '1');
    expect(terminal.written).toHaveLength(2);
    expect(terminal.errorOutput).toContain('The first 1 of 2');
    terminal = new FakeTerminal();
    expect(await access('list', '--domain', 'sales')).toBe(0);
    expect(terminal.errorOutput).toBe('Nothing found.');
  });

  it('tells who could read at an instant, with the terms of then', async () => {
    const step = {
      terms: [{ table: pair.table, columns: ['delay', 'origin'], rowFilter: null }],
      expiresAt: '2026-12-24T00:00:00.000Z',
      policies: [],
    };
    desk.stepsOf = {
      b: [
        {
          ...step,
          at: '2026-11-21T09:00:00.000Z',
          state: { status: 'approved', approvedAt: NOW, attempts: 0, retryAt: NOW, reasons: [] },
        },
        { ...step, at: '2026-11-21T10:00:00.000Z', state: GRANTED, expiresAt: sample.expiresAt },
      ],
      over: [
        { ...step, at: '2026-11-19T00:00:00.000Z', state: GRANTED },
        { ...step, at: '2026-11-20T12:00:00.000Z', state: ENDED },
      ],
    };
    const at = async (instant: string) => {
      terminal = new FakeTerminal();
      await access('list', '--at', instant, '--json');
      return JSON.parse(terminal.output).requests.map(
        (one: AccessRequest) => `${one.requestId} ${one.state.status} ${one.expiresAt}`,
      );
    };
    expect(await at('2026-11-18')).toEqual([]);
    expect(await at('2026-11-20')).toEqual(['over granted 2026-12-24T00:00:00.000Z']);
    expect(await at('2026-11-20T12:00Z')).toEqual([]);
    expect(await at('2026-11-21T09:30Z')).toEqual(['b approved 2026-12-24T00:00:00.000Z']);
    expect(await at('2026-11-21T13:00+01:00')).toEqual([`b granted ${sample.expiresAt}`]);
  });

  it('looks back for the hub alone, and says so', async () => {
    as(ANALYTICS);
    expect(await access('list', '--at', '2026-11-20')).toBe(1);
    expect(terminal.errorOutput).toContain("the hub's account alone");
  });
});

describe('trellis access show', () => {
  it('shows a request, for the hub with its steps', async () => {
    known('r', { status: 'denied', deniedAt: NOW, reasons: ['No such\u001btable.'] });
    desk.stepsOf.r = [{ at: NOW, state: WAITING, terms: [], expiresAt: NOW, policies: [] }];
    expect(await access('show', 'r')).toBe(0);
    expect(terminal.output).toContain('because    No such table.');
    expect(terminal.output).toMatch(/Steps\n.*\n {2}2026-11-21 12:00 UTC {2}waiting/);
    as(ANALYTICS);
    known('r', GRANTED);
    terminal = new FakeTerminal();
    await access('show', 'r');
    expect(terminal.output).not.toContain('Steps');
  });

  it('has one answer for what there is not and what is not yours', async () => {
    expect(await access('show', 'nothing')).toBe(1);
    expect(terminal.errorOutput).toContain(`There is no request nothing that concerns account ${HUB}`);
  });
});

describe('trellis access explain', () => {
  const explain = (...more: string[]) => access('explain', ANALYST, 'Aviation_ops.flights', ...more);

  it('tells of grants, policies, the entry that they come to, and what ends when', async () => {
    known('req-1', { ...GRANTED, reasons: ['Approved by somebody.'] });
    known('req-2', GRANTED, { purpose: 'more', policies: ['p'] });
    desk.give(pair, [
      { ...grant, requestId: 'req-2', columns: ['origin', 'delay'], expiresAt: '2027-01-01T00:00:00.000Z' },
      { ...grant, columns: ['delay', 'cost'] },
    ]);
    const wanted = cellFilter(ANALYST, ['delay', 'cost', 'origin'], null);
    desk.found = { filters: new Set(), granted: new Map([[wanted.name, ['SELECT']]]), others: [] };
    expect(await explain()).toBe(0);
    expect(terminal.output).toBe(
      [
        `${ANALYST} on aviation_ops.flights`,
        '  access   granted',
        '  columns  cost, delay, origin',
        '  rows     all',
        '  gone     granted, but no longer in the table: cost, origin',
        '',
        'Grants',
        '  request  columns        rows  until                 purpose      let in by',
        '  req-1    delay, cost    all   2026-12-21 09:00 UTC  delay study  aviation.flights',
        '  req-2    origin, delay  all   2027-01-01 00:00 UTC  more         p',
        '  req-1: Approved by somebody.',
        '',
        'Lake Formation',
        `  wanted     data cells filter ${wanted.name}`,
        '  columns    cost, delay, origin',
        '  rows       all',
        '  settled    yes: seen so since the last change',
        '  found now  granted as wanted',
        '',
        'What ends when',
        '  when                  ends   lost           left',
        '  2026-12-21 09:00 UTC  req-1  cost           delay, origin',
        '  2027-01-01 00:00 UTC  req-2  delay, origin  nothing',
        '',
        `In account ${ANALYTICS}`,
        `  What it has is seen with credentials of account ${ANALYTICS}: run this there.`,
        '  Its own policies (IAM), which are not looked at, must allow lakeformation:GetDataAccess, and glue:GetDatabase,',
        `  glue:GetTable, glue:GetTables, glue:GetPartitions on its own catalog and on that of the hub, ${HUB}.`,
      ].join('\n'),
    );
  });

  it('tells the principal’s own account what it lacks there', async () => {
    as(ANALYTICS);
    desk.give(pair, [grant]);
    desk.own = [
      { what: 'link x', state: 'missing', help: 'Make it.' },
      { what: 'a thing', state: 'there' },
      { what: 'another', state: 'unseen', help: 'You may not look.' },
    ];
    expect(await access('explain', 'role/Analyst', pair.table)).toBe(0);
    expect(terminal.output).toContain('granted, but its own account lacks something');
    expect(terminal.output).toContain('  ✗ link x\n      Make it.\n  ✓ a thing\n  ? another\n');
    expect(terminal.output).not.toContain('run this there');
  });

  it('tells that Lake Formation is not yet what is wanted, or is no longer', async () => {
    desk.give(pair, [grant]);
    const [reading] = desk.pairs;
    const old = cellFilter(ANALYST, ['old'], null);
    reading!.record = { ...reading!.record, desiredVersion: 2, settledVersion: 1, applied: { [old.name]: old } };
    expect(await explain()).toBe(1);
    expect(terminal.output).toContain('granted; Lake Formation is being brought to it');
    expect(terminal.output).toContain(`${old.name} (old)`);
    const wanted = cellFilter(ANALYST, grant.columns, null);
    reading!.record = { ...reading!.record, settledVersion: 2, applied: { [wanted.name]: wanted } };
    desk.found = { filters: new Set(), granted: new Map([['theirs', ['SELECT']]]), others: ['ALL on the table'] };
    terminal = new FakeTerminal();
    await explain();
    expect(terminal.output).toContain('found now  not granted');
    expect(terminal.output).toContain('ALL on the table: Trellis did not give it');
    expect(terminal.output).toContain('SELECT on the filter theirs: Trellis did not give it');
  });

  it('tells why there is none: what waits, what goes, and what became of the last requests', async () => {
    known('asked', WAITING);
    known('going', { status: 'ending', cause: 'expired', since: NOW });
    for (let at = 1; at <= 4; at++)
      known(`no-${at}`, { status: 'denied', deniedAt: `2026-11-0${at}T00:00:00.000Z`, reasons: ['Why.'] });
    expect(await explain()).toBe(1);
    expect(terminal.output).toContain('access  none: nothing is granted');
    expect(terminal.output).toContain('asked: for the owner');
    expect(terminal.output).toContain('going: expired, since 2026-11-21 12:00 UTC');
    expect(terminal.output).toMatch(/Before\n {2}no-4: denied .*: Why\.\n {2}no-3.*\n {2}no-2.*\n {2}… and 1 more/);
    expect(terminal.output).not.toContain(`In account ${ANALYTICS}`);
  });

  it('tells of what mesh.yml shares back that nobody asked for it, and that it has no end', async () => {
    desk.give(pair, [standingGrant(['delay'])]);
    await explain();
    expect(terminal.output).toMatch(
      /share back +delay +all +no end +mesh\.yml \(shareBack\) +none: not decided by policy/,
    );
    expect(terminal.output).toContain('has no end.');
  });

  it('tells of access on a table that is gone or missing, but not of a table that never was', async () => {
    expect(await access('explain', ANALYST, 'aviation_ops.flight')).toBe(1);
    expect(terminal.errorOutput).toContain('Did you mean aviation_ops.flights?');
    known('r', ENDED);
    delete desk.catalog.catalog.aviation_ops;
    await explain();
    expect(terminal.output).toContain('not in the central catalog any more');
  });

  it('says to a stranger that it may not know, instead of that there is nothing', async () => {
    as(STRANGER);
    expect(await explain()).toBe(1);
    expect(terminal.output).toBe('');
    expect(terminal.errorOutput).toContain(`does not concern account ${STRANGER}`);
    as(AVIATION);
    terminal = new FakeTerminal();
    await explain();
    expect(terminal.output).toContain('nothing is granted');
  });

  it('writes one JSON document', async () => {
    known('req-1', GRANTED);
    desk.give(pair, [grant]);
    await explain('--json');
    expect(JSON.parse(terminal.output)).toMatchObject({
      account: HUB,
      principal: ANALYST,
      table: pair.table,
      tableStates: ['in-step'],
      grants: [{ requestId: 'req-1', request: { purpose: 'delay study' } }],
      wanted: { columns: ['delay'] },
      settlement: { isSettled: true },
      ends: [{ requestIds: ['req-1'], lost: ['delay'] }],
    });
    expect(terminal.output).not.toContain('fingerprint');
  });
});
