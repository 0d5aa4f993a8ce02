import { beforeEach, describe, expect, it } from 'vitest';
import { runTrellis } from '../../../cli/program.ts';
import type { AccessRequest, RequestState } from '../../../shared/access/access-request.ts';
import { requestFingerprint } from '../../../shared/access/request-fingerprint.ts';
import { ANALYTICS, AVIATION, HUB, NOW } from '../catalog-search/memory-reader.ts';
import { request as sample } from '../gateways/ledger-sample.ts';
import { FakeTerminal, NO_CATALOG } from './fake-terminal.ts';
import { MemoryDesk } from './memory-desk.ts';

const ANALYST = `arn:aws:iam::${ANALYTICS}:role/Analyst`;
const STEWARD = `arn:aws:iam::${AVIATION}:role/Steward`;
const session = (account: string, role: string) => `arn:aws:sts::${account}:assumed-role/${role}/somebody`;
const ASK = ['request', 'aviation_ops.flights', '--purpose', 'delay-study', '--days', '10'];
const GRANTED: RequestState = { status: 'granted', grantedAt: NOW };
const WAITING: RequestState = { status: 'waiting', askedAt: NOW, answerBy: '2026-11-28T12:00:00.000Z' };
const ENDED: RequestState = { status: 'ended', cause: 'requested', endedAt: NOW };

let terminal: FakeTerminal;
let desk: MemoryDesk;

beforeEach(() => {
  terminal = new FakeTerminal();
  desk = new MemoryDesk({ account: ANALYTICS, hub: HUB, arn: session(ANALYTICS, 'Analyst') });
});

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

/** The hub takes whatever comes, and leaves the request in this state. */
function hubAnswers(state: RequestState, more: Partial<AccessRequest> = {}): void {
  desk.onSend = ({ data }, eventId) => {
    const requestId = String(data.requestId);
    const before = desk.ledger.get(requestId) ?? { ...sample, requestId, version: 0 };
    desk.answers.set(eventId, {});
    desk.ledger.set(requestId, { ...before, ...more, state, version: before.version + 1 });
  };
}

function hubRefuses(...reasons: string[]): void {
  desk.onSend = (_, eventId) => void desk.answers.set(eventId, { refused: reasons });
}

