import { describe, expect, it } from 'vitest';
import type { AccessDecisionMadeData } from '../../../events/access-decision-made.ts';
import type { ActiveGrantsOfPair } from '../../../shared/access/check-terms.ts';
import { type AnswerContext, decideAnswer } from '../../../shared/access/decide-answer.ts';
import type { TableDescription } from '../../../shared/access/table-description.ts';
import { ANALYTICS, AVIATION, description, MESH, POLICIES, STEWARD } from '../../property/sample-mesh.ts';
import {
  ANALYST,
  APPROVED,
  DENIED,
  END,
  ENDED,
  ENDING,
  FLIGHTS,
  GRANTED,
  grantOf,
  NOW,
  requestIn,
  WAITING,
} from './samples.ts';

const YES: AccessDecisionMadeData = { requestId: 'r1', decision: 'approved', approver: STEWARD };
const SENT = '2026-11-22T09:00:00.000Z';

/** Of a request for one table: that table, and what the principal has on it. */
type Found = Partial<AnswerContext> & { table?: TableDescription | undefined; pair?: ActiveGrantsOfPair };

function context(found: Found = {}): AnswerContext {
  const { table, pair = { grants: [] }, ...more } = { table: description(FLIGHTS), ...found };
  const tables = [{ description: table, pair }];
  return { mesh: MESH, policies: POLICIES, request: requestIn(WAITING), tables, now: SENT, ...more };
}

function answer(data: Partial<AccessDecisionMadeData>, more: Found = {}, account = AVIATION, at = SENT) {
  return decideAnswer({ ...YES, ...data }, account, at, context(more));
}

function answered(data: Partial<AccessDecisionMadeData> = {}, more: Found = {}) {
  const ruling = answer(data, more);
  if (ruling.kind !== 'answered') throw new Error(ruling.reasons.join(' '));
  return ruling.request;
}

function refusal(...given: Parameters<typeof answer>): string {
  const ruling = answer(...given);
  if (ruling.kind !== 'refused') throw new Error('not refused');
  return ruling.reasons.join(' ');
}

describe("an owner's answer", () => {
  it('approves the request as it was asked, with the policies of both decisions', () => {
    expect(answered()).toMatchObject({
      version: 2,
      terms: [{ table: FLIGHTS, columns: ['origin', 'delay'], rowFilter: null }],
      expiresAt: END,
      policies: ['on-approval', 'on-research'],
      state: { status: 'approved', approvedAt: SENT, attempts: 0, reasons: [`Approved by ${STEWARD}.`] },
    });
    expect(answered({ reason: 'as agreed' }).state).toMatchObject({ reasons: ['as agreed'] });
  });

  it('denies it, with the reason that was given', () => {
    const no = { decision: 'denied' as const };
    expect(answered(no)).toMatchObject({ version: 2, state: { status: 'denied', reasons: ['The owner denied it.'] } });
    expect(answered({ ...no, reason: 'too wide' }).state).toMatchObject({ reasons: ['The owner denied it: too wide'] });
  });

  it('narrows it: fewer columns, fewer rows, an earlier end', () => {
    const narrowed = { columns: ['DELAY'], rowFilter: 'delay > 5', expiresAt: '2026-12-01T00:00:00Z' };
    expect(answered(narrowed)).toMatchObject({
      terms: [{ columns: ['delay'], rowFilter: 'delay > 5' }],
      expiresAt: '2026-12-01T00:00:00.000Z',
    });
  });

  it('keeps the partition keys, which every grant reads, and the row filter that was asked for', () => {
    const keyed = description(FLIGHTS);
    const table = {
      ...keyed,
      columns: keyed.columns.map(each => ({ ...each, isPartitionKey: each.name === 'delay' })),
    };
    const terms = [{ table: FLIGHTS, columns: ['origin', 'delay'], rowFilter: 'delay > 5' }];
    const request = requestIn(WAITING, { terms });
    expect(answered({ columns: ['origin'] }, { request, table }).terms[0]).toEqual(terms[0]);
  });

  it('counts within the second of its question, as envelopes have whole seconds', () => {
    const request = requestIn({ ...WAITING, askedAt: '2026-11-21T09:00:00.750Z' });
    expect(answer({}, { request }, AVIATION, NOW).kind).toBe('answered');
  });
});

