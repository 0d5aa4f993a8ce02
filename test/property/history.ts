import fc from 'fast-check';
import type { Envelope } from '../../events/envelope.ts';
import { cellFilter } from '../../shared/access/entitlement.ts';
import type { Decisions, Fate, Outcome, Turn } from './decisions.ts';
import { ANALYTICS, AVIATION, COLUMNS, envelope, FORECAST, HUB, PRINCIPALS, STEWARD, TABLES } from './sample-mesh.ts';
import { type Sabotage, START, World } from './world.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
/** How long the people of a history go on. */
const ACTIVE_MINUTES = 12;
/** After so many sweeps with nothing going wrong something must have been left for ever. */
const LAST_SWEEPS = 80;
/** When every late call has landed, every lease is over, and every queue has delivered for the last time. */
const LAST_DELIVERY_MINUTES = 15;

/** What people do about one request: when each event is delivered, in seconds after the start, and again. */
export interface Story {
  principal: number;
  table: number;
  /** It asks for all tables, not for that one alone. */
  isWide: boolean;
  /** Which columns, a bit each. */
  columns: number;
  hasRowFilter: boolean;
  /** It asks for the table's description alone. */
  isDescription: boolean;
  /** Policy grants it at once; otherwise the owner is asked. */
  isAutomatic: boolean;
  lastsSeconds: number;
  asked: number[];
  /** After it was first asked. */
  answered: number[];
  isApproved: boolean;
  /** After it was first asked; empty when nobody takes it back. */
  revoked: number[];
  /** A later end is asked for; after it was first asked, empty when nobody does. */
  extended: number[];
  extendedBySeconds: number;
  /** The owner's answer to that, where policy leaves it to the owner; after the request was first asked. */
  extensionAnswered: number[];
}

/** A revocation of all that it selects. */
export interface Sweeping {
  by: 'hub' | 'owner' | 'analytics' | 'forecast';
  /** At least one of the two; undefined for any. */
  principal: number | undefined;
  table: number | undefined;
  /** When it was sent, in seconds after the start. */
  sent: number;
  /** When it is delivered, after that. */
  delays: number[];
}

export interface History {
  stories: Story[];
  sweeping: Sweeping[];
  decisions: Decisions;
  hasMachines: boolean;
}

/** Fates and how often they come, beside `ok`. */
export type Fates = Partial<Record<Exclude<Fate, 'ok'>, number>>;

export const CRASHES: Fates = { 'crash-before': 1, 'crash-after': 1 };
export const FAULTS: Fates = { refused: 1, 'lost-answer': 1 };
export const IN_PIECES: Fates = { 'in-pieces': 1 };
export const EVERYTHING: Fates = { ...CRASHES, ...FAULTS, dropped: 1, late: 2, 'timed-out': 1, ...IN_PIECES };

/** Soon after one another, most of them: that is when things meet. */
const seconds = fc.oneof({ weight: 3, arbitrary: fc.nat(70) }, { weight: 1, arbitrary: fc.nat(ACTIVE_MINUTES * 60) });
const deliveries = fc.array(seconds, { minLength: 1, maxLength: 2 });

const story: fc.Arbitrary<Story> = fc.record({
  principal: fc.constantFrom(0, 0, 0, 1, 2),
  table: fc.constantFrom(0, 0, 0, 1),
  isWide: fc.constantFrom(false, false, false, true),
  columns: fc.integer({ min: 1, max: 2 ** COLUMNS.length - 1 }),
  hasRowFilter: fc.constantFrom(false, false, false, false, true),
  isDescription: fc.constantFrom(false, false, false, true),
  isAutomatic: fc.constantFrom(true, true, true, false),
  lastsSeconds: fc.oneof(
    fc.integer({ min: 30, max: 130 }),
    fc.integer({ min: 30, max: ACTIVE_MINUTES * 60 }),
    fc.constant(7 * 86_400),
  ),
  asked: deliveries,
  answered: deliveries,
  isApproved: fc.constantFrom(true, true, false),
  revoked: fc.oneof({ weight: 2, arbitrary: fc.constant<number[]>([]) }, { weight: 1, arbitrary: deliveries }),
  extended: fc.oneof(fc.constant<number[]>([]), deliveries),
  extendedBySeconds: fc.oneof(fc.integer({ min: -20, max: 120 }), fc.constant(86_400)),
  extensionAnswered: deliveries,
});

const sweeping: fc.Arbitrary<Sweeping> = fc
  .record({
    by: fc.constantFrom<Sweeping['by']>('hub', 'hub', 'owner', 'analytics', 'forecast'),
    principal: fc.constantFrom(undefined, 0, 0, 1, 2),
    table: fc.constantFrom(undefined, undefined, 0, 0, 1),
    sent: seconds,
    delays: deliveries,
  })
  .filter(({ principal, table }) => principal !== undefined || table !== undefined);