describe('trellis access request', () => {
  it('asks for whoever calls, waits for the answer, and shows it with its reasons', async () => {
    hubAnswers({ ...GRANTED, reasons: ['cost: unlabelled'] });
    expect(await access(...ASK, '--columns', 'delay, origin', '--rows', "origin = 'SEA'", '--id', 'mine')).toBe(0);
    expect(desk.sent[0]?.event).toEqual({
      detailType: 'Access Requested',
      data: {
        requestId: 'mine',
        principal: ANALYST,
        tables: ['aviation_ops.flights'],
        columns: ['delay', 'origin'],
        rowFilter: "origin = 'SEA'",
        purpose: 'delay-study',
        durationDays: 10,
      },
    });
    expect(terminal.output).toBe(
      [
        'mine',
        '  status     granted 2026-11-21 12:00 UTC (now)',
        '  because    cost: unlabelled',
        `  principal  ${ANALYST}`,
        '  tables     aviation_ops.flights',
        '  columns    delay',
        '  rows       all',
        '  purpose    delay study',
        '  until      2026-12-21 09:00 UTC',
        '  domain     aviation',
        '  policies   aviation.flights',
        '  query      trellis_aviation_ops.flights',
      ].join('\n'),
    );
  });

  it.each<[string, RequestState, number, string]>([
    ['waits for the owner', WAITING, 0, 'waiting for the owner, until 2026-11-28 12:00 UTC'],
    ['was denied', { status: 'denied', deniedAt: NOW, reasons: ['The end has passed.'] }, 1, 'The end has passed.'],
    ['has ended since', ENDED, 1, 'ended 2026-11-21 12:00 UTC (now): requested'],
  ])('says that it %s', async (_, state, exitCode, text) => {
    hubAnswers(state);
    expect(await access(...ASK)).toBe(exitCode);
    expect(terminal.output).toContain(text);
  });

  it('goes on waiting while what was approved is being provisioned', async () => {
    hubAnswers({ status: 'approved', approvedAt: NOW, attempts: 0, retryAt: NOW, reasons: [] });
    desk.onPause = () => desk.ledger.set('mine', { ...sample, requestId: 'mine', state: GRANTED });
    expect(await access(...ASK, '--id', 'mine')).toBe(0);
    expect(desk.waited).toBeGreaterThan(0);
    expect(terminal.told).toContain('mine is approved');
    expect(terminal.told.at(-1)).toBe('');
  });

  it('is the same event for the same command with the same --id, and another for anything else', async () => {
    hubAnswers(GRANTED);
    await access(...ASK, '--id', 'mine');
    await access(...ASK, '--id', 'mine');
    await access(...ASK, '--id', 'mine', '--columns', 'delay');
    await access(...ASK);
    await access(...ASK);
    const [first, again, other, ...unnamed] = desk.sent;
    expect(again).toEqual(first);
    expect(other?.eventId).not.toBe(first?.eventId);
    const ids = unnamed.map(({ event }) => String(event.data.requestId));
    expect(new Set(ids).size).toBe(2);
    for (const id of ids) expect(id).toMatch(/^flights-[0-9a-f]{12}$/);
  });

  it('finds the same request that was sent by another event', async () => {
    const data = {
      requestId: 'mine',
      principal: ANALYST,
      tables: ['aviation_ops.flights'],
      purpose: 'delay-study',
      durationDays: 10,
    };
    const fingerprint = requestFingerprint(data, ANALYTICS);
    desk.ledger.set('mine', { ...sample, requestId: 'mine', fingerprint, state: GRANTED });
    expect(await access(...ASK, '--id', 'mine')).toBe(0);
  });

  it('says why it is refused, and asks anew when it is asked again', async () => {
    hubRefuses('Account 444444444444 is not in the mesh.');
    expect(await access(...ASK, '--id', 'mine')).toBe(1);
    expect(terminal.errorOutput).toBe('Refused:\n  Account 444444444444 is not in the mesh.');
    hubAnswers(GRANTED);
    expect(await access(...ASK, '--id', 'mine')).toBe(0);
    expect(desk.sent.map(({ eventId }) => eventId)).toEqual([desk.sent[0]?.eventId, `${desk.sent[0]?.eventId}-2`]);
  });

  it('gives up waiting after --wait-for, says what is known, and how to go on', async () => {
    expect(await access(...ASK, '--id', 'mine', '--wait-for', '30s')).toBe(1);
    expect(desk.waited).toBeGreaterThanOrEqual(30_000);
    expect(desk.waited).toBeLessThan(40_000);
    expect(terminal.errorOutput).toContain('The hub has not taken the event yet');
    expect(terminal.errorOutput).toContain('trellis access show mine');
  });

  it('is left by Ctrl-C, and goes on', async () => {
    terminal.interruption.abort();
    expect(await access(...ASK, '--id', 'mine')).toBe(130);
    expect(terminal.errorOutput).toContain('trellis access show mine');
  });

  it('needs no reading with --no-wait', async () => {
    desk.isReadable = false;
    expect(await access(...ASK, '--id', 'mine', '--no-wait')).toBe(0);
    expect(desk.sent).toHaveLength(1);
    expect(terminal.output).toContain('trellis access show mine');
    expect(await access(...ASK)).toBe(1);
    expect(terminal.errorOutput).toBe('The reader role is not yours.');
    expect(desk.sent).toHaveLength(1);
  });

  it('puts nothing in a dry run, and shows what it would put', async () => {
    desk.isReadable = false;
    expect(await access(...ASK, '--dry-run', '--until', '2026-12-24')).toBe(2);
    expect(
      await access('request', 'Aviation_ops.flights', '--purpose', 'x', '--until', '2026-12-24', '--dry-run'),
    ).toBe(0);
    expect(terminal.output).toContain('"expiresAt": "2026-12-24T00:00:00.000Z"');
    expect(terminal.output).toContain('"aviation_ops.flights"');
    expect(terminal.output).toContain(
      `Dry run: account ${ANALYTICS} would put it on its default bus. Nothing was put.`,
    );
    expect(desk.sent).toEqual([]);
  });

  it('writes one JSON document of what came of it', async () => {
    hubAnswers(GRANTED);
    await access(...ASK, '--id', 'mine', '--json');
    expect(JSON.parse(terminal.output)).toMatchObject({
      stage: 'prod',
      account: ANALYTICS,
      hub: HUB,
      outcome: 'done',
      eventId: desk.sent[0]?.eventId,
      request: { requestId: 'mine', state: { status: 'granted' } },
    });
    expect(terminal.output).not.toContain('fingerprint');
    terminal = new FakeTerminal();
    hubRefuses('No.');
    await access(...ASK, '--json');
    expect(JSON.parse(terminal.output)).toMatchObject({ outcome: 'refused', reasons: ['No.'] });
  });

  it.each([
    ['no end', ['request', 'aviation_ops.flights', '--purpose', 'x'], '--days or --until'],
    ['no purpose', ['request', 'aviation_ops.flights', '--days', '1'], '--purpose'],
    ['no table', ['request', '--purpose', 'x', '--days', '1'], 'tables'],
    ['a table of no form', ['request', 'flights', '--purpose', 'x', '--days', '1'], 'tables.0: a table is named'],
    ['an id of no form', [...ASK, '--id', 'a b'], 'requestId: a request id has'],
    ['a principal that is none', [...ASK, '--principal', 'Analyst'], 'principal: a principal is the ARN'],
    ['days that are none', ['request', 'a_b.c', '--purpose', 'x', '--days', '0'], 'whole number'],
    ['a day that is none', ['request', 'a_b.c', '--purpose', 'x', '--until', '2027-02-29'], '2027-02-29'],
    ['names that are empty', [...ASK, '--columns', 'a,,b'], 'separated by commas'],
    ['a time to wait that is none', [...ASK, '--wait-for', 'long'], '30s'],
    ['an answer that is none', ['decide', 'r', 'perhaps'], 'approve or deny'],
    ['a denial that narrows', ['decide', 'r', 'deny', '--columns', 'a'], 'do not go with deny'],
    ['an extension without an end', ['extend', 'r'], '--until'],
    ['nothing to revoke', ['revoke', '--reason', 'x', '--yes'], 'Revoke what?'],
    ['a revocation without a reason', ['revoke', 'r'], '--reason'],
    ['a document with a question', ['revoke', 'r', '--reason', 'x', '--json'], '--yes'],
    ['a status that nothing has', ['list', '--status', 'gone'], 'granted'],
    ['a look ahead', ['list', '--at', '2027-01-01'], 'has not come yet'],
    ['a look back at a status', ['list', '--at', '2026-01-01', '--status', 'ended'], '--status'],
    ['a principal to explain that is none', ['explain', 'Analyst', 'aviation_ops.flights'], 'role/<name>'],
  ])('does not understand %s: exit code 2', async (_, args, text) => {
    expect(await access(...args)).toBe(2);
    expect(terminal.errorOutput).toContain(text);
    expect(desk.sent).toEqual([]);
  });

  it('takes nobody’s name for that of an account’s root user', async () => {
    desk.caller = { ...desk.caller, arn: `arn:aws:iam::${ANALYTICS}:root` };
    expect(await access(...ASK)).toBe(2);
    expect(terminal.errorOutput).toContain('--principal');
    hubAnswers(GRANTED);
    expect(await access(...ASK, '--principal', 'user/jo')).toBe(0);
    expect(desk.sent[0]?.event.data.principal).toBe(`arn:aws:iam::${ANALYTICS}:user/jo`);
  });
});

