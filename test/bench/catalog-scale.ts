/** What large catalogs cost: calls, which must be what pages and batches need, and handlers' memory, which must not grow. */
import { DisableRuleCommand, EnableRuleCommand, EventBridgeClient } from '@aws-sdk/client-eventbridge';
import {
  BatchCreatePartitionCommand,
  CreateDatabaseCommand,
  CreateTableCommand,
  GetPartitionsCommand,
  GetTableCommand,
  UpdateTableCommand,
} from '@aws-sdk/client-glue';
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import type { FinishedCall } from '../../local/front/server.ts';
import { bootMesh, type Mesh } from '../../local/mesh.ts';
import { AVIATION, administratorOf, glueOf, HUB, settle } from '../../local/story/actors.ts';
import { counted, isWrite, roleOf, withoutSweep } from './call-log.ts';
import type { Bench, Figure } from './figure.ts';
import { makeTables } from './make-tables.ts';

const TABLES = 20_000;
/** As change-tables.ts makes them. */
const DATABASES = 10;
const FEW = 1_000;
const MANY = 100_000;
const REST_LIMIT_MS = 600_000;
const SAMPLE_EVERY_MS = 500;

/** A reconcile of a domain in step. */
export const reconcilePages: Bench = {
  name: 'reconcile',
  async run(tell) {
    const calls: FinishedCall[] = [];
    tell('a mesh boots');
    const mesh = await bootMesh({ empty: true, onCall: call => calls.push(call) });
    try {
      tell(`${TABLES} tables`);
      await makeTables(mesh.endpoint, TABLES);
      tell(`a reconcile of ${TABLES} tables`);
      calls.length = 0;
      const startedAt = performance.now();
      const { counts } = await reconcile(mesh);
      const seconds = (performance.now() - startedAt) / 1000;
      if (counts.tables !== TABLES || counts.repaired + counts.left > 0)
        throw new Error(`The catalog was not in step: ${JSON.stringify(counts)}.`);
      const own = ofCatalog(calls);
      const glue = own.filter(({ service }) => service === 'glue');
      // Of each database, both sides' pages of a hundred and its two descriptions; a page of names from each side.
      const pages = (TABLES / 100) * 2 + DATABASES * 2 + 2;
      return [
        {
          name: `reconcile of ${TABLES} tables in step: calls of Glue`,
          value: glue.length,
          unit: 'calls',
          budget: { kind: 'most', value: pages },
          details: [`in ${seconds.toFixed(1)} s`, ...counted(own)],
        },
        {
          name: `reconcile of ${TABLES} tables in step: writes of the catalog, events`,
          value: own.filter(call => (call.service === 'glue' || call.service === 'events') && isWrite(call)).length,
          unit: 'calls',
          budget: { kind: 'most', value: 0 },
        },
      ];
    } finally {
      await mesh.stop();
    }
  },
};

/** A table's partitions, all of them new: once a thousand, once a hundred thousand. */
export const partitionBatches: Bench = {
  name: 'partitions',
  async run(tell) {
    const calls: FinishedCall[] = [];
    tell('a mesh boots');
    const mesh = await bootMesh({ empty: true, onCall: call => calls.push(call) });
    try {
      const measured: { calls: number; heap: number; details: string[] }[] = [];
      await glueOf(administratorOf(mesh.endpoint, AVIATION)).send(
        new CreateDatabaseCommand({ DatabaseInput: { Name: 'bench' } }),
      );
      for (const count of [FEW, FEW, MANY]) {
        const name = `daily_${measured.length}`;
        tell(`a table with ${count} partitions`);
        await unheard(mesh, () => makePartitions(mesh, name, count));
        calls.length = 0;
        const heap = await highestHeap(mesh, () => touch(mesh, name));
        const own = ofCatalog(calls);
        await requirePartitions(mesh, name, count);
        measured.push({ calls: own.length, heap, details: counted(own) });
      }
      // The first table's handler was cold.
      const [, few, many] = measured;
      const needed = MANY / 1_000 + 1 + MANY / 100;
      const figures: Figure[] = [
        {
          name: `${MANY} new partitions: calls, beside the ${needed} that pages and batches need`,
          value: many!.calls / needed,
          unit: '×',
          budget: { kind: 'most', value: 1.02 },
          details: many!.details,
        },
        {
          name: `${MANY} new partitions: the handler's highest live heap, beside that with ${FEW}`,
          value: many!.heap / few!.heap,
          unit: '×',
          budget: { kind: 'most', value: 1.5 },
          details: [
            `${megabytes(few!.heap)} and ${megabytes(many!.heap)}: used after a collection, every ${SAMPLE_EVERY_MS} ms`,
          ],
        },
      ];
      return figures;
    } finally {
      await mesh.stop();
    }
  },
};

