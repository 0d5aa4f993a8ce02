import fc from 'fast-check';
import { describe, it } from 'vitest';
import { CHANGING, type ChangingHistory, changing, scheduleChanges } from './changing.ts';
import { CRASHES, FAULTS, history, IN_PIECES, play, SENDERS, settle, worldOf } from './history.ts';
import { differences, unsettled, watchEnds, watchGaps, watchLateness } from './laws.ts';
import { law, PATIENCE } from './runs.ts';
import { envelope, STEWARD, TABLES } from './sample-mesh.ts';
import { START, type World } from './world.ts';

const SECOND = 1000;
/** The sweep's minute, and what the work of one takes at most in these histories. */
const LATE_MS = 80 * SECOND;

/** What somebody sends about a request of a history, whether or not it is theirs to send. */
interface Meddling {
  by: keyof typeof SENDERS;
  what: 'answer' | 'refuse' | 'extend' | 'revoke' | 'take its id';
  request: number;
  /** In seconds after the start; each delivery. */
  at: number[];
}

/** All commands by all kinds of account, while policies change and clocks jump. */
interface Commotion extends ChangingHistory {
  meddling: Meddling[];
  /** When the clock of everything jumps, and how far, in seconds: what runs then is out of time, and its calls are still under way. */
  jumps: { at: number; by: number }[];
}

const seconds = fc.oneof({ weight: 3, arbitrary: fc.nat(90) }, { weight: 1, arbitrary: fc.nat(720) });

const commotion = (changes: fc.Arbitrary<ChangingHistory>, mostJumps: number): fc.Arbitrary<Commotion> =>
  fc
    .tuple(
      changes,
      fc.array(
        fc.record({
          by: fc.constantFrom<Meddling['by']>('hub', 'owner', 'analytics', 'forecast'),
          what: fc.constantFrom<Meddling['what']>('answer', 'refuse', 'extend', 'revoke', 'take its id'),
          request: fc.nat(4),
          at: fc.array(seconds, { minLength: 1, maxLength: 2 }),
        }),
        { maxLength: 4 },
      ),
      fc.array(fc.record({ at: seconds, by: fc.constantFrom(30, 300, 4_000, 90_000) }), { maxLength: mostJumps }),
    )
    .map(([history, meddling, jumps]) => ({ ...history, meddling, jumps }));

const COMMOTION = commotion(CHANGING, 2);

const LATER = new Date(START + 1_000_000 * SECOND).toISOString();

function saidBy({ by, what }: Meddling): [detailType: string, data: object] {
  switch (what) {
    case 'answer':
      return ['Access Decision Made', { decision: 'approved', approver: STEWARD }];
    case 'refuse':
      return ['Access Decision Made', { decision: 'denied', approver: STEWARD }];
    case 'extend':
      return ['Access Extension Requested', { expiresAt: LATER }];
    case 'revoke':
      return ['Access Revocation Requested', { reason: 'I want it so' }];
    case 'take its id': {
      const principal = `arn:aws:iam::${SENDERS[by]}:role/Meddler`;
      return ['Access Requested', { principal, tables: [TABLES[0]], purpose: 'reporting', expiresAt: LATER }];
    }
  }
}

function meddle(world: World, meddling: Meddling, index: number): void {
  const { by, request, at } = meddling;
  const time = new Date(START + Math.min(...at) * SECOND).toISOString();
  const [detailType, data] = saidBy(meddling);
  const event = envelope(SENDERS[by], detailType, time, `meddling ${index}`, { requestId: `r${request}`, ...data });
  for (const second of at) world.scheduler.at(START + second * SECOND, () => world.deliver(event));
}

async function over(story: Commotion, world: World): Promise<void> {
  scheduleChanges(world, story);
  story.meddling.forEach((each, index) => {
    meddle(world, each, index);
  });
  for (const { at, by } of story.jumps)
    world.scheduler.at(START + at * SECOND, () => {
      world.scheduler.now += by * SECOND;
    });
  await play(world, story);
  await settle(world);
}

const ANSWERS_WITH_REASONS = ['Event Refused', 'Access Denied', 'Access Narrowed'];

/** Refusals that do not say why. */
function unreasoned(world: World): string[] {
  return world.ledger.committed.flatMap(({ tell }) =>
    tell
      .filter(({ type, data }) => {
        const { reasons = [], cause } = data as { reasons?: string[]; cause?: string };
        const needsReason = ANSWERS_WITH_REASONS.includes(type) || cause === 'policy';
        return needsReason && reasons.join('').trim() === '';
      })
      .map(event => `no reason: ${JSON.stringify(event)}`),
  );
}

/** What had an effect, and was not its sender's to say: only the holder, the owner and the hub have one, each his own. */
function overstepped(world: World, { meddling }: Commotion): string[] {
  return world.ledger.committed.flatMap(({ cause, request }) => {
    const index = cause && /^meddling (\d+)$/.exec(cause.eventId)?.[1];
    const meddled = index && meddling[Number(index)];
    if (!cause || !request || !meddled) return [];
    const isOwner = cause.account === SENDERS.owner;
    const isHolder = cause.account === request.account;
    const may = {
      answer: isOwner,
      refuse: isOwner,
      extend: isHolder,
      revoke: isOwner || isHolder || cause.account === SENDERS.hub,
      'take its id': isHolder,
    };
    return may[meddled.what] ? [] : [`${JSON.stringify(meddled)} had an effect on ${JSON.stringify(request)}`];
  });
}

describe('everything at once: all commands by every account, policies that change, crashes, late calls, clocks that jump', {
  timeout: PATIENCE,
}, () => {
  it('leaves in Lake Formation exactly what the ledger says, foreign things as they were, and a reason for every refusal', () =>
    law(250, COMMOTION, async story => {
      const world = worldOf(story);
      const foreign = JSON.stringify(world.lake.foreignEntries());
      await over(story, world);
      const found = [
        ...(await differences(world)),
        ...(await unsettled(world)),
        ...unreasoned(world),
        ...overstepped(world, story),
        ...(JSON.stringify(world.lake.foreignEntries()) === foreign ? [] : ['what others gave was changed']),
        ...world.faults,
      ];
      if (found.length > 0) throw new Error([...found, ...world.scheduler.log()].join('\n'));
    }));

  it('takes from nobody what a grant of his still gives, and tells no end before the access is gone', () => {
    // A service that says yes and does nothing, or later, can make both happen: what follows mends it.
    const killed = commotion(changing(history({ ...CRASHES, ...FAULTS, ...IN_PIECES })), 2);
    const watched = (watch: (world: World) => string[]) =>
      law(120, killed, async story => {
        const world = worldOf(story);
        const found = watch(world);
        await over(story, world);
        if (found.length > 0) throw new Error([...found, ...world.scheduler.log()].join('\n'));
      });
    return watched(watchGaps).then(() => watched(watchEnds));
  });

  it('lets nobody read longer than the sweep after the end, where nothing goes wrong and no machine helps', () => {
    const undisturbed = changing(history({}, { slowestMilliseconds: 200, hasMachines: false }));
    return law(150, commotion(undisturbed, 0), async story => {
      const world = worldOf(story);
      const late = watchLateness(world, LATE_MS);
      await over(story, world);
      if (late.length > 0) throw new Error([...late, ...world.scheduler.log()].join('\n'));
    });
  });
});
