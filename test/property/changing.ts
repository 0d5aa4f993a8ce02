import fc from 'fast-check';
import type { PolicyAnswer, PolicyEngine } from '../../shared/access/policy.ts';
import type { AccessQuestion } from '../../shared/access/policy-question.ts';
import { ANY_HISTORY, type History } from './history.ts';
import { AVIATION, COLUMNS, description, TABLES } from './sample-mesh.ts';
import type { World } from './world.ts';

const SECOND = 1000;

/** Policies and labels change while people ask, answer and revoke. */
export interface ChangingHistory extends History {
  /** What may not be read from then on, a bit each column; in seconds after the start. */
  policies: { at: number; closed: number; isReportingClosed: boolean }[];
  /** The columns that are labelled `closed` from then on. */
  labels: { at: number; table: number; closed: number }[];
}

const seconds = fc.oneof({ weight: 3, arbitrary: fc.nat(90) }, { weight: 1, arbitrary: fc.nat(900) });
const bits = fc.nat(2 ** COLUMNS.length - 1);

/** A history in which policies and labels change too. */
export function changing(history: fc.Arbitrary<History>): fc.Arbitrary<ChangingHistory> {
  return fc
    .tuple(
      history,
      fc.array(fc.record({ at: seconds, closed: bits, isReportingClosed: fc.constantFrom(false, false, true) }), {
        minLength: 1,
        maxLength: 3,
      }),
      fc.array(fc.record({ at: seconds, table: fc.constantFrom(0, 0, 1), closed: bits }), { maxLength: 3 }),
    )
    .map(([story, policies, labels]) => ({ ...story, policies, labels }));
}

export const CHANGING = changing(ANY_HISTORY);

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

/** Has policies and labels change in a world as the history says. */
export function scheduleChanges(world: World, story: ChangingHistory): void {
  world.isReadAnew = true;
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
}