describe('trellis access decide', () => {
  beforeEach(() => {
    desk = new MemoryDesk({ account: AVIATION, hub: HUB, arn: session(AVIATION, 'Steward') });
    desk.ledger.set('r', { ...sample, requestId: 'r', state: WAITING, version: 1 });
  });

  it('approves as whoever calls, narrowed, and waits until the access is there', async () => {
    hubAnswers(GRANTED);
    expect(
      await access('decide', 'r', 'approve', '--columns', 'delay', '--until', '2026-12-01T00:00Z', '--reason', 'Fine.'),
    ).toBe(0);
    expect(desk.sent[0]).toMatchObject({
      isDirect: false,
      event: {
        detailType: 'Access Decision Made',
        data: {
          requestId: 'r',
          decision: 'approved',
          approver: STEWARD,
          columns: ['delay'],
          expiresAt: '2026-12-01T00:00:00.000Z',
          reason: 'Fine.',
        },
      },
    });
  });

  it('denies, which is what was wanted', async () => {
    hubAnswers({ status: 'denied', deniedAt: NOW, reasons: ['The owner denied it.'] });
    expect(await access('decide', 'r', 'deny')).toBe(0);
    expect(await access('decide', 'r', 'approve')).toBe(1);
  });

  it('answers the question that is open now: the same answer to a later one is another event', async () => {
    hubAnswers(GRANTED);
    await access('decide', 'r', 'approve');
    await access('decide', 'r', 'approve');
    const [first, second] = desk.sent;
    expect(first?.event).toEqual(second?.event);
    expect(first?.eventId).not.toBe(second?.eventId);
  });

  it('does not take the state that it found for the answer', async () => {
    desk.onSend = (_, eventId) => void desk.answers.set(eventId, {});
    desk.ledger.set('r', { ...sample, requestId: 'r', state: GRANTED, version: 7 });
    expect(await access('decide', 'r', 'approve', '--wait-for', '1s')).toBe(1);
    expect(terminal.errorOutput).toContain('It goes on');
  });

  it('puts an answer straight on the hub’s bus with --direct', async () => {
    hubAnswers(GRANTED);
    await access('decide', 'r', 'approve', '--direct', '--as', 'role/Other');
    expect(desk.sent[0]).toMatchObject({
      isDirect: true,
      event: { data: { approver: STEWARD.replace('Steward', 'Other') } },
    });
  });
});