async function reconcile({
  endpoint,
}: Mesh): Promise<{ counts: Record<string, number> & { repaired: number; left: number } }> {
  const states = new SFNClient(administratorOf(endpoint, HUB));
  const stateMachineArn = `arn:aws:states:us-east-1:${HUB}:stateMachine:trellis-local-reconcile`;
  const input = '{"domain": "aviation"}';
  const { executionArn } = await states.send(new StartExecutionCommand({ stateMachineArn, input }));
  await settle(endpoint, REST_LIMIT_MS);
  const { status, output, cause } = await states.send(new DescribeExecutionCommand({ executionArn }));
  if (status !== 'SUCCEEDED') throw new Error(`The reconcile is ${status}: ${cause}`);
  return JSON.parse(output!);
}

/** What happens meanwhile, no event tells of. */
async function unheard({ endpoint }: Mesh, happen: () => Promise<void>): Promise<void> {
  const events = new EventBridgeClient(administratorOf(endpoint, AVIATION));
  const rule = { Name: 'trellis-local-forward' };
  await events.send(new DisableRuleCommand(rule));
  await happen();
  await settle(endpoint, REST_LIMIT_MS);
  await events.send(new EnableRuleCommand(rule));
}

async function makePartitions({ endpoint }: Mesh, Name: string, count: number): Promise<void> {
  const glue = glueOf(administratorOf(endpoint, AVIATION));
  const Location = `s3://trellis-aviation/bench/${Name}/`;
  const Columns = [{ Name: 'reading', Type: 'double' }];
  const PartitionKeys = [{ Name: 'part', Type: 'string' }];
  await glue.send(
    new CreateTableCommand({
      DatabaseName: 'bench',
      TableInput: { Name, PartitionKeys, StorageDescriptor: { Columns, Location } },
    }),
  );
  for (let first = 0; first < count; first += 100) {
    const PartitionInputList = Array.from({ length: 100 }, (_, index) => ({
      Values: [String(first + index).padStart(6, '0')],
      StorageDescriptor: { Columns, Location: `${Location}part=${first + index}/` },
    }));
    await glue.send(new BatchCreatePartitionCommand({ DatabaseName: 'bench', TableName: Name, PartitionInputList }));
  }
}

/** A change of the table that its event tells of: the central side has nothing of it yet. */
async function touch({ endpoint }: Mesh, Name: string): Promise<void> {
  const glue = glueOf(administratorOf(endpoint, AVIATION));
  const { Table } = await glue.send(new GetTableCommand({ DatabaseName: 'bench', Name }));
  const { PartitionKeys, StorageDescriptor } = Table!;
  const TableInput = { Name, PartitionKeys, StorageDescriptor, Description: 'Touched.' };
  await glue.send(new UpdateTableCommand({ DatabaseName: 'bench', TableInput }));
  await settle(endpoint, REST_LIMIT_MS);
}

async function requirePartitions({ endpoint }: Mesh, TableName: string, count: number): Promise<void> {
  const glue = glueOf(administratorOf(endpoint, HUB));
  let found = 0;
  for (let NextToken: string | undefined, isFirst = true; isFirst || NextToken; isFirst = false) {
    const query = { DatabaseName: 'aviation_bench', TableName, MaxResults: 1_000, ExcludeColumnSchema: true };
    const page = await glue.send(new GetPartitionsCommand({ ...query, ...(NextToken && { NextToken }) }));
    found += page.Partitions?.length ?? 0;
    NextToken = page.NextToken;
  }
  if (found !== count) throw new Error(`The central table ${TableName} has ${found} partitions, not ${count}.`);
}

/** @returns the most that the function's environments held at once, of what cannot be collected */
async function highestHeap(mesh: Mesh, work: () => Promise<void>): Promise<number> {
  let highest = 0;
  let isOver = false;
  const sampling = (async () => {
    do {
      await new Promise(resolve => setTimeout(resolve, SAMPLE_EVERY_MS));
      highest = Math.max(highest, ...(await mesh.liveHeaps('trellis-local-catalog-sync')));
    } while (!isOver);
  })();
  await work();
  isOver = true;
  await sampling;
  return highest;
}

function ofCatalog(calls: readonly FinishedCall[]): FinishedCall[] {
  const ofRoles = calls.filter(({ caller }) => caller.includes('/'));
  return withoutSweep(ofRoles).filter(
    call => roleOf(call) === 'catalog-sync' || call.caller.includes('/trellis-spoke/'),
  );
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