describe('an answer to a request for two tables of which one has gone', () => {
  const terms = [FLIGHTS, 'aviation_ops.airports'].map(table => ({ table, columns: ['origin'], rowFilter: null }));
  const found = {
    request: requestIn(WAITING, { terms }),
    tables: [
      { description: description(FLIGHTS), pair: { grants: [] } },
      { description: undefined, pair: { grants: [] } },
    ],
  };

  it('may leave that out', () => {
    expect(answered({ columns: [`${FLIGHTS}.origin`] }, found)).toMatchObject({
      terms: [{ table: FLIGHTS }],
      state: { reasons: expect.arrayContaining(['aviation_ops.airports: left out by the owner.']) },
    });
  });

  it('is refused otherwise, with the table', () => {
    expect(refusal({}, found)).toMatch(/aviation_ops.airports is no longer in the central catalog/);
  });
});

describe('an answer is refused', () => {
  const late = '2026-11-28T09:00:00.001Z';
  it.each<[string, Parameters<typeof answer>, RegExp]>([
    ['to no request', [{}, { request: undefined }], /No request r1 waits/],
    ['of another domain, as if there were no request', [{}, {}, ANALYTICS], /No request r1 waits/],
    ['to a request of no domain', [{}, { request: requestIn(WAITING, { domain: '' }) }], /No request r1 waits/],
    ['sent before the question', [{}, {}, AVIATION, '2026-11-21T08:59:59.000Z'], /open from/],
    ['sent after the deadline', [{}, {}, AVIATION, late], /open from/],
    ['that arrives after the deadline', [{}, { now: late }], /open from/],
    ['by one who is no steward', [{ approver: `arn:aws:iam::${AVIATION}:role/Intern` }], /is not a steward/],
    ['by the requester, steward or not', [{ approver: ANALYST }], /cannot decide on its own request/],
    ['once the table has gone', [{}, { table: undefined }], /no longer in the central catalog/],
    [
      'to a request without terms',
      [{}, { request: requestIn(WAITING, { terms: [] }) }],
      /no longer in the central catalog/,
    ],
    ['that widens the columns', [{ columns: ['origin', 'destination'] }], /destination was not asked for/],
    ['that prolongs it', [{ expiresAt: '2027-01-01T00:00:00.000Z' }], /must lie between/],
    ['that ends it at once', [{ expiresAt: SENT }], /must lie between/],
    ['with a row filter that cannot be used', [{ rowFilter: 'gate = 1' }], /row filter cannot be used/],
    ['beside a grant of other rows', [{}, { pair: { grants: [grantOf('a', ['origin'], 'delay > 5')] } }], /request a/],
  ])('%s', (_, given, reason) => {
    expect(refusal(...given)).toMatch(reason);
  });

  it.each([APPROVED, GRANTED, ENDING, ENDED, DENIED])('to a request that is $status', state => {
    expect(refusal({}, { request: requestIn(state) })).toContain(`it is ${state.status}`);
  });

  it('that changes the row filter that was asked for', () => {
    const request = requestIn(WAITING, { terms: [{ table: FLIGHTS, columns: ['delay'], rowFilter: 'delay > 5' }] });
    expect(refusal({ rowFilter: 'delay > 9' }, { request })).toContain('row filter of its own');
  });

  it('when policy does not let it be approved', () => {
    const no = { outcome: 'denied' as const, columns: [], refusedColumns: [], reasons: ['a guardrail'], policies: [] };
    expect(refusal({}, { policies: { ...POLICIES, decideApproval: () => no } })).toBe('a guardrail');
  });
});
