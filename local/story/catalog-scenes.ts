/** The scenes in which the central catalog follows its producers. */
import { DisableRuleCommand, EnableRuleCommand, EventBridgeClient } from '@aws-sdk/client-eventbridge';
import {
  CreateTableCommand,
  DeleteTableCommand,
  GetTableCommand,
  GetTablesCommand,
  type GlueClient,
  type TableInput,
  UpdateTableCommand,
} from '@aws-sdk/client-glue';
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { AVIATION, administratorOf, glueOf, HUB, settle } from './actors.ts';
import { code, good, say, scene, table, told } from './print.ts';
import { expect, heard, type Stage, show } from './stage.ts';

export async function tablesAppear({ endpoint }: Stage): Promise<void> {
  scene(1, 'Producers have tables, and the central catalog has them too');
  say(
    'The pipelines of aviation and climate created their tables in their own accounts. Each change left an event; Trellis read what is there and wrote it to the hub.',
  );
  const glue = glueOf(administratorOf(endpoint, HUB));
  const rows: string[][] = [];
  for (const DatabaseName of ['aviation_ops', 'climate_observations']) {
    const { TableList = [] } = await glue.send(new GetTablesCommand({ DatabaseName }));
    for (const { Name = '', StorageDescriptor, PartitionKeys, Parameters } of TableList) {
      const columns = [...(StorageDescriptor?.Columns ?? []), ...(PartitionKeys ?? [])];
      const labels = new Set(columns.map(column => column.Parameters?.['trellis.classification'] ?? 'unlabelled'));
      rows.push([
        `${DatabaseName}.${Name}`,
        String(columns.length),
        [...labels].sort().join(', '),
        Parameters?.['trellis.source_account'] ?? '',
      ]);
    }
  }
  table(['central table', 'columns', 'labels of its columns', 'from account'], rows.sort());
  expect(rows.length === 5, `five central tables, not ${rows.length}`);
}

export async function aSchemaChanges({ endpoint, hear }: Stage): Promise<void> {
  scene(2, 'A pipeline changes a schema');
  await hear();
  const producer = glueOf(administratorOf(endpoint, AVIATION));
  const airports = await inputOf(producer, 'airports');
  const elevation = {
    Name: 'elevation',
    Type: 'int',
    Comment: 'Feet above sea level',
    Parameters: { 'trellis.classification': 'public' },
  };
  const { StorageDescriptor } = airports;
  const Columns = [...(StorageDescriptor?.Columns ?? []), elevation];
  await change(producer, { ...airports, StorageDescriptor: { ...StorageDescriptor, Columns } });
  code('aviation: glue update-table ops.airports   (one column more, nothing else to do)');
  await settle(endpoint);
  const [synced] = await heard(hear, 'Catalog Table Synced');
  told('Catalog Table Synced', `${synced.database}.${synced.table}: ${synced.changes.join(', ')}`);
  expect(synced.changes.includes('columns'), `a change of columns, not of ${synced.changes.join(', ')}`);
  say('And one that does not belong: a table of aviation over data of climate.');
  const borrowed = {
    Name: 'borrowed',
    StorageDescriptor: {
      Columns: [{ Name: 'ppm', Type: 'double' }],
      Location: 's3://trellis-climate/observations/co2/',
    },
  };
  await producer.send(new CreateTableCommand({ DatabaseName: 'ops', TableInput: borrowed }));
  await settle(endpoint);
  const [quarantined] = await heard(hear, 'Catalog Change Quarantined');
  told('Catalog Change Quarantined', String(quarantined.reasons[0]));
}

