import type { AppliedMesh, MeshStore } from './applied-mesh.ts';
import type { ApplyPlan, Left, RevokePermission, UnregisterLocation } from './apply-changes.ts';
import { type LeavingThing, nameOfThing, thingsOf } from './apply-leaving.ts';
import { describeLeft } from './apply-offboard-plan.ts';

/** How far the worker is with one thing. */
export interface LeavingStatus extends Left {
  isDone: boolean;
}

/** The durable intents that a worker in the hub carries out. */
export interface Offboarding {
  /** What each thing has now, where that is quickly told. */
  count(things: readonly LeavingThing[]): Promise<Left[]>;
  /** Writes the intent, unless it is there. Safe to do twice. */
  begin(thing: LeavingThing): Promise<void>;
  /** Has the work begin at once, not with the next minute's sweep. Gives a note when it cannot: the sweep comes anyway. */
  kick(): Promise<string | undefined>;
  /** In the order of the things; undefined for one without an intent. */
  read(things: readonly LeavingThing[]): Promise<(LeavingStatus | undefined)[]>;
  /** Removes the intent of what has left. Safe to do twice. */
  forget(thing: LeavingThing): Promise<void>;
  pause(milliseconds: number): Promise<void>;
}

export interface OffboardServices {
  offboarding: Offboarding;
  permissions: { revoke(permission: RevokePermission): Promise<void> };
  locations: { unregister(location: UnregisterLocation): Promise<void> };
  mesh: MeshStore;
  now(): string;
}

export interface OffboardOptions {
  /** Writes the intents and goes: the next apply finishes. */
  isNotWaiting?: boolean;
  /** Told of what is left while it waits. */
  onProgress?(line: string): void;
}

const LOOK_EVERY_MILLISECONDS = 2_000;
/** The worker is tried again each minute: what has not moved for so long will not by itself. */
const STALLED_AFTER_MILLISECONDS = 30 * 60_000;

/**
 * Takes away what leaves, and waits until it is gone; stopped anywhere, done again it goes on. INVARIANT: an intent is removed before the mesh forgets
 * what left, so that no intent of an earlier departure is taken for a later one's.
 * @returns notes for a person, and whether all has left
 * @throws OffboardingStalledError; what AWS answers
 */
export async function offboard(
  { offboarding, permissions, locations, mesh, now }: OffboardServices,
  plan: ApplyPlan,
  applied: AppliedMesh,
  { isNotWaiting = false, onProgress = () => {} }: OffboardOptions,
): Promise<{ notes: string[]; isFinished: boolean }> {
  if (!applied.leaving) return { notes: [], isFinished: true };
  const notes: string[] = [];
  const things = thingsOf(applied.leaving);
  const known = await offboarding.read(things);
  for (const [index, thing] of things.entries()) if (!known[index]) await offboarding.begin(thing);
  if (!known.every(status => status?.isDone)) {
    const note = await offboarding.kick();
    if (note) notes.push(note);
    if (isNotWaiting) {
      notes.push(`Still leaving: ${things.map(nameOfThing).join(', ')}. Apply again to finish it.`);
      return { notes, isFinished: false };
    }
    await waitUntilGone(offboarding, things, now, onProgress);
  }
  for (const change of plan.changes) {
    if (change.kind === 'revoke') await permissions.revoke(change);
    if (change.kind === 'unregister-location') await locations.unregister(change);
  }
  for (const thing of things) await offboarding.forget(thing);
  const { leaving: _, ...rest } = applied;
  await mesh.save(rest);
  return { notes, isFinished: true };
}

async function waitUntilGone(
  offboarding: Offboarding,
  things: readonly LeavingThing[],
  now: () => string,
  onProgress: (line: string) => void,
): Promise<void> {
  let seen = '';
  let movedAt = Date.parse(now());
  for (;;) {
    const statuses = await offboarding.read(things);
    if (statuses.every(status => status?.isDone)) return;
    const line = things.map((thing, index) => describe(thing, statuses[index])).join('; ');
    onProgress(line);
    if (line !== seen) movedAt = Date.parse(now());
    else if (Date.parse(now()) - movedAt >= STALLED_AFTER_MILLISECONDS) throw new OffboardingStalledError(line);
    seen = line;
    await offboarding.pause(LOOK_EVERY_MILLISECONDS);
  }
}

function describe(thing: LeavingThing, status: LeavingStatus | undefined): string {
  if (status?.isDone) return `${nameOfThing(thing)} has left`;
  if (status?.grants === 0 && (thing.kind === 'account' || status.tables === 0))
    return `${nameOfThing(thing)}: nothing left; certain within minutes`;
  const left = describeLeft(status);
  return `${nameOfThing(thing)}: ${left === '' ? 'under way' : `${left} left`}`;
}

/** Nothing has moved for half an hour. Mending what the log says helps, then applying again. */
export class OffboardingStalledError extends Error {
  override name = 'OffboardingStalledError';

  constructor(line: string) {
    super(
      `Nothing has moved for 30 minutes (${line}). The logs of access-enforce (grants) and catalog-sync (tables) say what fails. It is tried again and again; apply again to go on.`,
    );
  }
}
