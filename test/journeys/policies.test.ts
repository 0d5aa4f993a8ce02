/** Policies and labels change while somebody reads: what may no longer be read can no longer be read, and Athena says so. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GetTableCommand, UpdateTableCommand } from '@aws-sdk/client-glue';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { advance, glueOf, putEvent, settle } from '../../local/story/actors.ts';
import { applyServices } from '../../shared/aws/apply-services.ts';
import { applyMesh, prepareApply } from '../../shared/mesh/apply-mesh.ts';
import { readStage, type StageOfFolder } from '../../shared/mesh/read-mesh-folder.ts';
import { ANALYST, bootLivingMesh, type LivingMesh, refusalOf, rowsOf, STEWARD } from './living-mesh.ts';
import { deadLetters } from './traces.ts';

const ROOT = join(import.meta.dirname, '../..');
const FLIGHTS = 'trellis_aviation_ops.flights';

let living: LivingMesh;
beforeAll(async () => {
  living = await bootLivingMesh();
});
afterAll(() => living?.stop());

async function ask(requestId: string, data: object): Promise<void> {
  const asked = { requestId, principal: ANALYST, purpose: 'delay-study', durationDays: 30, ...data };
  await putEvent(living.analytics, 'trellis.access', 'Access Requested', asked);
  await settle(living.endpoint, 60_000);
}

/** The sample's stage, with more policies of aviation. */
function stageWith(policies: string): StageOfFolder {
  const stage = readStage(ROOT, readFileSync(join(ROOT, 'mesh.yml'), 'utf8'), 'local');
  stage.policies.domains.aviation += policies;
  return stage;
}

const services = () => ({
  ...applyServices(living.hub, stageWith('').mesh, () => living.mesh.clock.iso()),
  onboarding: undefined,
});

async function minutes(count: number): Promise<void> {
  for (let minute = 0; minute < count; minute++) {
    await advance(living.endpoint, 60);
    await settle(living.endpoint, 60_000);
  }
}

const ofRequest = async (requestId: string) =>
  (await living.told())
    .filter(({ type, data }) => type.startsWith('Access') && data.requestId === requestId)
    .map(({ type, data }) => ({ type, ...data }));

const STRICTER = stageWith(`
  @id("aviation.delays-stay") @reason("aviation shares no delays")
  forbid (principal, action == Action::"ReadColumn", resource) when { resource.name == "delay" };
  @id("aviation.no-birds") @reason("birds are counted anew")
  forbid (principal, action == Action::"Request", resource == Table::"aviation_ops.birdstrikes");`);

describe('when aviation closes a column and a table', () => {
  it('a dry run shows whom that concerns, and why, and changes nothing', async () => {
    await ask('flights-1', { tables: ['aviation_ops.flights'], columns: ['origin', 'delay'] });
    await ask('flights-2', { tables: ['aviation_ops.flights'], columns: ['delay'] });
    await ask('birds-1', { tables: ['aviation_ops.birdstrikes'] });
    await putEvent(living.aviation, 'trellis.access', 'Access Decision Made', {
      requestId: 'birds-1',
      decision: 'approved',
      approver: STEWARD,
    });
    await settle(living.endpoint, 60_000);
    const { changes } = await prepareApply(services(), STRICTER);
    const [redecision] = changes.flatMap(change => (change.kind === 'redecide' ? [change.foreseen] : []));
    const changed = redecision!.changed.map(({ requestId, outcome, reasons }) => [requestId, outcome, reasons]);
    expect(changed.toSorted()).toEqual([
      ['birds-1', 'ended', ['birds are counted anew']],
      ['flights-1', 'narrowed', ['delay: aviation shares no delays']],
      ['flights-2', 'ended', ['column delay: aviation shares no delays']],
    ]);
    await minutes(2);
    expect((await rowsOf(living.analyst, `SELECT origin, delay FROM ${FLIGHTS} LIMIT 2`)).rows).toHaveLength(2);
  });

  it('apply makes it so: the column cannot be read, the rest can, and each is told once with its reasons', async () => {
    await applyMesh(services(), STRICTER);
    await minutes(6);
    expect(await refusalOf(living.analyst, `SELECT delay FROM ${FLIGHTS} LIMIT 1`)).toMatch(/COLUMN_NOT_FOUND/);
    expect((await rowsOf(living.analyst, `SELECT * FROM ${FLIGHTS} LIMIT 1`)).columns).toEqual(['origin']);
    expect(await refusalOf(living.analyst, 'SELECT * FROM trellis_aviation_ops.birdstrikes')).toMatch(
      /NOT_FOUND|exist/,
    );
    expect((await ofRequest('flights-1')).slice(1)).toEqual([
      expect.objectContaining({
        type: 'Access Narrowed',
        columns: ['origin'],
        reasons: ['delay: aviation shares no delays'],
        policies: expect.arrayContaining(['aviation.delays-stay']),
      }),
    ]);
    for (const [requestId, policy] of [
      ['flights-2', 'aviation.delays-stay'],
      ['birds-1', 'aviation.no-birds'],
    ] as const)
      expect((await ofRequest(requestId)).slice(requestId === 'birds-1' ? 2 : 1)).toEqual([
        expect.objectContaining({
          type: 'Access Revoked',
          cause: 'policy',
          reasons: [expect.stringMatching(/delays|birds/)],
          policies: expect.arrayContaining([policy]),
        }),
      ]);
  });

  it('applied again changes nothing, and what was lost does not come back with the policies', async () => {
    expect((await applyMesh(services(), STRICTER)).changes).toEqual([]);
    await applyMesh(services(), stageWith(''));
    await minutes(6);
    expect((await rowsOf(living.analyst, `SELECT * FROM ${FLIGHTS} LIMIT 1`)).columns).toEqual(['origin']);
    expect(await ofRequest('flights-1')).toHaveLength(2);
  });
});

describe('when a label rises', () => {
  it('the column is taken out of the grants on the table as soon as the central catalog has it', async () => {
    await ask('flights-3', { tables: ['aviation_ops.flights'], columns: ['origin', 'distance'] });
    const glue = glueOf(living.aviation);
    const { Table } = await glue.send(new GetTableCommand({ DatabaseName: 'ops', Name: 'flights' }));
    const { Name, TableType, Parameters, PartitionKeys, StorageDescriptor } = Table!;
    const Columns = StorageDescriptor!.Columns!.map(column =>
      column.Name === 'distance' ? { ...column, Parameters: { 'trellis.classification': 'restricted' } } : column,
    );
    const TableInput = {
      Name,
      TableType,
      Parameters,
      PartitionKeys,
      StorageDescriptor: { ...StorageDescriptor, Columns },
    };
    await glue.send(new UpdateTableCommand({ DatabaseName: 'ops', TableInput }));
    await settle(living.endpoint, 60_000);
    expect((await rowsOf(living.analyst, `SELECT * FROM ${FLIGHTS} LIMIT 1`)).columns).toEqual(['origin']);
    expect(await ofRequest('flights-3')).toEqual([
      expect.objectContaining({ type: 'Access Granted' }),
      expect.objectContaining({
        type: 'Access Narrowed',
        columns: ['origin'],
        reasons: ['distance: aviation shares no restricted columns'],
      }),
    ]);
    await minutes(5);
    expect(await ofRequest('flights-3')).toHaveLength(2);
  });

  it('nothing is left in a dead-letter queue', async () => {
    expect(Object.values(await deadLetters(living.endpoint)).filter(count => count > 0)).toEqual([]);
  });
});
