/** The state machines are a picture and a timer: with all of them dead, the sweep alone does on time what is due. */
import {
  DeleteStateMachineCommand,
  ListExecutionsCommand,
  ListStateMachinesCommand,
  SFNClient,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { advance, settle } from '../../local/story/actors.ts';
import { theOne, toldOf } from './hearing.ts';
import {
  advanceTo,
  bootLivingMesh,
  decideAccess,
  inMinutes,
  type LivingMesh,
  refusalOf,
  requestAccess,
  rowsOf,
} from './living-mesh.ts';
import { deadLetters, entriesOn, filtersOn, sharedTables } from './traces.ts';

/** Seconds after its time within which the sweep alone does a thing: its minute, and a moment to do it. */
const SWEEP_SECONDS = 60 + 5;

/** Those of access. */
const MACHINES = ['trellis-local-access-request', 'trellis-local-access-term'];

async function machines(sfn: SFNClient): Promise<string[]> {
  const { stateMachines = [] } = await sfn.send(new ListStateMachinesCommand({}));
  const ofAccess = stateMachines.filter(({ name = '' }) => MACHINES.includes(name));
  expect(ofAccess).toHaveLength(MACHINES.length);
  return ofAccess.map(({ stateMachineArn }) => stateMachineArn ?? '');
}

/** Kills every execution that runs, and says how many there were. */
async function killAll(living: LivingMesh): Promise<number> {
  const sfn = new SFNClient(living.hub);
  let killed = 0;
  for (const stateMachineArn of await machines(sfn)) {
    const { executions = [] } = await sfn.send(new ListExecutionsCommand({ stateMachineArn, statusFilter: 'RUNNING' }));
    for (const { executionArn } of executions) await sfn.send(new StopExecutionCommand({ executionArn }));
    killed += executions.length;
  }
  return killed;
}

/** Seconds from an instant to when an event was told, on the mesh's clock; an envelope has whole seconds. */
function lateness(told: { time: string }, due: unknown): number {
  return (Date.parse(told.time) - Math.floor(Date.parse(String(due)) / 1000) * 1000) / 1000;
}

async function expectEnded(living: LivingMesh, requestId: string, table: string): Promise<void> {
  const revoked = await theOne(living, 'Access Revoked', requestId);
  expect(revoked.data.cause).toBe('expired');
  expect(lateness(revoked, revoked.data.expiresAt)).toBeGreaterThanOrEqual(0);
  expect(lateness(revoked, revoked.data.expiresAt)).toBeLessThanOrEqual(SWEEP_SECONDS);
  expect(await refusalOf(living.analyst, `SELECT * FROM trellis_${table}`)).toMatch(/TABLE_NOT_FOUND/);
  expect(await entriesOn(living.endpoint, table)).toEqual([]);
  expect(await filtersOn(living.endpoint, table)).toEqual([]);
}

const birds = { tables: ['aviation_ops.birdstrikes'], columns: ['wildlife_size', 'cost_total'] };

describe('with every execution killed while it waits', () => {
  let living: LivingMesh;
  beforeAll(async () => {
    living = await bootLivingMesh();
  });
  afterAll(() => living?.stop());

  it('an answered request is provisioned, announced as expiring and ended, an unanswered one denied', async () => {
    const tables = ['aviation_ops.flights'];
    await requestAccess(living, { requestId: 'automatic', tables, expiresAt: inMinutes(living, 20) });
    await requestAccess(living, { requestId: 'answered', ...birds, expiresAt: inMinutes(living, 30) });
    await requestAccess(living, { requestId: 'unanswered', ...birds, expiresAt: inMinutes(living, 10) });
    await theOne(living, 'Access Granted', 'automatic');
    // One term, and two questions.
    expect(await killAll(living)).toBe(3);

    await decideAccess(living, { requestId: 'answered', decision: 'approved', columns: ['wildlife_size'] });
    expect(await toldOf(living, 'Access Granted', 'answered')).toEqual([]);
    // A minute is left to the machine, a minute is the sweep's.
    await advance(living.endpoint, 2 * 60 + 5);
    await theOne(living, 'Access Granted', 'answered');
    await rowsOf(living.analyst, 'SELECT wildlife_size FROM trellis_aviation_ops.birdstrikes LIMIT 1');
    expect(await killAll(living)).toBe(0);

    const { data: asked } = await theOne(living, 'Access Approval Needed', 'unanswered');
    await advanceTo(living, String(asked.answerBy), SWEEP_SECONDS);
    const denied = await theOne(living, 'Access Denied', 'unanswered');
    expect(denied.data.reasons).toEqual(['Nobody of aviation answered in time.']);
    expect(lateness(denied, asked.answerBy)).toBeLessThanOrEqual(SWEEP_SECONDS);
    // Half-way through so short a grant its holder is told of the end.
    await theOne(living, 'Access Expiring', 'automatic');

    await advance(living.endpoint, 21 * 60);
    await expectEnded(living, 'automatic', 'aviation_ops.flights');
    await theOne(living, 'Access Expiring', 'answered');
    await expectEnded(living, 'answered', 'aviation_ops.birdstrikes');
    expect(await killAll(living)).toBe(0);
    expect(await sharedTables(living.endpoint)).toEqual([]);
    expect(await deadLetters(living.endpoint)).toEqual({});
  });
});

describe('with the machines themselves deleted', () => {
  let living: LivingMesh;
  beforeAll(async () => {
    living = await bootLivingMesh();
    const sfn = new SFNClient(living.hub);
    for (const stateMachineArn of await machines(sfn))
      await sfn.send(new DeleteStateMachineCommand({ stateMachineArn }));
    await settle(living.endpoint);
  });
  afterAll(() => living?.stop());

  it('requests are provisioned all the same, and every grant ends within a minute of its end', async () => {
    await requestAccess(living, {
      requestId: 'automatic',
      tables: ['aviation_ops.flights'],
      expiresAt: inMinutes(living, 12),
    });
    await requestAccess(living, { requestId: 'answered', ...birds, expiresAt: inMinutes(living, 14) });
    await decideAccess(living, { requestId: 'answered', decision: 'approved' });
    await requestAccess(living, { requestId: 'unanswered', ...birds, expiresAt: inMinutes(living, 9) });
    await theOne(living, 'Access Approval Needed', 'unanswered');

    await advance(living.endpoint, 2 * 60 + 5);
    for (const requestId of ['automatic', 'answered']) await theOne(living, 'Access Granted', requestId);
    await rowsOf(living.analyst, 'SELECT origin FROM trellis_aviation_ops.flights LIMIT 1');
    await rowsOf(living.analyst, 'SELECT cost_total FROM trellis_aviation_ops.birdstrikes LIMIT 1');

    await advance(living.endpoint, 14 * 60);
    await theOne(living, 'Access Denied', 'unanswered');
    for (const requestId of ['automatic', 'answered']) await theOne(living, 'Access Expiring', requestId);
    await expectEnded(living, 'automatic', 'aviation_ops.flights');
    await expectEnded(living, 'answered', 'aviation_ops.birdstrikes');
    expect(await sharedTables(living.endpoint)).toEqual([]);
  });

  it('and the messages that found no machine are not dead once the sweep has done their work', async () => {
    await advance(living.endpoint, 3600);
    expect(await deadLetters(living.endpoint)).toEqual({});
  });
});
