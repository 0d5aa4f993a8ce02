/** A new grant on a table that many read already, beside one on a table that few read. */
import type { FinishedCall } from '../../local/front/server.ts';
import { ANALYTICS, AVIATION, administratorOf, putEvent, roleArn, settle } from '../../local/story/actors.ts';
import {
  bootWatchedMesh,
  callsInARow,
  counted,
  describe,
  untilGranted,
  type WatchedMesh,
  withoutSweep,
} from './call-log.ts';
import { type Bench, type Figure, median } from './figure.ts';
import { permitGrants, recordGrants } from './give-grants.ts';

const MANY = 1_000;
const ROUNDS = 9;
const BUSY = 'aviation_ops.flights';
const QUIET = 'aviation_ops.airports';
const SEASON_MILLISECONDS = 90 * 86_400_000;
/** What a service's answer takes at the least, beside its own work. */
const ANSWER_MS = 20;

export const busyTable: Bench = {
  name: 'busy-table',
  async run(tell) {
    tell('a mesh boots');
    const watched = await bootWatchedMesh({ answerMs: ANSWER_MS });
    try {
      // The account gets its links, which somebody keeps, and the functions are warm.
      for (const table of [QUIET, BUSY]) await requestAccess(watched, table, 'Analyst', `first-${nameOf(table)}`);
      tell(`${MANY} grants on ${BUSY}`);
      await fill(watched);
      const few: Measured[] = [];
      const many: Measured[] = [];
      for (let round = 1; round <= ROUNDS; round++) {
        tell(`a new grant on each table, ${round} of ${ROUNDS}`);
        few.push(await measureGrant(watched, QUIET, round));
        many.push(await measureGrant(watched, BUSY, round));
      }
      return figuresOf(few, many);
    } finally {
      await watched.mesh.stop();
    }
  },
};

interface Measured {
  milliseconds: number;
  inARow: number;
  /** Until the mesh is at rest. */
  calls: FinishedCall[];
}

async function measureGrant(watched: WatchedMesh, table: string, round: number): Promise<Measured> {
  const requestId = `${nameOf(table)}-${round}`;
  const calls = withoutSweep(await watched.callsOf(() => requestAccess(watched, table, 'Regional', requestId)));
  const failed = calls.find(({ error }) => error !== undefined);
  if (failed) throw new Error(`A call of the grant failed: ${describe(failed)}.`);
  const before = untilGranted(calls);
  const grantedAt = Math.max(...before.map(({ endedAt }) => endedAt));
  await revokeAccess(watched, requestId);
  return { milliseconds: grantedAt - before[0]!.startedAt, inARow: callsInARow(before).length, calls };
}

function figuresOf(few: readonly Measured[], many: readonly Measured[]): Figure[] {
  const what = `a new grant on a table with ${MANY}, beside one with few`;
  const budget = { kind: 'most', value: 1.2 } as const;
  const middle = (rounds: readonly Measured[], wanted: (one: Measured) => number) => median(rounds.map(wanted));
  const both = (wanted: (one: Measured) => number) =>
    `${middle(few, wanted).toFixed(0)} and ${middle(many, wanted).toFixed(0)}`;
  const time = (one: Measured) => one.milliseconds;
  const count = (one: Measured) => one.calls.length;
  return [
    {
      name: `${what}: until the query works`,
      value: middle(many, time) / middle(few, time),
      unit: '×',
      budget,
      details: [`${both(time)} ms, with ${ANSWER_MS} ms for each answer; calls in a row: ${both(one => one.inARow)}`],
    },
    {
      name: `${what}: calls`,
      value: middle(many, count) / middle(few, count),
      unit: '×',
      budget,
      details: [both(count), `with ${MANY}:`, ...counted(many.at(-1)!.calls)],
    },
  ];
}

async function fill({ mesh }: WatchedMesh): Promise<void> {
  const now = mesh.clock.now();
  const grants = Array.from({ length: MANY }, (_, number) => ({
    requestId: `reader-${number}`,
    principal: roleArn(ANALYTICS, `Reader${number}`),
    table: BUSY,
    columns: ['origin', 'destination'],
    expiresAt: new Date(now + SEASON_MILLISECONDS).toISOString(),
    isEndTold: false,
  }));
  await recordGrants(
    { endpoint: mesh.endpoint, now: new Date(now).toISOString(), owner: AVIATION, isSettled: true },
    grants,
  );
  await permitGrants(mesh.endpoint, grants);
}

function nameOf(table: string): string {
  return table.replace('.', '-');
}

async function requestAccess(
  { mesh: { endpoint } }: WatchedMesh,
  table: string,
  role: string,
  requestId: string,
): Promise<void> {
  await putEvent(administratorOf(endpoint, ANALYTICS), 'trellis.access', 'Access Requested', {
    requestId,
    principal: roleArn(ANALYTICS, role),
    tables: [table],
    purpose: 'delay-study',
    durationDays: 30,
  });
  await settle(endpoint);
}

async function revokeAccess({ mesh: { endpoint } }: WatchedMesh, requestId: string): Promise<void> {
  const data = { requestId, reason: 'The bench asks again.' };
  await putEvent(administratorOf(endpoint, ANALYTICS), 'trellis.access', 'Access Revocation Requested', data);
  await settle(endpoint);
}