export async function aTableIsMadeAgain({ endpoint, hear, analyst }: Stage): Promise<void> {
  scene(6, 'A pipeline drops a table and makes it again: whoever reads it goes on reading it');
  const producer = glueOf(administratorOf(endpoint, AVIATION));
  const flights = await inputOf(producer, 'flights');
  await producer.send(new DeleteTableCommand({ DatabaseName: 'ops', Name: 'flights' }));
  code('aviation: glue delete-table ops.flights');
  await settle(endpoint);
  const missing = (await central(endpoint, 'flights')).Parameters?.['trellis.missing_since'];
  expect(missing !== undefined, 'the central table to be marked missing');
  say(`The central table is marked missing, not removed: it has a day to come back (graceHours in mesh.yml).`);
  await producer.send(new CreateTableCommand({ DatabaseName: 'ops', TableInput: flights }));
  code('aviation: glue create-table ops.flights');
  await settle(endpoint);
  const [synced] = await heard(hear, 'Catalog Table Synced');
  told('Catalog Table Synced', `${synced.database}.${synced.table}: ${synced.changes.join(', ')}`);
  const sql = 'SELECT count(*) AS flights FROM trellis_aviation_ops.flights';
  code(`athena as Analyst: ${sql}`);
  await show(analyst, sql);
}

export async function anEventIsLost({ endpoint, hear }: Stage): Promise<void> {
  scene(7, "An event is lost, and the night's reconcile finds what it would have said");
  await hear();
  const producer = glueOf(administratorOf(endpoint, AVIATION));
  const events = new EventBridgeClient(administratorOf(endpoint, AVIATION));
  await events.send(new DisableRuleCommand({ Name: 'trellis-local-forward' }));
  await change(producer, {
    ...(await inputOf(producer, 'airports')),
    Description: 'Airports, reviewed by the operations desk.',
  });
  await settle(endpoint);
  await events.send(new EnableRuleCommand({ Name: 'trellis-local-forward' }));
  code('aviation: glue update-table ops.airports   (another description, while the account forwards no events)');
  const states = new SFNClient(administratorOf(endpoint, HUB));
  const { executionArn } = await states.send(
    new StartExecutionCommand({
      stateMachineArn: `arn:aws:states:us-east-1:${HUB}:stateMachine:trellis-local-reconcile`,
    }),
  );
  code('hub: states start-execution reconcile   (each night by itself; by hand: trellis catalog reconcile)');
  await settle(endpoint);
  const { output = '{}' } = await states.send(new DescribeExecutionCommand({ executionArn }));
  const { counts } = JSON.parse(output) as { counts: { tables: number; repaired: number; left: number } };
  good(`${counts.tables} tables compared, ${counts.repaired} repaired, ${counts.left} left`);
  const [drift] = await heard(hear, 'Catalog Drift Detected');
  told('Catalog Drift Detected', `${drift.subject}: expected ${drift.expected}, found ${drift.found}; repaired`);
  expect(drift.repaired && counts.repaired === 1, 'one difference, repaired');
  expect(
    (await central(endpoint, 'airports')).Description === 'Airports, reviewed by the operations desk.',
    'the central table to have the new description',
  );
}

async function change(glue: GlueClient, TableInput: TableInput): Promise<void> {
  await glue.send(new UpdateTableCommand({ DatabaseName: 'ops', TableInput }));
}

async function central(endpoint: string, Name: string) {
  const glue = glueOf(administratorOf(endpoint, HUB));
  const { Table } = await glue.send(new GetTableCommand({ DatabaseName: 'aviation_ops', Name }));
  if (!Table) throw new Error(`The central catalog has no table aviation_ops.${Name}.`);
  return Table;
}

/** What a pipeline writes to change a table of `ops` and keep the rest. */
async function inputOf(glue: GlueClient, name: string): Promise<TableInput> {
  const { Table } = await glue.send(new GetTableCommand({ DatabaseName: 'ops', Name: name }));
  if (!Table) throw new Error(`The sample has no table ops.${name}.`);
  const { Name, Description, TableType, PartitionKeys, Parameters, StorageDescriptor } = Table;
  return { Name, Description, TableType, PartitionKeys, Parameters, StorageDescriptor };
}
