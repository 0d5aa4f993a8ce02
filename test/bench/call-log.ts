/** The calls that Trellis makes of the local mesh's HTTP API, and how they depend on each other. */
import type { FinishedCall } from '../../local/front/server.ts';
import { bootMesh, type Mesh } from '../../local/mesh.ts';
import { settle } from '../../local/story/actors.ts';

/**
 * While calls are counted, every answer takes so long, as over a network: calls that a function makes at once then overlap, and a call that starts
 * after another has ended is one that waited for it. Far above what the functions themselves take between two calls.
 */
const ANSWER_MS = 100;
const REST_LIMIT_MS = 600_000;

export interface WatchedMesh {
  mesh: Mesh;
  /** Does the work, waits until the mesh has come to rest, and gives the calls of Trellis' functions meanwhile, by their beginning. */
  callsOf(work: () => Promise<unknown>): Promise<FinishedCall[]>;
}

export interface WatchedMeshOptions {
  warmEnvironments?: number;
  empty?: boolean;
  /** Real milliseconds that an answer takes while calls are counted; 100 unless given. */
  answerMs?: number;
}

export async function bootWatchedMesh({
  answerMs: whileCounted = ANSWER_MS,
  ...options
}: WatchedMeshOptions = {}): Promise<WatchedMesh> {
  let calls: FinishedCall[] = [];
  let answerMs = 0;
  const mesh = await bootMesh({ ...options, onCall: call => calls.push(call), answerAfterMs: () => answerMs });
  await settle(mesh.endpoint);
  return {
    mesh,
    async callsOf(work) {
      calls = [];
      answerMs = whileCounted;
      await work();
      await settle(mesh.endpoint, REST_LIMIT_MS);
      answerMs = 0;
      // Whoever uses the mesh from outside is an administrator here.
      return calls.filter(({ caller }) => !caller.endsWith(':root')).sort((a, b) => a.startedAt - b.startedAt);
    },
  };
}

/** Without the minute's sweep, which may come at any time. */
export function withoutSweep(calls: readonly FinishedCall[]): FinishedCall[] {
  return calls.filter(call => roleOf(call) !== 'sweep');
}

/** The role's name, without what all roles of the stack begin with. */
export function roleOf({ caller }: FinishedCall): string {
  return caller.split('/')[1]!.replace('trellis-local-', '');
}

const WRITES =
  /^(Put|Update|Delete|Create|Batch(Create|Update|Delete|Write|Grant|Revoke)|Transact(Write)|Grant|Revoke|Send|Start)/;

export function isWrite({ operation }: FinishedCall): boolean {
  return WRITES.test(operation);
}

/**
 * The most calls of which each began after the one before had ended: so many one had to wait for, one after the other. The earliest end first
 * is the best choice (interval scheduling).
 */
export function callsInARow(calls: readonly FinishedCall[]): FinishedCall[] {
  const chain: FinishedCall[] = [];
  for (const call of calls.toSorted((a, b) => a.endedAt - b.endedAt))
    if (call.startedAt >= (chain.at(-1)?.endedAt ?? 0)) chain.push(call);
  return chain;
}

/** The calls that were over when the last of the grants was given. @throws when there is none */
export function untilGranted(calls: readonly FinishedCall[]): FinishedCall[] {
  const grants = calls.filter(({ operation, error }) => /^(Batch)?GrantPermissions$/.test(operation) && !error);
  if (grants.length === 0)
    throw new Error(`No grant was given; there were: ${calls.map(describe).join(', ') || 'no calls'}.`);
  const grantedAt = Math.max(...grants.map(({ endedAt }) => endedAt));
  return calls.filter(({ endedAt }) => endedAt <= grantedAt);
}

export function describe(call: FinishedCall): string {
  return `${roleOf(call)} ${call.service}:${call.operation}${call.error ? ` (${call.error})` : ''}`;
}

/** The calls, one a line, with the milliseconds from the first; those in the chain are marked. */
export function listCalls(calls: readonly FinishedCall[], chain: readonly FinishedCall[] = []): string[] {
  const zero = calls[0]?.startedAt ?? 0;
  return calls.map(call => {
    const times = `${(call.startedAt - zero).toFixed(0).padStart(5)} to ${(call.endedAt - zero).toFixed(0).padStart(4)} ms`;
    return `${times}  ${chain.includes(call) ? '*' : ' '} ${describe(call)}`;
  });
}

/** How often each call was made. */
export function counted(calls: readonly FinishedCall[]): string[] {
  const counts = new Map<string, number>();
  for (const call of calls) counts.set(describe(call), (counts.get(describe(call)) ?? 0) + 1);
  return [...counts].map(([what, count]) => `${count} × ${what}`);
}
