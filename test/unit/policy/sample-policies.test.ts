import { describe, expect, it } from 'vitest';
import { createPolicyEngine } from '../../../shared/access/policy.ts';
import type { AccessQuestion } from '../../../shared/access/policy-question.ts';
import { ANALYST, columns, PROJECT, question, STEWARD } from './sample-policies.ts';

const engine = createPolicyEngine(PROJECT);

/** What is asked, the outcome, the columns granted, and words of a reason. */
const CASES: [string, Partial<AccessQuestion>, 'denied' | 'automatic' | 'owner', string[], RegExp?][] = [
  ['public columns for 30 days', { columns: columns('a:public', 'b:public') }, 'automatic', ['a', 'b']],
  ['public columns for 90 days', { durationDays: 90 }, 'automatic', ['origin']],
  ['public columns for a little more than 90 days', { durationDays: 90.01 }, 'owner', ['origin'], /owner's decision/],
  ['public columns for 365 days', { durationDays: 365 }, 'owner', ['origin']],
  ['public columns for more than 365 days', { durationDays: 365.5 }, 'denied', [], /365 days at most/],
  ['public columns for part of a day', { durationDays: 0.1 }, 'automatic', ['origin']],
  ['DESCRIBE alone', { permission: 'DESCRIBE' }, 'automatic', ['origin']],
  ['a row filter', { hasRowFilter: true }, 'automatic', ['origin']],
  ['internal columns', { columns: columns('a:internal') }, 'owner', ['a'], /no policy of aviation grants this/],
  ['public and internal columns', { columns: columns('a:public', 'b:internal') }, 'owner', ['a', 'b']],
  ['confidential columns', { columns: columns('a:confidential') }, 'owner', ['a']],
  [
    'a restricted column',
    { columns: columns('a:restricted') },
    'denied',
    [],
    /column a: aviation shares no restricted/,
  ],
  ['a restricted column among public ones', { columns: columns('a:public', 'b:restricted') }, 'automatic', ['a']],
  ['an unlabelled column', { columns: columns('a') }, 'owner', ['a'], /without a valid label/],
  [
    'an unlabelled column among public ones',
    { columns: columns('a:public', 'b') },
    'owner',
    ['a', 'b'],
    /without a valid label/,
  ],
  ['an unknown label', { columns: columns('a:publc') }, 'owner', ['a'], /without a valid label/],
  [
    'an unknown label beside a known one',
    { columns: columns('a:public,vip') },
    'owner',
    ['a'],
    /without a valid label/,
  ],
  ['two levels on a column', { columns: columns('a:public,internal') }, 'owner', ['a'], /without a valid label/],
  ['labels in capitals', { columns: columns('a:PUBLIC') }, 'automatic', ['a']],
  [
    'personal data for any purpose',
    { columns: columns('a:public,pii') },
    'denied',
    [],
    /purpose on the council's list/,
  ],
  ['personal data among public columns', { columns: columns('a:public', 'b:internal,pii') }, 'automatic', ['a']],
  ['personal data for a listed purpose', { columns: columns('a:public,pii'), isPiiPurpose: true }, 'owner', ['a']],
  ['pii without a level', { columns: columns('a:pii') }, 'denied', [], /purpose on the council's list/],
  ['pii beside an unknown label', { columns: columns('a:pii,vip') }, 'denied', [], /purpose on the council's list/],
  ['a public partition key', { columns: columns('a:public', 'year*:public') }, 'automatic', ['a', 'year']],
  ['an internal partition key', { columns: columns('a:public', 'year*:internal') }, 'owner', ['a', 'year']],
  [
    'an unlabelled partition key',
    { columns: columns('a:public', 'year*') },
    'owner',
    ['a', 'year'],
    /without a valid label/,
  ],
  [
    'a restricted partition key',
    { columns: columns('a:public', 'year*:restricted') },
    'denied',
    [],
    /partition key year is read by every grant/,
  ],
  [
    'a partition key of personal data',
    { columns: columns('a:public', 'who*:internal,pii') },
    'denied',
    [],
    /partition key who/,
  ],
  ['no column', { columns: [] }, 'denied', [], /no column is asked for/],
  ['a table of a domain without policies', { domain: 'marine' }, 'denied', [], /no policies of domain marine/],
  ['a domain named like a property', { domain: 'constructor' }, 'denied', [], /no policies of domain constructor/],
  ['no number of days', { durationDays: Number.NaN }, 'denied', [], /policy evaluation failed/],
  ['endless days', { durationDays: Number.POSITIVE_INFINITY }, 'denied', [], /policy evaluation failed/],
  ['more days than a long has', { durationDays: 1e30 }, 'denied', [], /policy evaluation failed/],
  ['climate: public for 180 days', { domain: 'climate', durationDays: 180 }, 'automatic', ['origin']],
  ['climate: public for 181 days', { domain: 'climate', durationDays: 181 }, 'owner', ['origin']],
  ['climate: internal', { domain: 'climate', columns: columns('a:internal') }, 'owner', ['a']],
  [
    'climate: confidential',
    { domain: 'climate', columns: columns('a:confidential') },
    'denied',
    [],
    /no policy of climate lets it be read \(labelled confidential\)/,
  ],
  ['climate: unlabelled', { domain: 'climate', columns: columns('a') }, 'owner', ['a'], /without a valid label/],
  ['climate: more than 365 days', { domain: 'climate', durationDays: 366 }, 'denied', [], /365 days at most/],
  ['names that would end a string in Cedar', { table: 'a"b\\', columns: columns('x"y:public') }, 'automatic', ['x"y']],
];

describe('policy answers a request', () => {
  it.each(CASES)('%s', (_, asked, outcome, granted, reason) => {
    const answer = engine.decideRequest(question(asked));
    expect({ outcome: answer.outcome, columns: answer.columns }).toEqual({ outcome, columns: granted });
    if (outcome === 'automatic') expect(answer.reasons).toEqual([]);
    else expect(answer.reasons.join('; ')).toMatch(reason ?? /owner's decision/);
  });

  it('names the policies that decided, sorted, each once', () => {
    expect(engine.decideRequest(question({ columns: columns('a:public', 'b:restricted', 'c:public') }))).toEqual({
      outcome: 'automatic',
      columns: ['a', 'c'],
      refusedColumns: [{ name: 'b', reasons: ['aviation shares no restricted columns'] }],
      reasons: [],
      policies: [
        'aviation.anyone-may-request',
        'aviation.public-is-automatic',
        'aviation.readable',
        'aviation.restricted-stays',
      ],
    });
    expect(engine.decideRequest(question({ durationDays: 400 })).policies).toEqual(['guardrail.max-days']);
  });

  it('of two hundred columns in reasonable time', () => {
    const many = Array.from({ length: 200 }, (_, index) => `c${index}:public`);
    const started = performance.now();
    expect(engine.decideRequest(question({ columns: columns(...many) })).columns).toHaveLength(200);
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});

describe("policy answers a steward's yes", () => {
  it('lets a steward approve what may be read', () => {
    const answer = engine.decideApproval({
      question: question({ columns: columns('a:confidential') }),
      approver: STEWARD,
    });
    expect(answer).toEqual({
      outcome: 'approved',
      columns: ['a'],
      refusedColumns: [],
      reasons: [],
      policies: ['aviation.anyone-may-request', 'aviation.readable', 'aviation.stewards-decide'],
    });
  });

  it('lets nobody approve their own request', () => {
    const answer = engine.decideApproval({ question: question(), approver: ANALYST });
    expect(answer).toMatchObject({ outcome: 'denied', columns: [], reasons: ['nobody decides on their own request'] });
    expect(answer.policies).toContain('guardrail.no-self-approval');
  });

  it("lets a steward approve a request of another role of the steward's account", () => {
    const asked = question({ principal: 'arn:aws:iam::222222222222:role/Pilot', account: '222222222222', teams: [] });
    expect(engine.decideApproval({ question: asked, approver: STEWARD }).outcome).toBe('approved');
  });

  it.each<[string, Partial<AccessQuestion>, RegExp]>([
    ['for more than 365 days', { durationDays: 366 }, /365 days at most/],
    ['of restricted columns alone', { columns: columns('a:restricted') }, /no restricted columns/],
    ['of personal data for another purpose', { columns: columns('a:internal,pii') }, /council's list/],
    [
      'of a table whose partition key may not be read',
      { columns: columns('a:public', 'k*:restricted') },
      /partition key k/,
    ],
  ])('does not let a steward approve access %s', (_, asked, reason) => {
    const answer = engine.decideApproval({ question: question(asked), approver: STEWARD });
    expect(answer.outcome).toBe('denied');
    expect(answer.reasons.join('; ')).toMatch(reason);
  });

  it('leaves out of an approval the columns that may not be read', () => {
    const asked = question({ columns: columns('a:confidential', 'b:restricted') });
    expect(engine.decideApproval({ question: asked, approver: STEWARD }).columns).toEqual(['a']);
  });
});
