/** A booted mesh and the people who use it from outside: what a journey starts with. */
import { bootMesh, type Mesh, type MeshOptions } from '../../local/mesh.ts';
import {
  ANALYTICS,
  AVIATION,
  administratorOf,
  advance,
  type Connection,
  HUB,
  listen,
  putEvent,
  query,
  roleArn,
  roleOf,
  settle,
  type Told,
} from '../../local/story/actors.ts';

export const BUS = 'trellis-local';
export const HUB_BUS_ARN = `arn:aws:events:us-east-1:${HUB}:event-bus/${BUS}`;
export const ANALYST = roleArn(ANALYTICS, 'Analyst');
export const REGIONAL = roleArn(ANALYTICS, 'Regional');
export const STEWARD = roleArn(AVIATION, 'Steward');

export interface LivingMesh {
  mesh: Mesh;
  endpoint: string;
  hub: Connection;
  aviation: Connection;
  analytics: Connection;
  analyst: Connection;
  regional: Connection;
  /** Everything that Trellis has told since the boot, in the order of its arrival. Waits until the mesh has come to rest. */
  told(): Promise<readonly Told[]>;
  stop(): Promise<void>;
}

/** Boots a mesh with the sample and waits until its central catalog stands. */
export async function bootLivingMesh(options: MeshOptions = {}): Promise<LivingMesh> {
  const mesh = await bootMesh(options);
  const { endpoint } = mesh;
  try {
    const hear = await listen(endpoint, BUS);
    const all: Told[] = [];
    await settle(endpoint, 60_000);
    return {
      mesh,
      endpoint,
      hub: administratorOf(endpoint, HUB),
      aviation: administratorOf(endpoint, AVIATION),
      analytics: administratorOf(endpoint, ANALYTICS),
      analyst: await roleOf(endpoint, ANALYTICS, 'Analyst'),
      regional: await roleOf(endpoint, ANALYTICS, 'Regional'),
      async told() {
        await settle(endpoint, 60_000);
        all.push(...(await hear()));
        return all;
      },
      stop: () => mesh.stop(),
    };
  } catch (error) {
    await mesh.stop();
    throw error;
  }
}

/** Puts `Access Requested` as the consumer's account does, for `Analyst` unless told otherwise; waits until the mesh has come to rest. */
export async function requestAccess(
  living: LivingMesh,
  data: { requestId: string } & Record<string, unknown>,
  options: { eventId?: string } = {},
): Promise<void> {
  const whole = { principal: ANALYST, purpose: 'delay-study', ...data };
  await putEvent(living.analytics, 'trellis.access', 'Access Requested', whole, options);
  await settle(living.endpoint);
}

/** Puts `Access Decision Made` as a steward of aviation does, straight on the hub's bus. */
export async function decideAccess(
  living: LivingMesh,
  data: { requestId: string; decision: 'approved' | 'denied' } & Record<string, unknown>,
): Promise<void> {
  const steward = await roleOf(living.endpoint, AVIATION, 'Steward');
  const whole = { approver: STEWARD, ...data };
  await putEvent(steward, 'trellis.access', 'Access Decision Made', whole, { bus: HUB_BUS_ARN });
  await settle(living.endpoint);
}

/** An instant so many minutes ahead on the mesh's clock, ISO 8601. */
export function inMinutes({ mesh }: LivingMesh, minutes: number): string {
  return new Date(mesh.clock.now() + minutes * 60_000).toISOString();
}

/** Moves the mesh's clock to so many seconds after an instant. */
export async function advanceTo(living: LivingMesh, instant: string, secondsAfter = 0): Promise<void> {
  const seconds = (Date.parse(instant) - living.mesh.clock.now()) / 1000 + secondsAfter;
  if (seconds > 0) await advance(living.endpoint, seconds);
}

/** Runs a query that must be answered. */
export async function rowsOf(who: Connection, sql: string): Promise<{ columns: string[]; rows: (string | null)[][] }> {
  const answer = await query(who, sql);
  if ('refused' in answer) throw new Error(`${sql} was refused: ${answer.refused}`);
  return answer;
}

/** Runs a query that must be refused, and gives why it was. */
export async function refusalOf(who: Connection, sql: string): Promise<string> {
  const answer = await query(who, sql);
  if ('refused' in answer) return answer.refused;
  throw new Error(`${sql} was answered with ${answer.rows.length} rows of ${answer.columns.join(', ')}`);
}
