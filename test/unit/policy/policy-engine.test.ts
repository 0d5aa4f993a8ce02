import { describe, expect, it } from 'vitest';
import { createPolicyEngine } from '../../../shared/access/policy.ts';
import { PolicyInvalidError, type PolicyProblem } from '../../../shared/access/policy-texts.ts';
import { columns, PROJECT, question, STEWARD } from './sample-policies.ts';

const withAviation = (more: string) => ({
  ...PROJECT,
  domains: { ...PROJECT.domains, aviation: `${PROJECT.domains.aviation}\n${more}` },
});

const withGuardrail = (more: string) => ({ ...PROJECT, guardrails: `${PROJECT.guardrails}\n${more}` });

/** Valid by its types; fails when it is evaluated, because a Long overflows. */
const OVERFLOW = 'context.durationDays * 9223372036854775807 * 3 > 0';

function problemsOf(texts: typeof PROJECT): PolicyProblem[] {
  try {
    createPolicyEngine(texts);
  } catch (error) {
    if (error instanceof PolicyInvalidError) return error.problems;
    throw error;
  }
  return [];
}

describe('an evaluation error', () => {
  it.each([
    [
      'Request',
      'a forbid',
      `@id("aviation.x") @reason("x") forbid (principal, action == Action::"Request", resource) when { ${OVERFLOW} };`,
    ],
    [
      'ReadColumn',
      'a forbid',
      `@id("aviation.x") @reason("x") forbid (principal, action == Action::"ReadColumn", resource) when { ${OVERFLOW} };`,
    ],
    [
      'AutoApprove',
      'a forbid',
      `@id("aviation.x") @reason("x") forbid (principal, action == Action::"AutoApprove", resource) when { ${OVERFLOW} };`,
    ],
    [
      'Request',
      'a permit that is not needed',
      `@id("aviation.x") permit (principal, action == Action::"Request", resource) when { ${OVERFLOW} };`,
    ],
    [
      'ReadColumn',
      'a permit that is not needed',
      `@id("aviation.x") permit (principal, action == Action::"ReadColumn", resource) when { ${OVERFLOW} };`,
    ],
    [
      'AutoApprove',
      'a permit that is not needed',
      `@id("aviation.x") permit (principal, action == Action::"AutoApprove", resource) when { ${OVERFLOW} };`,
    ],
  ])('in %s denies, in %s', (_, __, policy) => {
    const answer = createPolicyEngine(withAviation(policy)).decideRequest(question());
    expect(answer).toMatchObject({ outcome: 'denied', columns: [] });
    expect(answer.reasons.join()).toMatch(/policy evaluation failed: aviation\.x: .*overflow/);
    expect(answer.policies).toContain('aviation.x');
  });

  it('in a guardrail denies an approval', () => {
    const texts = withGuardrail(
      `@id("guardrail.x") @reason("x") forbid (principal, action == Action::"Approve", resource) when { ${OVERFLOW} };`,
    );
    const engine = createPolicyEngine(texts);
    expect(engine.decideApproval({ question: question(), approver: STEWARD })).toMatchObject({
      outcome: 'denied',
      reasons: [expect.stringMatching(/guardrail\.x.*overflow/)],
    });
  });
});

describe('policies', () => {
  it('of a domain hold for its own tables only, even where they name none', () => {
    const everything = '@id("aviation.all") permit (principal, action, resource);';
    const engine = createPolicyEngine(withAviation(everything));
    expect(engine.decideRequest(question({ durationDays: 300 })).outcome).toBe('automatic');
    expect(engine.decideRequest(question({ domain: 'climate', durationDays: 300 })).outcome).toBe('owner');
  });

  it('of a domain cannot override a guardrail', () => {
    const engine = createPolicyEngine(withAviation('@id("aviation.all") permit (principal, action, resource);'));
    expect(engine.decideRequest(question({ durationDays: 366 })).outcome).toBe('denied');
    expect(engine.decideRequest(question({ columns: columns('a') })).outcome).toBe('owner');
  });

  it('may speak of teams, accounts, tables and columns', () => {
    const engine = createPolicyEngine(
      withAviation(`
        @id("aviation.analytics-longer")
        permit (principal in Account::"444444444444", action == Action::"AutoApprove", resource == Table::"aviation_ops.flights")
        when { principal.teams.contains("analytics") && context.durationDays <= 200 };
        @id("aviation.no-tails") @reason("tail numbers stay")
        forbid (principal, action == Action::"ReadColumn", resource == Column::"aviation_ops.flights.tail");`),
    );
    const asked = question({ durationDays: 200, columns: columns('origin:public', 'tail:public') });
    expect(engine.decideRequest(asked)).toMatchObject({
      outcome: 'automatic',
      columns: ['origin'],
      refusedColumns: [{ name: 'tail', reasons: ['tail numbers stay'] }],
    });
    expect(engine.decideRequest({ ...asked, teams: [] }).outcome).toBe('owner');
    expect(engine.decideRequest({ ...asked, account: '555555555555' }).outcome).toBe('owner');
    expect(engine.decideRequest({ ...asked, table: 'airports' }).outcome).toBe('owner');
  });

  it('deny where none permits', () => {
    const engine = createPolicyEngine({ ...PROJECT, domains: { aviation: '' } });
    expect(engine.decideRequest(question())).toEqual({
      outcome: 'denied',
      columns: [],
      refusedColumns: [],
      reasons: ['no policy of aviation permits the request'],
      policies: [],
    });
    expect(engine.decideApproval({ question: question(), approver: STEWARD }).outcome).toBe('denied');
  });

  it('need a permit for approvals too', () => {
    const text = PROJECT.domains.aviation!.replace('Action::"Approve"', 'Action::"AutoApprove"');
    const engine = createPolicyEngine({ ...PROJECT, domains: { aviation: text } });
    expect(engine.decideApproval({ question: question(), approver: STEWARD }).reasons.join()).toMatch(
      /lets .*Steward approve/,
    );
  });
});

