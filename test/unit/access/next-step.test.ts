import { describe, expect, it } from 'vitest';
import {
  accountOf,
  dueAt,
  laterBy,
  noticeAt,
  noticeMilliseconds,
  type RequestState,
  tablesOf,
} from '../../../shared/access/access-request.ts';
import { nextStep } from '../../../shared/access/next-step.ts';
import { MESH } from '../../property/sample-mesh.ts';
import { ANALYST, APPROVED, DENIED, END, ENDED, ENDING, FLIGHTS, GRANTED, NOW, requestIn, WAITING } from './samples.ts';

const WEEK = 7 * 86_400_000;
const NOTICE = '2026-12-14T09:00:00.000Z';
const HALF_WAY = '2026-11-24T21:00:00.000Z';
const DAY_BEFORE = '2026-11-27T09:00:00.000Z';
const ANSWER_BY = '2026-11-28T09:00:00.000Z';
const step = (request: Parameters<typeof nextStep>[0], now: string) => nextStep(request, now, WEEK);

describe('what is due next', () => {
  it('is the answer, until its time has passed', () => {
    const reminded = requestIn({ ...WAITING, reminded: 2 });
    expect(step(reminded, laterBy(ANSWER_BY, -1))).toEqual({ kind: 'wait', until: ANSWER_BY });
    expect(step(requestIn(WAITING), ANSWER_BY)).toEqual({ kind: 'deny-unanswered' });
  });

  it('is a reminder half-way to the answer, and one a day before its time is over', () => {
    expect(step(requestIn(WAITING), laterBy(HALF_WAY, -1))).toEqual({ kind: 'wait', until: HALF_WAY });
    expect(step(requestIn(WAITING), HALF_WAY)).toEqual({ kind: 'remind' });
    const once = requestIn({ ...WAITING, reminded: 1 });
    expect(step(once, laterBy(DAY_BEFORE, -1))).toEqual({ kind: 'wait', until: DAY_BEFORE });
    expect(step(once, DAY_BEFORE)).toEqual({ kind: 'remind' });
    expect(step(requestIn(WAITING), ANSWER_BY)).toEqual({ kind: 'deny-unanswered' });
  });

  it('is of an extension that waits the reminders and the end of its time, then the end of the access', () => {
    const extension = {
      askedAt: '2026-12-15T09:00:00.000Z',
      answerBy: END,
      expiresAt: '2027-01-20T09:00:00.000Z',
      purpose: 'research',
      policies: [],
    };
    const granted = { ...GRANTED, expiringToldAt: NOTICE, extension };
    const halfWay = '2026-12-18T09:00:00.000Z';
    expect(step(requestIn(granted), laterBy(halfWay, -1))).toEqual({ kind: 'wait', until: halfWay });
    expect(step(requestIn(granted), halfWay)).toEqual({ kind: 'remind' });
    const reminded = requestIn({ ...granted, extension: { ...extension, reminded: 2 } });
    expect(step(reminded, laterBy(END, -1))).toEqual({ kind: 'wait', until: END });
    expect(step(reminded, END)).toEqual({ kind: 'deny-extension' });
    expect(dueAt(requestIn(granted), WEEK)).toBe(halfWay);
    expect(dueAt(reminded, WEEK)).toBe(END);
  });

  it('is the notice of an extended end, half-way from when it was extended', () => {
    const extended = requestIn(
      { ...GRANTED, extendedAt: '2026-12-20T09:00:00.000Z' },
      { expiresAt: '2026-12-22T09:00:00.000Z' },
    );
    expect(step(extended, '2026-12-20T09:00:00.000Z')).toEqual({ kind: 'wait', until: '2026-12-21T09:00:00.000Z' });
  });

  it('is provisioning at once, and after a failed attempt at its time', () => {
    expect(step(requestIn(APPROVED), NOW)).toEqual({ kind: 'provision' });
    const failed = requestIn({ ...APPROVED, attempts: 1, retryAt: laterBy(NOW, 5000) });
    expect(step(failed, laterBy(NOW, 4999))).toEqual({ kind: 'wait', until: laterBy(NOW, 5000) });
    expect(step(failed, laterBy(NOW, 5000))).toEqual({ kind: 'provision' });
  });

  it('is the end of an approved or granted request at its end, not before', () => {
    expect(step(requestIn(APPROVED), laterBy(END, -1)).kind).toBe('provision');
    expect(step(requestIn(APPROVED), END)).toEqual({ kind: 'end' });
    expect(step(requestIn(GRANTED), END)).toEqual({ kind: 'end' });
  });

  it('is the notice of a coming end, once', () => {
    expect(step(requestIn(GRANTED), laterBy(NOTICE, -1))).toEqual({ kind: 'wait', until: NOTICE });
    expect(step(requestIn(GRANTED), NOTICE)).toEqual({ kind: 'tell-expiring' });
    const told = requestIn({ status: 'granted', grantedAt: NOW, expiringToldAt: NOTICE });
    expect(step(told, NOTICE)).toEqual({ kind: 'wait', until: END });
    expect(step(told, END)).toEqual({ kind: 'end' });
  });

  it('is the withdrawal of what is ending, and nothing ever after', () => {
    expect(step(requestIn(ENDING), NOW)).toEqual({ kind: 'withdraw' });
    expect(step(requestIn(ENDED), END)).toEqual({ kind: 'wait', until: undefined });
    expect(step(requestIn(DENIED), END)).toEqual({ kind: 'wait', until: undefined });
  });
});

describe('when the sweep looks at a request', () => {
  it.each([
    ['waiting', WAITING, HALF_WAY],
    ['waiting, and reminded of twice', { ...WAITING, reminded: 2 }, ANSWER_BY],
    ['approved: a minute is left to the machine', APPROVED, laterBy(NOW, 60_000)],
    [
      'approved and failed: a minute after the retry',
      { status: 'approved', approvedAt: NOW, attempts: 2, retryAt: laterBy(NOW, 9000), reasons: [] } as const,
      laterBy(NOW, 69_000),
    ],
    ['granted', GRANTED, NOTICE],
    ['granted and told', { status: 'granted', grantedAt: NOW, expiringToldAt: NOTICE } as const, END],
    ['ending: at once', ENDING, NOW],
    ['ended', ENDED, undefined],
    ['denied', DENIED, undefined],
  ] as [string, RequestState, string | undefined][])('%s', (_, state, expected) => {
    expect(dueAt(requestIn(state), WEEK)).toBe(expected);
  });

  it('never leaves an end to the machine', () => {
    expect(dueAt(requestIn(APPROVED, { expiresAt: laterBy(NOW, 30_000) }), WEEK)).toBe(laterBy(NOW, 30_000));
  });
});

describe('the notice', () => {
  it('comes the notice period ahead, or half-way where the grant is shorter', () => {
    expect(noticeAt(requestIn(GRANTED), WEEK)).toBe(NOTICE);
    expect(noticeAt(requestIn(GRANTED, { expiresAt: laterBy(NOW, 60_000) }), WEEK)).toBe(laterBy(NOW, 30_000));
    expect(noticeAt(requestIn(APPROVED), WEEK)).toBe(laterBy(END, -WEEK / 2));
  });

  it('has the length that mesh.yml sets', () => {
    expect(noticeMilliseconds(MESH)).toBe(WEEK);
  });
});

it('names the tables of a request and the account of a principal', () => {
  expect(tablesOf(requestIn(WAITING))).toEqual([FLIGHTS]);
  expect(accountOf(ANALYST)).toBe('444444444444');
  expect(accountOf('no arn')).toBe('');
});