function turn(slowest: number): fc.Arbitrary<Turn> {
  return fc.record({
    milliseconds: fc.oneof({ weight: 12, arbitrary: fc.constant(20) }, { weight: 1, arbitrary: fc.nat(slowest) }),
    pick: fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(12) }),
  });
}

/** @param fine how many calls go well for one that does not */
function outcome(fates: Fates, fine: number): fc.Arbitrary<Outcome> {
  const disturbed = Object.entries(fates).map(([fate, weight]) => ({ weight, arbitrary: fc.constant(fate as Fate) }));
  const total = disturbed.reduce((sum, { weight }) => sum + weight, 0);
  return fc.record({
    fate: fc.oneof({ weight: fine * Math.max(total, 1), arbitrary: fc.constant<Fate>('ok') }, ...disturbed),
    lateness: fc.double({ min: 0, max: 0.999, noNaN: true }),
  });
}

interface Circumstances {
  /** How long a call may take at most. */
  slowestMilliseconds?: number;
  /** Left out: some histories have them, some not. */
  hasMachines?: boolean;
  /** How many changes of Lake Formation go well for one that does not; others go wrong less often. */
  fine?: number;
}

/** What people do, and what goes wrong meanwhile. */
export function history(
  fates: Fates,
  { slowestMilliseconds = 25 * SECOND, hasMachines, fine = 2 }: Circumstances = {},
): fc.Arbitrary<History> {
  return fc.record({
    stories: fc.array(story, { minLength: 1, maxLength: 4, size: 'max' }),
    sweeping: fc.oneof(
      { weight: 2, arbitrary: fc.constant<Sweeping[]>([]) },
      { weight: 1, arbitrary: fc.array(sweeping, { minLength: 1, maxLength: 2 }) },
    ),
    decisions: fc.record({
      turns: fc.array(turn(slowestMilliseconds), { maxLength: 150, size: 'max' }),
      lake: fc.array(outcome(fates, fine), { maxLength: 30, size: 'max' }),
      ledger: fc.array(outcome(fates, 4 * fine), { maxLength: 60, size: 'max' }),
      other: fc.array(outcome(fates, 12 * fine), { maxLength: 100, size: 'max' }),
    }),
    hasMachines: hasMachines === undefined ? fc.boolean() : fc.constant(hasMachines),
  });
}

/** An event and when it is delivered, in milliseconds after the start: each time the same one. */
export interface Sent {
  event: Envelope;
  deliveredAt: number[];
}

/** Histories in which all sorts of things go wrong, and others in which one sort does, more often. */
export const ANY_HISTORY = fc.oneof(
  { weight: 3, arbitrary: history(EVERYTHING) },
  { weight: 2, arbitrary: history({ late: 1 }) },
  { weight: 2, arbitrary: history({ 'timed-out': 1 }) },
  { weight: 1, arbitrary: history({ ...IN_PIECES, dropped: 1 }) },
  { weight: 1, arbitrary: history({ ...CRASHES, ...FAULTS }) },
);

/** Every call is taken in turn and goes well. */
export const UNDISTURBED: Decisions = { turns: [], lake: [], ledger: [], other: [] };

/** All events of a history. */
export function eventsOf({ stories, sweeping }: Pick<History, 'stories' | 'sweeping'>): Sent[] {
  return [...storiesTold(stories), ...sweeping.map(sweepingTold)];
}

export const SENDERS = { hub: HUB, owner: AVIATION, analytics: ANALYTICS, forecast: FORECAST };

function sweepingTold({ by, principal, table, sent, delays }: Sweeping, index: number): Sent {
  const at = new Date(START + sent * SECOND).toISOString();
  const data = {
    ...(principal !== undefined && { principal: PRINCIPALS[principal] }),
    ...(table !== undefined && { table: TABLES[table] }),
    reason: 'all of it',
  };
  const event = envelope(SENDERS[by], 'Access Revocation Requested', at, `sweeping ${index}`, data);
  return { event, deliveredAt: delays.map(delay => (sent + delay) * SECOND) };
}

function storiesTold(stories: readonly Story[]): Sent[] {
  return stories.flatMap((each, index) => {
    const principal = PRINCIPALS[each.principal] ?? PRINCIPALS[0];
    const account = principal.includes(FORECAST) ? FORECAST : ANALYTICS;
    const columns = COLUMNS.filter((_, bit) => each.columns & (1 << bit));
    const requestId = `r${index}`;
    const asked = Math.min(...each.asked) * SECOND;
    const sent = (from: string, type: string, at: number[], data: Record<string, unknown>): Sent => ({
      event: envelope(from, type, new Date(START + Math.min(...at)).toISOString(), `${type} ${index}`, {
        requestId,
        ...data,
      }),
      deliveredAt: at,
    });
    const ask = sent(account, 'Access Requested', each.asked.map(inMilliseconds), {
      principal,
      tables: each.isWide ? [...TABLES] : [TABLES[each.table] ?? TABLES[0]],
      ...(each.isDescription
        ? { permissions: ['DESCRIBE'] }
        : { columns, ...(each.hasRowFilter && { rowFilter: `${columns[0]} IS NOT NULL` }) }),
      purpose: each.isAutomatic ? 'reporting' : 'research',
      expiresAt: new Date(START + asked + each.lastsSeconds * SECOND).toISOString(),
    });
    const answered = each.answered.map(second => asked + second * SECOND);
    const answer = sent(AVIATION, 'Access Decision Made', answered, {
      decision: each.isApproved ? 'approved' : 'denied',
      approver: STEWARD,
    });
    const revoked = each.revoked.map(second => asked + second * SECOND);
    const revoke =
      revoked.length > 0 && sent(HUB, 'Access Revocation Requested', revoked, { reason: 'no longer needed' });
    return [ask, ...(each.isAutomatic ? [] : [answer]), ...(revoke ? [revoke] : []), ...extensionTold(each, index)];
  });
}