describe('trellis access extend', () => {
  it('asks for a later end, from now, and waits for what the hub makes of it', async () => {
    desk.ledger.set('r', { ...sample, requestId: 'r', state: GRANTED, version: 3 });
    hubAnswers(GRANTED, { expiresAt: '2027-01-20T12:00:00.000Z' });
    expect(await access('extend', 'r', '--days', '60', '--purpose', 'longer')).toBe(0);
    expect(desk.sent[0]?.event).toEqual({
      detailType: 'Access Extension Requested',
      data: { requestId: 'r', expiresAt: '2027-01-20T12:00:00.000Z', purpose: 'longer' },
    });
    expect(terminal.output).toContain('until      2027-01-20 12:00 UTC');
  });

  it('is left to the owner, who is then asked for a later end', async () => {
    const extension = {
      expiresAt: '2027-01-20T12:00:00.000Z',
      purpose: 'longer',
      policies: [],
      askedAt: NOW,
      answerBy: '2026-11-28T12:00:00.000Z',
    };
    desk.ledger.set('r', { ...sample, requestId: 'r', state: GRANTED, version: 3 });
    hubAnswers({ status: 'granted', grantedAt: NOW, extension });
    expect(await access('extend', 'r', '--days', '60')).toBe(0);
    expect(terminal.output).toContain(
      'later end  2027-01-20 12:00 UTC is asked for (longer), and waits for the owner until 2026-11-28 12:00 UTC',
    );
    terminal = new FakeTerminal();
    await access('list', '--status', 'waiting');
    expect(terminal.output).toMatch(/^r +granted; extension waits/m);
    hubAnswers(GRANTED, { expiresAt: extension.expiresAt });
    expect(await access('decide', 'r', 'approve')).toBe(0);
  });

  it('is not done when the end is what it was', async () => {
    desk.ledger.set('r', { ...sample, requestId: 'r', state: GRANTED, version: 3 });
    hubAnswers(GRANTED);
    expect(await access('extend', 'r', '--days', '60')).toBe(1);
    expect(terminal.output).toContain('until      2026-12-21 09:00 UTC');
  });
});

