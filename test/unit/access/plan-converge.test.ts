import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CellFilter, cellFilter, DESCRIPTION, desiredFilter } from '../../../shared/access/entitlement.ts';
import { afterSettling, newPair, type PairReading, withApplied } from '../../../shared/access/pair-record.ts';
import {
  type ActualAccess,
  type ConvergePlan,
  FILTER_PERMISSIONS,
  isEmpty,
  isInStep,
  permissionsOf,
  planConverge,
} from '../../../shared/access/plan-converge.ts';
import { ANALYST, END, FLIGHTS, grantOf } from './samples.ts';

const pair = { principal: ANALYST, table: FLIGHTS };
const ours = cellFilter(ANALYST, ['origin'], null);
const old = cellFilter(ANALYST, ['delay', 'origin'], null);

function reading(applied: CellFilter[], ...grants: ReturnType<typeof grantOf>[]): PairReading {
  return { record: { ...newPair(pair), applied: Object.fromEntries(applied.map(each => [each.name, each])) }, grants };
}

function actual(filters: string[], granted: string[], others: string[] = []): ActualAccess {
  return { filters: new Set(filters), granted: new Map(granted.map(name => [name, FILTER_PERMISSIONS])), others };
}

/** What Lake Formation has once all of a plan was done. */
function applied(plan: ConvergePlan, { filters, granted, others }: ActualAccess): ActualAccess {
  const gone = new Set([...plan.remove, ...plan.revoke].map(({ name }) => name));
  const removed = new Set(plan.remove.map(({ name }) => name));
  return {
    filters: new Set([...filters, ...(plan.create ? [plan.create.name] : [])].filter(name => !removed.has(name))),
    granted: new Map(
      [...granted, ...plan.grant.map(entry => [entry.name, permissionsOf(entry)] as const)].filter(
        ([name]) => !gone.has(name),
      ),
    ),
    others,
  };
}

describe('planning', () => {
  it('creates and grants what is missing, and notes it first when nobody did', () => {
    expect(planConverge(reading([], grantOf('a')), actual([], []))).toMatchObject({
      desired: [ours],
      note: [ours],
      create: ours,
      grant: [ours],
      revoke: [],
      remove: [],
      foreign: [],
    });
    expect(planConverge(reading([ours], grantOf('a')), actual([], [])).note).toEqual([]);
  });

  it('grants a filter that is there, also one that lacks SELECT', () => {
    const plan = planConverge(reading([ours], grantOf('a')), actual([ours.name], []));
    expect(plan).toMatchObject({ create: null, grant: [ours] });
    const described = { ...actual([ours.name], []), granted: new Map([[ours.name, ['DESCRIBE']]]) };
    expect(planConverge(reading([ours], grantOf('a')), described).grant).toEqual([ours]);
  });

  it('has nothing to do where all is as it should be', () => {
    const plan = planConverge(reading([ours], grantOf('a')), actual([ours.name], [ours.name]));
    expect(isEmpty(plan)).toBe(true);
    expect(isInStep(plan)).toBe(true);
  });

  it('revokes and deletes what was applied and is no longer wanted', () => {
    const plan = planConverge(reading([ours, old], grantOf('a')), actual([ours.name, old.name], [ours.name, old.name]));
    expect(plan).toMatchObject({ create: null, grant: [], revoke: [old], remove: [old], left: [old] });
    expect(isInStep(plan)).toBe(false);
  });

  it('deletes by name what it may have made and does not see, which is no sign of being out of step', () => {
    const plan = planConverge(reading([old]), actual([], []));
    expect(plan).toMatchObject({ desired: [], revoke: [], remove: [old], left: [] });
    expect(isEmpty(plan)).toBe(false);
    expect(isInStep(plan)).toBe(true);
  });

  it('deletes nothing of a table that is gone', () => {
    expect(planConverge(reading([old]), { ...actual([], []), isTableGone: true }).remove).toEqual([]);
  });

  it('reports what others gave the principal and never touches it, whatever its name', () => {
    const byHand = 'trellis-0123456789abcdef0123456789abcdef';
    const plan = planConverge(reading([]), actual([byHand], [byHand], ['SELECT on the table']));
    expect(isEmpty(plan)).toBe(true);
    expect(plan.foreign).toEqual([`filter ${byHand}`, 'SELECT on the table']);
  });

  describe('of the description alone', () => {
    const alone = { requestId: 'd', permission: 'DESCRIBE' as const, columns: [], rowFilter: null, expiresAt: END };
    const described = (...entries: string[]) => actual(entries, entries);
    const withDescription = (access: ActualAccess) => ({
      ...access,
      granted: new Map([...access.granted, [DESCRIPTION.name, ['DESCRIBE']]]),
    });

    it('notes it and grants it on the table, beside the filter of what is read, and makes no filter for it', () => {
      expect(planConverge(reading([], alone), actual([], []))).toMatchObject({
        desired: [DESCRIPTION],
        note: [DESCRIPTION],
        create: null,
        grant: [DESCRIPTION],
      });
      const both = planConverge(reading([ours], grantOf('a'), alone), described(ours.name));
      expect(both).toMatchObject({ create: null, note: [DESCRIPTION], grant: [DESCRIPTION], revoke: [] });
    });

    it('revokes it, and deletes no filter, when nothing asks for it any more', () => {
      const plan = planConverge(reading([ours, DESCRIPTION], grantOf('a')), withDescription(described(ours.name)));
      expect(plan).toMatchObject({ revoke: [DESCRIPTION], remove: [], left: [DESCRIPTION] });
    });

    it('leaves that which was there before Trellis had to give it: it is not its own, then and afterwards', () => {
      const plan = planConverge(reading([], alone), withDescription(actual([], [])));
      expect(plan).toMatchObject({ note: [], grant: [], foreign: ['DESCRIBE on the table'] });
      expect(isEmpty(plan)).toBe(true);
      const settled = afterSettling(reading([], alone).record, plan.desired);
      expect(planConverge({ record: settled, grants: [] }, withDescription(actual([], []))).revoke).toEqual([]);
    });
  });
});

