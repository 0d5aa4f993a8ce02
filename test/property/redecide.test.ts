import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decidePairAgain } from '../../shared/access/decide-again.ts';
import type { PolicyAnswer, PolicyEngine } from '../../shared/access/policy.ts';
import type { AccessQuestion } from '../../shared/access/policy-question.ts';
import { ANY_HISTORY, type History, play, settle, UNDISTURBED, worldOf } from './history.ts';
import { differences, unsettled } from './laws.ts';
import { counterexample, law, PATIENCE } from './runs.ts';
import { AVIATION, COLUMNS, description, MESH, TABLES } from './sample-mesh.ts';
import type { World } from './world.ts';

const SECOND = 1000;

/** Policies and labels change while people ask, answer and revoke. */
interface ChangingHistory extends History {
  /** What may not be read from then on, a bit each column; in seconds after the start. */
  policies: { at: number; closed: number; isReportingClosed: boolean }[];
  /** The columns that are labelled `closed` from then on. */
  labels: { at: number; table: number; closed: number }[];
}

const seconds = fc.oneof({ weight: 3, arbitrary: fc.nat(90) }, { weight: 1, arbitrary: fc.nat(900) });
const bits = fc.nat(2 ** COLUMNS.length - 1);
const CHANGING: fc.Arbitrary<ChangingHistory> = fc
  .tuple(
    ANY_HISTORY,
    fc.array(fc.record({ at: seconds, closed: bits, isReportingClosed: fc.constantFrom(false, false, true) }), {
      minLength: 1,
      maxLength: 3,
    }),
    fc.array(fc.record({ at: seconds, table: fc.constantFrom(0, 0, 1), closed: bits }), { maxLength: 3 }),
  )
  .map(([history, policies, labels]) => ({ ...history, policies, labels }));

const ofBits = (value: number) => COLUMNS.filter((_, bit) => value & (1 << bit));

/** As the sample's, without the columns that are closed, by name or by label, and perhaps without reporting. */
function engineOf(closed: readonly string[], isReportingClosed: boolean): PolicyEngine {
  const answer = (question: AccessQuestion): Omit<PolicyAnswer, 'outcome'> => {
    const isOpen = ({ name, labels }: AccessQuestion['columns'][number]) =>
      !closed.includes(name) && !labels.includes('closed');
    const columns = question.columns.filter(isOpen).map(({ name }) => name);
    const refusedColumns = question.columns
      .filter(column => !isOpen(column))
      .map(({ name }) => ({ name, reasons: ['it is closed'] }));
    const policies = [`on-${question.purpose}`];
    if (question.purpose === 'reporting' && isReportingClosed)
      return { columns: [], refusedColumns, reasons: ['no reporting'], policies };
    const reasons = columns.length === 0 ? ['all is closed'] : [];
    return { columns, refusedColumns, reasons, policies };
  };
  return {
    decideRequest(question) {
      const said = answer(question);
      const outcome = question.purpose === 'reporting' ? ('automatic' as const) : ('owner' as const);
      return { ...said, outcome: said.columns.length === 0 ? 'denied' : outcome };
    },
    decideApproval({ question }) {
      const said = answer(question);
      return { ...said, outcome: said.columns.length === 0 ? 'denied' : 'approved' };
    },
    decideAgain: ({ question }) => answer(question),
  };
}

/** Plays a history to its very end. @param alter takes something away from the real thing */
async function over(story: ChangingHistory, alter: (world: World) => void = () => {}): Promise<World> {
  const world = worldOf(story);
  world.isReadAnew = true;
  alter(world);
  for (const { at, closed, isReportingClosed } of story.policies.toSorted((a, b) => a.at - b.at)) {
    world.scheduler.at(world.scheduler.now + at * SECOND, () => {
      world.policies.push({ engine: engineOf(ofBits(closed), isReportingClosed), since: world.scheduler.now });
      world.redecisions.apply('aviation', AVIATION);
      // As `apply` does.
      world.sweep();
    });
  }
  for (const { at, table: index, closed } of story.labels) {
    const table = TABLES[index] ?? TABLES[0];
    world.scheduler.at(world.scheduler.now + at * SECOND, () => {
      const { columns, ...rest } = description(table);
      const labelled = columns.map(column =>
        ofBits(closed).some(name => name === column.name) ? { ...column, labels: ['closed'] } : column,
      );
      world.tables.set(table, { ...rest, columns: labelled });
      world.work({ kind: 'labels', table });
    });
  }
  await play(world, story);
  await settle(world);
  return world;
}

/** Active grants that the policies in force do not allow. */
function notAllowed(world: World): string[] {
  const inForce = { mesh: MESH, policies: world.policiesAt(world.scheduler.now) };
  return [...world.ledger.pairs.values()].flatMap(({ value: { record, grants } }) => {
    const requests = grants.map(({ requestId }) => world.ledger.requests.get(requestId)!.value);
    const table = world.tables.get(record.table)!;
    return decidePairAgain(requests, table, inForce, world.now()).flatMap(redecision =>
      redecision.kind === 'stands' ? [] : [`${redecision.kind}: ${JSON.stringify(redecision)}`],
    );
  });
}

async function expectLaws(world: World): Promise<void> {
  const found = [...notAllowed(world), ...(await differences(world)), ...(await unsettled(world)), ...world.faults];
  if (found.length > 0) throw new Error([...found, ...world.scheduler.log()].join('\n'));
}

describe('policies and labels that change', { timeout: PATIENCE }, () => {
  it('leave in the end no active grant that is not allowed, and Lake Formation gives exactly what the grants say', () =>
    law(400, CHANGING, async story => expectLaws(await over(story))));

  it('never give anybody more', () =>
    law(150, CHANGING, async story => {
      const world = await over(story);
      for (const [index, { request }] of world.ledger.committed.entries()) {
        const before = world.ledger.committed
          .slice(0, index)
          .findLast(step => step.request?.requestId === request?.requestId)?.request;
        const had = before?.terms.flatMap(({ columns }) => columns);
        if (request && had && before?.state.status !== 'waiting')
          expect(request.terms.flatMap(({ columns }) => columns).filter(name => !had.includes(name))).toEqual([]);
      }
    }));

  it('would without a last pass: the law finds who is still decided by the policies before', async () => {
    const onlyOnce = (world: World) => {
      const { domains } = world.redecisions;
      const save = domains.save.bind(domains);
      domains.save = async (work, progress, dueAt) => {
        if (progress.pass === 'last') await domains.finish(work);
        return save(work, progress, dueAt);
      };
    };
    const undisturbed = CHANGING.map(story => ({ ...story, labels: [], decisions: UNDISTURBED }));
    const holds = async (story: ChangingHistory) => expectLaws(await over(story, onlyOnce));
    expect(await counterexample(1000, 1, undisturbed, holds)).toBeDefined();
  });
});