describe('trellis access revoke --table', () => {
  it('takes nothing for done on a table that the request never had: the hub refuses it', async () => {
    desk.ledger.set('r', { ...sample, requestId: 'r', state: GRANTED, version: 3 });
    let refuse: (() => void) | undefined;
    desk.onSend = (_, eventId) => {
      refuse = () => void desk.answers.set(eventId, { refused: ['not of the table'] });
    };
    // A moment later.
    desk.onPause = () => refuse?.();
    expect(await access('revoke', 'r', '--table', 'aviation_ops.flight', '--reason', 'leak', '--yes')).toBe(1);
    expect(terminal.errorOutput).toContain('not of the table');
  });

  it('asks for that table alone', async () => {
    desk.ledger.set('r', { ...sample, requestId: 'r', state: GRANTED, version: 3 });
    terminal.isInteractive = true;
    await access('revoke', 'r', '--table', 'aviation_ops.flights', '--reason', 'leak');
    expect(terminal.questions.join()).toContain('of r on aviation_ops.flights');
  });
});

describe('trellis access revoke', () => {
  beforeEach(() => void desk.ledger.set('r', { ...sample, requestId: 'r', state: GRANTED, version: 3 }));

  it('asks a person first, and needs a yes where there is none', async () => {
    expect(await access('revoke', 'r', '--reason', 'over')).toBe(1);
    expect(terminal.errorOutput).toContain('--yes');
    terminal.isInteractive = true;
    expect(await access('revoke', 'r', '--reason', 'over')).toBe(1);
    expect(terminal.questions).toEqual(['End the access of r in stage prod, for good?']);
    expect(terminal.output).toBe('Nothing was changed.');
    expect(desk.sent).toEqual([]);
  });

  it('waits until the access is gone', async () => {
    hubAnswers({ status: 'ending', cause: 'requested', since: NOW });
    desk.onPause = () => desk.ledger.set('r', { ...sample, requestId: 'r', state: ENDED });
    expect(await access('revoke', 'r', '--reason', 'over', '--yes')).toBe(0);
    expect(terminal.output).toContain('ended 2026-11-21 12:00 UTC (now): requested');
  });

  it('is done already when the access has ended before: the hub says nothing to that', async () => {
    desk.ledger.set('r', { ...sample, requestId: 'r', state: ENDED });
    expect(await access('revoke', 'r', '--reason', 'over', '--yes')).toBe(0);
  });

  it('ends all of a principal, waits for each, and is another event every time', async () => {
    desk.ledger.set('s', { ...sample, requestId: 's', state: WAITING });
    desk.ledger.set('other', { ...sample, requestId: 'other', principal: STEWARD, state: GRANTED });
    desk.onSend = (_, eventId) => {
      desk.answers.set(eventId, {});
      for (const id of ['r', 's']) desk.ledger.set(id, { ...sample, requestId: id, state: ENDED });
    };
    expect(await access('revoke', '--principal', 'role/Analyst', '--reason', 'left', '--yes')).toBe(0);
    expect(terminal.written.map(line => line.split(' ')[0])).toEqual(['request', 'r', 's']);
    await access('revoke', '--principal', 'role/Analyst', '--reason', 'left', '--yes');
    const [first, second] = desk.sent;
    expect(first?.event.data).toEqual({ principal: ANALYST, reason: 'left' });
    expect(second?.eventId).not.toBe(first?.eventId);
  });
});
