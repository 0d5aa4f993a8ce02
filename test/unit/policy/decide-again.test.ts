import { describe, expect, it } from 'vitest';
import type { AccessRequest } from '../../../shared/access/access-request.ts';
import { decidePairAgain } from '../../../shared/access/decide-again.ts';
import { decideRequest } from '../../../shared/access/decide-request.ts';
import type { WhatIsLeft } from '../../../shared/access/narrow-request.ts';
import { createPolicyEngine } from '../../../shared/access/policy.ts';
import { FLIGHTS, flights, mesh, NOW, request, STEWARD, states } from '../access/access-sample.ts';
import { PROJECT } from './sample-policies.ts';

/** The engine with more policies of aviation, or of the council. */
const engineWith = (aviation = '', council = '') =>
  createPolicyEngine({
    ...PROJECT,
    guardrails: `${PROJECT.guardrails}\n${council}`,
    domains: { ...PROJECT.domains, aviation: `${PROJECT.domains.aviation}\n${aviation}` },
  });
const PLAIN = engineWith();
const without = (id: string) =>
  createPolicyEngine({
    ...PROJECT,
    domains: {
      ...PROJECT.domains,
      aviation: PROJECT.domains.aviation!.replace(new RegExp(`@id\\("${id}"\\)[^;]*;`), ''),
    },
  });
const forbidding = (action: string, when: string) =>
  `@id("guardrail.new") @reason("not any more") forbid (principal, action == Action::"${action}", resource) when { ${when} };`;

const granted = (columns: string[], more = {}) =>
  request(states.granted, { terms: [{ table: FLIGHTS, columns, rowFilter: null }], ...more });
const AUTOMATIC = granted(['origin', 'delay', 'year']);
const APPROVED_BY_STEWARD = granted(['origin', 'tail', 'year'], { approvedBy: STEWARD });
const again = (one: typeof AUTOMATIC, policies = PLAIN, table = flights) =>
  decidePairAgain([one], table, { mesh, policies }, NOW)[0]!;
const relabelled = (name: string, ...labels: string[]) => ({
  ...flights,
  columns: flights.columns.map(column => (column.name === name ? { ...column, labels } : column)),
});

