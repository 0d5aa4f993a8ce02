import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CellFilter, cellFilter, desiredFilter } from '../../../shared/access/entitlement.ts';
import { afterSettling, newPair, type PairReading } from '../../../shared/access/pair-record.ts';
import {
  type ActualAccess,
  type ConvergePlan,
  FILTER_PERMISSIONS,
  isEmpty,
  isInStep,
  planConverge,
} from '../../../shared/access/plan-converge.ts';
import { ANALYST, FLIGHTS, grantOf } from './samples.ts';

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
      [...granted, ...(plan.grant ? [[plan.grant.name, FILTER_PERMISSIONS] as const] : [])].filter(
        ([name]) => !gone.has(name),
      ),
    ),
    others,
  };
}

describe('planning', () => {
  it('creates and grants what is missing, and notes it first when nobody did', () => {
    expect(planConverge(reading([], grantOf('a')), actual([], []))).toMatchObject({
      desired: ours,
      note: ours,
      create: ours,
      grant: ours,
      revoke: [],
      remove: [],
      foreign: [],
    });
    expect(planConverge(reading([ours], grantOf('a')), actual([], [])).note).toBeNull();
  });

  it('grants a filter that is there, also one that lacks SELECT', () => {
    const plan = planConverge(reading([ours], grantOf('a')), actual([ours.name], []));
    expect(plan).toMatchObject({ create: null, grant: ours });
    const described = { ...actual([ours.name], []), granted: new Map([[ours.name, ['DESCRIBE']]]) };
    expect(planConverge(reading([ours], grantOf('a')), described).grant).toEqual(ours);
  });

  it('has nothing to do where all is as it should be', () => {
    const plan = planConverge(reading([ours], grantOf('a')), actual([ours.name], [ours.name]));
    expect(isEmpty(plan)).toBe(true);
    expect(isInStep(plan)).toBe(true);
  });

  it('revokes and deletes what was applied and is no longer wanted', () => {
    const plan = planConverge(reading([ours, old], grantOf('a')), actual([ours.name, old.name], [ours.name, old.name]));
    expect(plan).toMatchObject({ create: null, grant: null, revoke: [old], remove: [old], left: [old] });
    expect(isInStep(plan)).toBe(false);
  });

  it('deletes by name what it may have made and does not see, which is no sign of being out of step', () => {
    const plan = planConverge(reading([old]), actual([], []));
    expect(plan).toMatchObject({ desired: null, revoke: [], remove: [old], left: [] });
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
    });
    fc.assert(
      fc.property(state, ({ grants, known: noted, seen, isGranted, theirs }) => {
        const given = grants.map((names, index) => grantOf(`r${index}`, names));
        const desired = desiredFilter(ANALYST, given);
        // INVARIANT: whatever of ours is in Lake Formation was noted before.
        const before = reading([...noted, ...seen, ...(desired ? [desired] : [])], ...given);
        const there = seen.map(({ name }) => name);
        const first = actual([...there, ...theirs], [...there.filter(() => isGranted.next().value), ...theirs]);
        const plan = planConverge(before, first);
        const then = applied(plan, first);
        const again = planConverge(before, then);
        expect(isInStep(again)).toBe(true);
        expect(again.foreign).toEqual(plan.foreign);
        expect([...then.filters].filter(name => theirs.includes(name)).sort()).toEqual([...theirs].sort());
        const settled = { ...before, record: afterSettling(before.record, desired) };
        expect(isEmpty(planConverge(settled, then))).toBe(true);
        expect([...then.granted.keys()].filter(name => !theirs.includes(name))).toEqual(desired ? [desired.name] : []);
      }),
    );
  });
});