function extensionTold(each: Story, index: number): Sent[] {
  if (each.extended.length === 0) return [];
  const asked = Math.min(...each.asked);
  const account = (PRINCIPALS[each.principal] ?? '').includes(FORECAST) ? FORECAST : ANALYTICS;
  const sent = (from: string, type: string, after: number[], data: Record<string, unknown>): Sent => {
    const at = after.map(second => (asked + second) * SECOND);
    const time = new Date(START + Math.min(...at)).toISOString();
    const event = envelope(from, type, time, `extension ${type} ${index}`, { requestId: `r${index}`, ...data });
    return { event, deliveredAt: at };
  };
  const later = START + (asked + each.lastsSeconds + each.extendedBySeconds) * SECOND;
  const ask = sent(account, 'Access Extension Requested', each.extended, { expiresAt: new Date(later).toISOString() });
  const decision = { decision: each.isApproved ? 'approved' : 'denied', approver: STEWARD };
  const answer = sent(AVIATION, 'Access Decision Made', each.extensionAnswered, decision);
  return each.isAutomatic ? [ask] : [ask, answer];
}

function inMilliseconds(second: number): number {
  return second * SECOND;
}

/** A world in which others have put things into Lake Formation already, some of which look like Trellis's own. */
export function worldOf(story: History, sabotage: Sabotage = {}): World {
  const world = new World({ ...story, sabotage });
  const [analyst, regional] = PRINCIPALS;
  const [flights] = TABLES;
  const byHand = { ...cellFilter(analyst, ['origin'], null), name: 'trellis-0123456789abcdef0123456789abcdef' };
  world.lake.putForeignFilter({ principal: analyst, table: flights }, byHand);
  world.lake.putForeignFilter(
    { principal: 'arn:aws:iam::666666666666:role/Other', table: flights },
    { name: 'others', columns: ['delay'], rowFilter: null },
  );
  world.lake.putForeignTableGrant({ principal: regional, table: flights }, ['SELECT', 'DESCRIBE']);
  return world;
}

/** Plays a history as it comes, and stops when its people and its processes have. */
export async function play(world: World, story: History): Promise<void> {
  for (const { event, deliveredAt } of eventsOf(story)) {
    for (const at of deliveredAt) world.scheduler.at(START + at, () => world.deliver(event));
  }
  const end = START + 2 * ACTIVE_MINUTES * MINUTE;
  world.sweepUntil(end);
  await world.scheduler.runUntil(end);
}

/**
 * Lets everything come to its end: nothing goes wrong any more, and sweeps run until nothing is left to do but what is due for grants that
 * last on.
 * @throws when that never comes
 */
export async function settle(world: World): Promise<void> {
  const { scheduler, ledger } = world;
  scheduler.calm();
  const nobodyIsLeft = scheduler.now + LAST_DELIVERY_MINUTES * MINUTE;
  world.sweepUntil(nobodyIsLeft);
  await scheduler.runUntil(nobodyIsLeft);
  for (let sweeps = 0; sweeps < LAST_SWEEPS; sweeps++) {
    const next = ledger.dueItems().find(({ item }) => item.kind !== 'request' || !isLasting(world, item.requestId));
    if (!next) return;
    // Sweeps in between would find nothing.
    const minutes = Math.max(1, Math.ceil((Date.parse(next.dueAt) - scheduler.now) / MINUTE));
    const at = scheduler.now + minutes * MINUTE;
    scheduler.at(at, () => world.sweep());
    await scheduler.runUntil(at);
  }
  const left = ledger.dueItems().map(({ dueAt, item }) => `${dueAt} ${JSON.stringify(item)}`);
  throw new Error(`Still due after ${LAST_SWEEPS} sweeps:\n${left.join('\n')}`);
}

/** Whether a request stands where it stays for now: granted or waiting, and its time has not come. */
function isLasting(world: World, requestId: string): boolean {
  const stored = world.ledger.requests.get(requestId);
  const status = stored?.value.state.status;
  return (status === 'granted' || status === 'waiting') && (stored?.dueAt ?? '') > world.now();
}