describe('a grant that is decided again', () => {
  it('stands where nothing has changed, whoever granted it', () => {
    expect(again(AUTOMATIC)).toEqual({ kind: 'stands' });
    expect(again(APPROVED_BY_STEWARD)).toEqual({ kind: 'stands' });
  });

  it('loses a column that nobody may read any more, with the reason and the policies', () => {
    expect(again(AUTOMATIC, engineWith('', forbidding('ReadColumn', 'resource.name == "delay"')))).toMatchObject({
      kind: 'narrowed',
      taken: ['delay'],
      reasons: ['delay: not any more'],
      left: {
        terms: [{ table: FLIGHTS, columns: ['origin', 'year'], rowFilter: null }],
        policies: expect.arrayContaining(['guardrail.new', 'aviation.public-is-automatic']),
      },
    });
  });

  it('never gets a column that it has not', () => {
    const wide = decidePairAgain([granted(['origin'])], flights, { mesh, policies: PLAIN }, NOW);
    expect(wide).toEqual([{ kind: 'stands' }]);
  });

  it('ends where all that it reads is forbidden, or the request itself', () => {
    const all = engineWith('', forbidding('ReadColumn', 'true'));
    expect(again(AUTOMATIC, all)).toMatchObject({ kind: 'ended', reasons: [expect.stringMatching(/not any more/)] });
    const purpose = engineWith('', forbidding('Request', 'context.purpose == "route-study"'));
    expect(again(APPROVED_BY_STEWARD, purpose)).toMatchObject({
      kind: 'ended',
      reasons: ['not any more'],
      policies: ['guardrail.new'],
    });
  });

  it('ends where a partition key may not be read any more: every grant reads it', () => {
    expect(again(AUTOMATIC, PLAIN, relabelled('year', 'restricted'))).toMatchObject({
      kind: 'ended',
      reasons: [expect.stringMatching(/partition key year is read by every grant/)],
    });
  });

  it('keeps the columns that policy still grants by itself, where nobody said yes to it', () => {
    expect(again(AUTOMATIC, PLAIN, relabelled('delay', 'internal'))).toMatchObject({
      kind: 'narrowed',
      taken: ['delay'],
      reasons: [expect.stringMatching(/^delay: no policy of aviation grants this without the owner's decision/)],
    });
    expect(again(AUTOMATIC, without('aviation.public-is-automatic'))).toMatchObject({
      kind: 'ended',
      reasons: [expect.stringMatching(/which it never had/)],
    });
  });

  it("stands on a steward's yes for what policy leaves to the owner", () => {
    expect(again(APPROVED_BY_STEWARD, without('aviation.public-is-automatic'))).toEqual({ kind: 'stands' });
    expect(again(APPROVED_BY_STEWARD, PLAIN, relabelled('origin', 'confidential'))).toEqual({ kind: 'stands' });
  });

  it('stands when the steward who said yes may no longer say it, but not when saying it is forbidden', () => {
    expect(again(APPROVED_BY_STEWARD, without('aviation.stewards-decide'))).toEqual({ kind: 'stands' });
    const forbidden = engineWith('', forbidding('Approve', 'context.labels.contains("confidential")'));
    expect(again(APPROVED_BY_STEWARD, forbidden)).toMatchObject({
      kind: 'narrowed',
      taken: ['tail'],
      reasons: ['tail: not any more'],
    });
  });

  it('loses what is labelled pii now, unless its purpose is on the list', () => {
    const table = relabelled('tail', 'confidential', 'pii');
    expect(again(APPROVED_BY_STEWARD, PLAIN, table)).toMatchObject({ kind: 'narrowed', taken: ['tail'] });
    const listed = { ...APPROVED_BY_STEWARD, purpose: 'safety-investigation' };
    expect(again(listed, PLAIN, table)).toEqual({ kind: 'stands' });
  });

  it('is asked for the days that are left of it', () => {
    const short = engineWith('', forbidding('Request', 'context.durationDays > 20'));
    expect(again(AUTOMATIC, short)).toMatchObject({ kind: 'ended' });
    expect(again({ ...AUTOMATIC, expiresAt: '2026-12-01T10:00:00.000Z' }, short)).toEqual({ kind: 'stands' });
  });

  it('ends where an error keeps policies from being evaluated: an error denies', () => {
    const failing = engineWith('', forbidding('AutoApprove', 'context.durationDays * 9223372036854775807 > 1'));
    expect(again(AUTOMATIC, failing)).toMatchObject({
      kind: 'ended',
      reasons: [expect.stringMatching(/policy evaluation failed/)],
    });
  });

  it('ends where its row filter goes by a column that it may not read any more: without it, it would read more rows', () => {
    const filtered = granted(['origin', 'delay', 'year'], {
      terms: [{ table: FLIGHTS, columns: ['origin', 'delay', 'year'], rowFilter: 'delay > 10' }],
    });
    const policies = engineWith('', forbidding('ReadColumn', 'resource.name == "delay"'));
    expect(again(filtered, policies)).toMatchObject({
      kind: 'ended',
      reasons: ['delay: not any more', expect.stringMatching(/row filter, delay > 10, cannot be used any more/)],
    });
    const other = engineWith('', forbidding('ReadColumn', 'resource.name == "origin"'));
    expect(again(filtered, other)).toMatchObject({ kind: 'narrowed', taken: ['origin'] });
  });

  it('is left alone by columns that its table lost, until something else changes on the pair', () => {
    const table = { ...flights, columns: flights.columns.filter(({ name }) => name !== 'tail') };
    const other = granted(['origin', 'delay', 'year'], { requestId: 'r2' });
    const decide = (policies = PLAIN) => decidePairAgain([APPROVED_BY_STEWARD, other], table, { mesh, policies }, NOW);
    expect(decide().map(({ kind }) => kind)).toEqual(['stands', 'stands']);
    expect(decide(engineWith('', forbidding('ReadColumn', 'resource.name == "delay"')))).toMatchObject([
      { kind: 'narrowed', taken: ['tail'], reasons: [`tail: ${FLIGHTS} no longer has it`] },
      { kind: 'narrowed', taken: ['delay'] },
    ]);
  });

  it.each([
    ['waits', request(states.waiting)],
    ['has ended', request(states.ended)],
    ['has expired', { ...AUTOMATIC, expiresAt: NOW }],
    ['is of an account that has left', { ...AUTOMATIC, account: '999999999999' }],
    ['reads nothing that is there', granted(['gone'])],
  ])('is not decided where it %s', (_, one) => {
    expect(again(one, engineWith('', forbidding('Request', 'true')))).toEqual({ kind: 'stands' });
  });

  it('decided again as narrowed, stands', () => {
    const policies = engineWith('', forbidding('ReadColumn', 'resource.name == "delay"'));
    const first = again(AUTOMATIC, policies);
    expect(first.kind).toBe('narrowed');
    expect(again({ ...AUTOMATIC, ...(first as { left: WhatIsLeft }).left } as AccessRequest, policies)).toEqual({
      kind: 'stands',
    });
  });
});

describe('policies on one table', () => {
  it('know it by its central name, in a request and when it is decided again', () => {
    const named = engineWith(
      '@id("aviation.closed") @reason("closed") forbid (principal, action == Action::"Request", resource == Table::"aviation_ops.flights");',
    );
    expect(again(AUTOMATIC, named)).toMatchObject({ kind: 'ended', reasons: ['closed'] });
    const asked = {
      requestId: 'r9',
      principal: AUTOMATIC.principal,
      tables: [FLIGHTS],
      columns: ['origin'],
      purpose: 'route-study',
      durationDays: 3,
    };
    const context = {
      mesh,
      policies: named,
      existing: undefined,
      tables: [{ description: flights, pair: { grants: [] } }],
      now: NOW,
    };
    expect(decideRequest(asked, AUTOMATIC.account, context)).toMatchObject({
      request: { state: { status: 'denied', reasons: ['closed'] } },
    });
  });
});
