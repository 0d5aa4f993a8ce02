import { describe, expect, it } from 'vitest';
import { type AccessRequest, accountOf } from '../../shared/access/access-request.ts';
import { ANY_HISTORY, type History, play, SENDERS, type Sweeping, settle, worldOf } from './history.ts';
import { differences } from './laws.ts';
import { law, PATIENCE } from './runs.ts';
import { AVIATION, HUB, PRINCIPALS, TABLES } from './sample-mesh.ts';
import { START, type World } from './world.ts';

async function over(story: History): Promise<World> {
  const world = worldOf(story);
  await play(world, story);
  await settle(world);
  return world;
}

/** The steps that a request took, in order. */
function stepsOf({ ledger }: World, requestId: string): AccessRequest[] {
  return ledger.committed.flatMap(({ request }) => (request?.requestId === requestId ? [request] : []));
}

function requestsOf({ ledger }: World): AccessRequest[] {
  return [...ledger.requests.values()].map(({ value }) => value);
}

describe('an extension', { timeout: PATIENCE }, () => {
  it('changes the end of a grant alone, only to a later one that was asked for, and only while it is granted', () =>
    law(300, ANY_HISTORY, async story => {
      const world = await over(story);
      for (const { requestId } of requestsOf(world)) {
        const each = story.stories[Number(requestId.slice(1))];
        const asked = START + (Math.min(...(each?.asked ?? [])) + (each?.lastsSeconds ?? 0)) * 1000;
        const allowed = [asked, asked + (each?.extendedBySeconds ?? 0) * 1000];
        let before: AccessRequest | undefined;
        for (const step of stepsOf(world, requestId)) {
          if (before && step.expiresAt !== before.expiresAt) {
            expect([before.state.status, step.state.status]).toEqual(['granted', 'granted']);
            expect(step.expiresAt > before.expiresAt).toBe(true);
            expect(step.terms).toEqual(before.terms);
            expect(allowed).toContain(Date.parse(step.expiresAt));
          }
          before = step;
        }
      }
      expect(await differences(world)).toEqual([]);
    }));

  it('is known to the grant itself, and told once for each, with the end that it gives', () =>
    law(200, ANY_HISTORY, async story => {
      const world = await over(story);
      for (const { value } of world.ledger.pairs.values())
        for (const { requestId, expiresAt } of value.grants)
          expect(expiresAt).toBe(world.ledger.requests.get(requestId)?.value.expiresAt);
      const told = world.ledger.committed.flatMap(({ tell }) => tell.filter(({ type }) => type === 'Access Extended'));
      const put = requestsOf(world).flatMap(({ requestId }) =>
        stepsOf(world, requestId).flatMap((step, index, all) =>
          index > 0 && step.expiresAt !== all[index - 1]?.expiresAt ? [`${requestId} ${step.expiresAt}`] : [],
        ),
      );
      const saysSo = told.map(({ data }) => data as { requestId: string; expiresAt: string });
      expect(saysSo.map(({ requestId, expiresAt }) => `${requestId} ${expiresAt}`).sort()).toEqual(put.sort());
    }));

  it('is answered in the end: by a later end, a denial, or the end of the grant', () =>
    law(200, ANY_HISTORY, async story => {
      const world = await over(story);
      for (const request of requestsOf(world)) {
        const { state } = request;
        const open = state.status === 'granted' ? state.extension : undefined;
        // One that waits still has its time.
        if (open) expect(open.answerBy > world.now()).toBe(true);
      }
    }));
});

/** What a revocation may end, said once more: by who sent it, and by what it names. */
function isFor({ by, principal, table }: Sweeping, request: AccessRequest): boolean {
  const sender = SENDERS[by];
  if (principal !== undefined && request.principal !== PRINCIPALS[principal]) return false;
  if (table !== undefined && !request.terms.some(terms => terms.table === TABLES[table])) return false;
  // All tables here are aviation's.
  return sender === HUB || sender === AVIATION || sender === accountOf(request.principal);
}

/** When what there is of a request was made: its question, while it waited, or its approval. In whole seconds, as envelopes have them. */
function madeAt(steps: readonly AccessRequest[], index: number): number {
  const made = steps
    .slice(0, index)
    .findLast(({ state }) => state.status === 'waiting' || (state.status === 'approved' && state.attempts === 0));
  const state = made?.state;
  const at = state?.status === 'waiting' ? state.askedAt : state?.status === 'approved' ? state.approvedAt : '';
  return Math.floor(Date.parse(at) / 1000) * 1000;
}

describe('a revocation of all that it selects', { timeout: PATIENCE }, () => {
  const WITH_SWEEPING = ANY_HISTORY.filter(({ sweeping }) => sweeping.length > 0);

  it('leaves nothing of what was there before it was sent', () =>
    law(250, WITH_SWEEPING, async story => {
      const world = await over(story);
      for (const request of requestsOf(world)) {
        const steps = stepsOf(world, request.requestId);
        if (!['waiting', 'approved', 'granted'].includes(request.state.status)) continue;
        for (const sweeping of story.sweeping.filter(each => isFor(each, request)))
          expect(madeAt(steps, steps.length), request.requestId).toBeGreaterThan(START + sweeping.sent * 1000);
      }
      expect(await differences(world)).toEqual([]);
    }));

  it('ends nothing else: not what it does not select, nor what its sender may not end, nor what was made later', () =>
    law(250, WITH_SWEEPING, async story => {
      const world = await over(story);
      for (const request of requestsOf(world)) {
        const steps = stepsOf(world, request.requestId);
        const end = steps.findIndex(
          ({ state }) =>
            (state.status === 'ending' && state.cause === 'requested') ||
            (state.status === 'denied' && state.reasons[0]?.startsWith('Withdrawn')),
        );
        if (end < 1) continue;
        const isByItself = (story.stories[Number(request.requestId.slice(1))]?.revoked.length ?? 0) > 0;
        const bySweeping = story.sweeping.some(
          each => isFor(each, request) && madeAt(steps, end) <= START + each.sent * 1000,
        );
        expect(isByItself || bySweeping, request.requestId).toBe(true);
      }
    }));

  it('is done in the end, and says so only where there was nothing to end', () =>
    law(150, WITH_SWEEPING, async story => {
      const world = await over(story);
      for (const { value } of world.ledger.revocations.values()) {
        expect(value.doneAt).toBeDefined();
        const { account, eventId } = value.revocation.cause;
        const because = world.ledger.committed.filter(step => step.because?.eventId === eventId);
        const refusals = world.ledger.committed.filter(({ tell }) =>
          tell.some(({ type, data }) => {
            const said = data as { account?: string; eventId?: string };
            return type === 'Event Refused' && said.account === account && said.eventId === eventId;
          }),
        );
        expect(refusals.length).toBeLessThanOrEqual(1);
        if (because.length > 0) expect(refusals).toEqual([]);
      }
    }));
});