describe('invalid policies', () => {
  const permit = 'permit (principal, action == Action::"Request", resource)';

  it.each<[string, string, Partial<PolicyProblem>, RegExp]>([
    [
      'a syntax error',
      '@id("aviation.x")\npermit (principal, action, resource) when { context.purpose > };',
      {},
      /unexpected token/,
    ],
    ['no @id', `${permit};`, {}, /no @id/],
    ['an @id of another domain', `@id("climate.x") ${permit};`, { policy: 'climate.x' }, /must begin with aviation\./],
    [
      "a guardrail's @id",
      `@id("guardrail.max-days") ${permit};`,
      { policy: 'guardrail.max-days' },
      /must begin with aviation\./,
    ],
    [
      'an @id that is a prefix alone',
      `@id("aviation.") ${permit};`,
      { policy: 'aviation.' },
      /must begin with aviation\./,
    ],
    [
      'an @id used twice',
      `@id("aviation.readable") ${permit};`,
      { policy: 'aviation.readable' },
      /another policy has the @id/,
    ],
    [
      'a forbid without a @reason',
      '@id("aviation.x") forbid (principal, action, resource);',
      { policy: 'aviation.x' },
      /needs a @reason/,
    ],
    ['a template', '@id("aviation.x") permit (principal == ?principal, action, resource);', {}, /templates/],
    [
      'an attribute that is not there',
      `@id("aviation.x") ${permit} when { context.days > 1 };`,
      { policy: 'aviation.x' },
      /`days`/,
    ],
    [
      'a comparison of different types',
      `@id("aviation.x") ${permit} when { context.durationDays > "90" };`,
      { policy: 'aviation.x' },
      /type/,
    ],
    [
      'an action that is not there',
      '@id("aviation.x") permit (principal, action == Action::"Read", resource);',
      { policy: 'aviation.x' },
      /unrecognized action/,
    ],
    [
      'an entity type that is not there',
      '@id("aviation.x") permit (principal in Team::"x", action, resource);',
      { policy: 'aviation.x' },
      /unrecognized entity type/,
    ],
    [
      'a policy that can never apply',
      `@id("aviation.x") ${permit} when { 1 == 2 };`,
      { policy: 'aviation.x' },
      /impossible/,
    ],
    [
      "another domain's name in the scope",
      '@id("aviation.x") permit (principal, action, resource in Domain::"climate");',
      { policy: 'aviation.x' },
      /Domain::"climate" is not of domain aviation/,
    ],
    [
      "another domain's table in a condition",
      `@id("aviation.x") ${permit} when { resource == Table::"climate_daily.rain" };`,
      { policy: 'aviation.x' },
      /Table::"climate_daily\.rain"/,
    ],
    [
      "another domain's database in a set",
      `@id("aviation.x") ${permit} when { resource in [Database::"aviation_ops", Database::"aviationx_ops"] };`,
      { policy: 'aviation.x' },
      /Database::"aviationx_ops"/,
    ],
  ])('%s is told with its line', (_, more, problem, message) => {
    const problems = problemsOf(withAviation(more));
    const line = PROJECT.domains.aviation!.split('\n').length + 1;
    expect(problems[0]).toMatchObject({
      source: 'domains/aviation',
      ...problem,
      message: expect.stringMatching(message),
    });
    expect(problems[0]!.line).toBeGreaterThanOrEqual(line);
    expect(problems[0]!.line).toBeLessThanOrEqual(line + more.split('\n').length - 1);
  });

  it("of the council: a permit is not the council's to give", () => {
    const problems = problemsOf(withGuardrail('@id("guardrail.open") permit (principal, action, resource);'));
    expect(problems).toEqual([
      expect.objectContaining({
        source: 'guardrails',
        policy: 'guardrail.open',
        message: expect.stringMatching(/a guardrail forbids/),
      }),
    ]);
  });

  it('of several texts are told together, and readably', () => {
    const texts = { schema: PROJECT.schema, guardrails: 'forbid (', domains: { aviation: 'permit (', climate: 'x' } };
    expect(problemsOf(texts).map(({ source }) => source)).toEqual([
      'guardrails',
      'domains/aviation',
      'domains/climate',
    ]);
    expect(() => createPolicyEngine(texts)).toThrow(/The policies are not valid:\n {2}guardrails:1: /);
  });

  it('because of the schema are told at its line', () => {
    expect(problemsOf({ ...PROJECT, schema: 'entity A;\nentity B in [C];' })[0]).toMatchObject({
      source: 'schema',
      line: 2,
      message: expect.stringMatching(/C/),
    });
  });
});