const columns = fc.uniqueArray(fc.constantFrom('origin', 'destination', 'delay'), { minLength: 1 });
const filter = columns.map(names => cellFilter(ANALYST, names, null));
const foreign = fc.uniqueArray(fc.constantFrom<string>('theirs', 'trellis-by-hand', 'trellis-'));

describe('the law of planning', () => {
  it('planning twice is planning once, and nothing foreign is touched', () => {
    const known = fc.uniqueArray(filter, { selector: ({ name }) => name });
    const state = fc.record({
      grants: fc.array(columns, { maxLength: 3 }),
      known,
      seen: known,
      isGranted: fc.infiniteStream(fc.boolean()),
      theirs: foreign,
      isDescribed: fc.boolean(),
      description: fc.constantFrom('none' as const, 'ours' as const, 'theirs' as const),
    });
    fc.assert(
      fc.property(state, ({ grants, known: noted, seen, isGranted, theirs: others, isDescribed, description }) => {
        const alone = { requestId: 'd', permission: 'DESCRIBE' as const, columns: [], rowFilter: null, expiresAt: END };
        const given = [...grants.map((names, index) => grantOf(`r${index}`, names)), ...(isDescribed ? [alone] : [])];
        const desired = desiredFilter(ANALYST, given);
        // INVARIANT: whatever of ours is in Lake Formation was noted before, and a desired filter is.
        const ofOurs = description === 'ours' ? [DESCRIPTION] : [];
        const before = reading([...noted, ...seen, ...(desired ? [desired] : []), ...ofOurs], ...given);
        const there = seen.map(({ name }) => name);
        const theirs: string[] = description === 'theirs' ? [...others, DESCRIPTION.name] : others;
        const filters = actual([...there, ...others], [...there.filter(() => isGranted.next().value), ...others]);
        const granted = new Map(filters.granted);
        if (description !== 'none') granted.set(DESCRIPTION.name, ['DESCRIBE']);
        const first: ActualAccess = { ...filters, granted };
        const plan = planConverge(before, first);
        const then = applied(plan, first);
        const noting = { ...before, record: withApplied(before.record, plan.note) };
        const again = planConverge(noting, then);
        expect(isInStep(again)).toBe(true);
        expect(again.foreign).toEqual(plan.foreign);
        expect([...then.filters].filter(name => others.includes(name)).sort()).toEqual([...others].sort());
        expect([...then.granted.keys()]).toEqual(expect.arrayContaining(theirs));
        const settled = { ...noting, record: afterSettling(noting.record, plan.desired) };
        expect(isEmpty(planConverge(settled, then))).toBe(true);
        const wanted = [...(desired ? [desired.name] : []), ...(isDescribed ? [DESCRIPTION.name] : [])];
        expect([...then.granted.keys()].filter(name => !theirs.includes(name)).sort()).toEqual(
          wanted.filter(name => !theirs.includes(name)).sort(),
        );
      }),
    );
  });
});
