/** What events missed, a reconcile finds: on a living mesh, started as an operator starts it. */
import { DisableRuleCommand, EnableRuleCommand, EventBridgeClient } from '@aws-sdk/client-eventbridge';
import {
  CreateTableCommand,
  DeleteDatabaseCommand,
  DeleteTableCommand,
  GetTableCommand,
  type TableInput,
  UpdateTableCommand,
} from '@aws-sdk/client-glue';
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { glueOf } from '../../local/story/actors.ts';
import type { RunReport } from '../../shared/reconcile/reconcile-run.ts';
import { bootLivingMesh, type LivingMesh } from './living-mesh.ts';

const MACHINE = 'arn:aws:states:us-east-1:111111111111:stateMachine:trellis-local-reconcile';
const FORWARD = { Name: 'trellis-local-forward' };

let living: LivingMesh;

beforeAll(async () => {
  living = await bootLivingMesh();
}, 60_000);
afterAll(() => living?.stop());

async function reconcile(request: object): Promise<RunReport> {
  const states = new SFNClient(living.hub);
  const { executionArn } = await states.send(
    new StartExecutionCommand({ stateMachineArn: MACHINE, input: JSON.stringify(request) }),
  );
  await living.told();
  const { status, output, cause } = await states.send(new DescribeExecutionCommand({ executionArn }));
  if (status !== 'SUCCEEDED') throw new Error(`${status}: ${cause}`);
  return JSON.parse(output ?? '') as RunReport;
}

/** Whatever happens meanwhile, no event of the producer's tells of it. */
async function unheard(happen: () => Promise<void>): Promise<void> {
  const events = new EventBridgeClient(living.aviation);
  await events.send(new DisableRuleCommand(FORWARD));
  await happen();
  await living.told();
  await events.send(new EnableRuleCommand(FORWARD));
}

async function airports(): Promise<TableInput> {
  const { Table } = await glueOf(living.aviation).send(new GetTableCommand({ DatabaseName: 'ops', Name: 'airports' }));
  const { Name, Description, TableType, Parameters, PartitionKeys, StorageDescriptor } = Table!;
  return { Name, Description, TableType, Parameters, PartitionKeys, StorageDescriptor } as TableInput;
}

const central = async (Name: string) =>
  (await glueOf(living.hub).send(new GetTableCommand({ DatabaseName: 'aviation_ops', Name }))).Table;

async function drift(): Promise<Record<string, unknown>[]> {
  const told = await living.told();
  return told.filter(({ type }) => type === 'Catalog Drift Detected').map(({ data }) => data);
}

describe('a reconcile of the whole mesh', () => {
  it('finds nothing where events told everything', async () => {
    const report = await reconcile({});
    expect(report).toMatchObject({ counts: { missing: 0, different: 0, extra: 0, repaired: 0, left: 0 }, unread: 0 });
    expect(report.counts.tables).toBe(report.counts.central);
    expect(report.databases).toBeGreaterThan(1);
    expect(await drift()).toEqual([]);
  });

  it('repairs what nobody heard of, and tells of it once', async () => {
    await unheard(async () => {
      const glue = glueOf(living.aviation);
      const TableInput = await airports();
      await glue.send(
        new UpdateTableCommand({ DatabaseName: 'ops', TableInput: { ...TableInput, Description: 'Unheard of.' } }),
      );
      await glue.send(new CreateTableCommand({ DatabaseName: 'ops', TableInput: { ...TableInput, Name: 'gates' } }));
      await glue.send(new DeleteTableCommand({ DatabaseName: 'ops', Name: 'flights' }));
    });
    const dry = await reconcile({ domain: 'aviation', dryRun: true });
    expect(dry.counts).toMatchObject({ missing: 1, different: 1, extra: 1, repaired: 0, left: 3 });
    expect(await drift()).toEqual([]);

    const report = await reconcile({ domain: 'aviation' });
    expect(report.counts).toMatchObject({ missing: 1, different: 1, extra: 1, repaired: 3, left: 0 });
    expect((await central('airports'))?.Description).toBe('Unheard of.');
    expect(await central('gates')).toBeDefined();
    expect((await central('flights'))?.Parameters).toHaveProperty(['trellis.missing_since']);
    const told = await drift();
    expect(told.map(({ kind, subject, repaired }) => [kind, subject, repaired]).sort()).toEqual([
      ['different', 'aviation_ops.airports', true],
      ['extra', 'aviation_ops.flights', true],
      ['missing', 'aviation_ops.gates', true],
    ]);
    expect((await reconcile({ domain: 'aviation' })).counts).toMatchObject({ repaired: 0, left: 0 });
  });

  it('does not believe that a whole database is gone, until somebody confirms it', async () => {
    await unheard(() =>
      glueOf(living.aviation)
        .send(new DeleteDatabaseCommand({ Name: 'ops' }))
        .then(() => {}),
    );
    const report = await reconcile({ domain: 'aviation' });
    expect(report).toMatchObject({
      counts: { inferred: 3, extra: 0 },
      heldBack: [{ domain: 'aviation', removals: 3 }],
    });
    expect((await central('airports'))?.Parameters).not.toHaveProperty(['trellis.missing_since']);
    expect((await drift()).at(-1)).toMatchObject({ kind: 'removals-held-back', subject: 'aviation', repaired: false });

    const confirmed = await reconcile({ domain: 'aviation', confirmRemovals: true });
    expect(confirmed).toMatchObject({ counts: { extra: 3, repaired: 3, inferred: 0 }, heldBack: [] });
    expect((await central('airports'))?.Parameters).toHaveProperty(['trellis.missing_since']);
  });

  it('says what it cannot follow', async () => {
    await expect(reconcile({ domain: 'avition' })).rejects.toThrow(/no domain avition.*aviation/);
  });
});
