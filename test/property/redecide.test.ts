import { describe, expect, it } from 'vitest';
import { decidePairAgain } from '../../shared/access/decide-again.ts';
import { CHANGING, type ChangingHistory, scheduleChanges } from './changing.ts';
import { play, settle, UNDISTURBED, worldOf } from './history.ts';
import { differences, unsettled } from './laws.ts';
import { counterexample, law, PATIENCE } from './runs.ts';
import { MESH } from './sample-mesh.ts';
import type { World } from './world.ts';

/** Plays a history to its very end. @param alter takes something away from the real thing */
async function over(story: ChangingHistory, alter: (world: World) => void = () => {}): Promise<World> {
  const world = worldOf(story);
  alter(world);
  scheduleChanges(world, story);
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
