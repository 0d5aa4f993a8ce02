/** What a ledger with many active grants costs: a sweep with nothing due, and one in whose minute many end. */
import { ANALYTICS, AVIATION, administratorOf, HUB, roleArn, settle } from '../../local/story/actors.ts';
import type { AccessRequest, Instant } from '../../shared/access/access-request.ts';
import { documentClient } from '../../shared/aws/clients.ts';
import { LedgerTable } from '../../shared/aws/ledger-table.ts';
import { bootWatchedMesh, counted, isWrite, roleOf, type WatchedMesh } from './call-log.ts';
import { type Bench, type Figure, median } from './figure.ts';
import { type GivenGrant, recordGrants } from './give-grants.ts';
import { makeTables } from './make-tables.ts';

const ACTIVE = 10_000;
const ENDING = 500;
const TABLES = 50;
const ROUNDS = 5;
/** In so many minutes Lake Formation follows the ledger. */
const SWEEPS = 20;
const MINUTE = 60_000;
const DAY = 1_440 * MINUTE;
const REST_LIMIT_MS = 600_000;

export const activeGrants: Bench = {
  name: 'active-grants',
  async run(tell) {
    tell('a mesh boots');
    const watched = await bootWatchedMesh({ empty: true, answerMs: 0 });
    const { mesh } = watched;
    try {
      await makeTables(mesh.endpoint, TABLES);
      const hour = Math.ceil(mesh.clock.now() / (60 * MINUTE)) * 60 * MINUTE;
      // In no minute in which the sweep also counts all grants.
      const endsAt = new Date(hour + 90.5 * MINUTE).toISOString();
      tell(`${ACTIVE} active grants on ${TABLES} tables`);
      const grants = Array.from({ length: ACTIVE }, (_, number) => grantOf(number, endsAt));
      const given = { endpoint: mesh.endpoint, now: new Date(mesh.clock.now()).toISOString(), owner: AVIATION };
      await recordGrants({ ...given, isSettled: true }, grants.slice(ENDING));
      tell(`the sweep gives ${ENDING} of them`);
      await recordGrants({ ...given, isSettled: false }, grants.slice(0, ENDING));
      await mesh.advance(SWEEPS * 60);
      await settle(mesh.endpoint, REST_LIMIT_MS);
      const idle = await idleSweeps(watched, hour, tell);
      tell(`${ENDING} end in one minute`);
      return [...idle, ...(await endInOneMinute(watched, grants.slice(0, ENDING), endsAt))];
    } finally {
      await mesh.stop();
    }
  },
};

/** The first end soon; the others in a season, with the notice before that. */
function grantOf(number: number, soon: Instant): GivenGrant {
  const isEnding = number < ENDING;
  const table = number % TABLES;
  return {
    requestId: `bench-${number}`,
    principal: roleArn(ANALYTICS, `Reader${Math.floor(number / TABLES)}`),
    table: `aviation_bench_${table % 10}.table_${table}`,
    columns: ['carrier', 'origin'],
    expiresAt: isEnding ? soon : new Date(Date.parse(soon) + 90 * DAY).toISOString(),
    isEndTold: isEnding,
  };
}

async function idleSweeps(
  { mesh, callsOf }: WatchedMesh,
  hour: number,
  tell: (text: string) => void,
): Promise<Figure[]> {
  tell('sweeps with nothing due');
  await mesh.advance((hour - mesh.clock.now()) / 1000 - 30);
  await settle(mesh.endpoint, REST_LIMIT_MS);
  const counting = await callsOf(() => mesh.advance(60));
  const rounds: number[] = [];
  for (let round = 1; round <= ROUNDS; round++) rounds.push((await callsOf(() => mesh.advance(60))).length);
  return [
    {
      name: `a sweep with nothing due, ${ACTIVE} active grants: calls`,
      value: median(rounds),
      unit: 'calls',
      budget: { kind: 'most', value: 1 },
      details: ['a query of the one partition of the index of what is due'],
    },
    {
      name: `the hour's sweep, which counts ${ACTIVE} grants: calls`,
      value: counting.length,
      unit: 'calls',
      details: counted(counting),
    },
  ];
}

/** Without any state machine: the sweep finds them all. */
async function endInOneMinute(
  { mesh, callsOf }: WatchedMesh,
  grants: readonly GivenGrant[],
  endsAt: Instant,
): Promise<Figure[]> {
  await mesh.advance((Date.parse(endsAt) - mesh.clock.now()) / 1000 - 20);
  await settle(mesh.endpoint, REST_LIMIT_MS);
  const startedAt = performance.now();
  const calls = await callsOf(async () => {
    await mesh.advance(60);
    await settle(mesh.endpoint, REST_LIMIT_MS);
  });
  const seconds = (performance.now() - startedAt) / 1000;
  const requests = await requestsOf(mesh.endpoint, grants);
  const open = requests.filter(({ state }) => state.status !== 'ended');
  if (open.length > 0)
    throw new Error(`${open.length} of ${grants.length} grants have not ended: ${JSON.stringify(open[0]?.state)}`);
  const lateness = requests.map(({ state }) =>
    state.status === 'ended' ? (Date.parse(state.endedAt) - Date.parse(endsAt)) / 1000 : 0,
  );
  const ofSweep = calls.filter(call => roleOf(call) === 'sweep');
  const ofEnds = calls.filter(call => roleOf(call) !== 'sweep');
  return [
    {
      name: `${ENDING} grants that end in one minute: calls of the sweep`,
      value: ofSweep.length,
      unit: 'calls',
      details: counted(ofSweep),
    },
    {
      name: `${ENDING} grants that end in one minute: calls for each`,
      value: ofEnds.length / ENDING,
      unit: 'calls',
      details: [`${ofEnds.filter(isWrite).length / ENDING} of them writes`, ...counted(ofEnds)],
    },
    {
      name: `${ENDING} grants that end in one minute: until the last is taken away`,
      value: Math.max(...lateness),
      unit: 's',
      // The sweep's minute, and one for its work: past it the alarm sounds.
      budget: { kind: 'most', value: 120 },
      details: [
        `by the mesh's clock, half of them within ${median(lateness)} s; ${seconds.toFixed(1)} s by this machine's`,
      ],
    },
  ];
}

async function requestsOf(endpoint: string, grants: readonly GivenGrant[]): Promise<AccessRequest[]> {
  const ledger = new LedgerTable(documentClient(administratorOf(endpoint, HUB)), 'trellis-local-ledger');
  const requests: AccessRequest[] = [];
  for (const { requestId } of grants) {
    const request = await ledger.loadRequest(requestId);
    if (!request) throw new Error(`The ledger has no request ${requestId}.`);
    requests.push(request);
  }
  return requests;
}
