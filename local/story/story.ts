/** The story that `npm start` tells, from outside: with SDK clients of the people in it. */
import { CreateTableCommand, GetTableCommand, GetTablesCommand, UpdateTableCommand } from '@aws-sdk/client-glue';
import type { ToldData, ToldType } from '../../events/told.ts';
import {
  ANALYTICS,
  AVIATION,
  administratorOf,
  advance,
  type Connection,
  glueOf,
  HUB,
  listen,
  putEvent,
  query,
  roleArn,
  roleOf,
  settle,
  type Told,
} from './actors.ts';
import { code, refused, say, scene, table, told } from './print.ts';

const BUS = 'trellis-local';
const ANALYST = roleArn(ANALYTICS, 'Analyst');
const STEWARD = roleArn(AVIATION, 'Steward');

export async function playStory(endpoint: string): Promise<void> {
  const hear = await listen(endpoint, BUS);
  const analyst = await roleOf(endpoint, ANALYTICS, 'Analyst');
  const stage = { endpoint, hear, analyst };
  await tablesAppear(stage);
  await pipelineChangesATable(stage);
  await publicColumnsAtOnce(stage);
  await ownerDecides(stage);
  await accessEnds(stage);
}

interface Stage {
  endpoint: string;
  hear: () => Promise<Told[]>;
  analyst: Connection;
}

async function tablesAppear({ endpoint }: Stage): Promise<void> {
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

async function pipelineChangesATable({ endpoint, hear }: Stage): Promise<void> {
  scene(2, 'A pipeline changes a table');
  await hear();
  const producer = glueOf(administratorOf(endpoint, AVIATION));
  const { Table } = await producer.send(new GetTableCommand({ DatabaseName: 'ops', Name: 'airports' }));
  if (!Table) throw new Error('The sample has no table ops.airports.');
  const { Name = '', TableType, PartitionKeys, Parameters, StorageDescriptor } = Table;
  const TableInput = {
    Name,
    TableType,
    PartitionKeys,
    Parameters,
    StorageDescriptor,
    Description: 'Airports, reviewed by the operations desk.',
  };
  await producer.send(new UpdateTableCommand({ DatabaseName: 'ops', TableInput }));
  code('aviation: glue update-table ops.airports   (a new description, nothing else to do)');
  await settle(endpoint);
  const [synced] = await heard(hear, 'Catalog Table Synced');
  told('Catalog Table Synced', `${synced.database}.${synced.table}: ${synced.changes.join(', ')}`);
  say('And one that does not belong: a table of aviation over data of climate.');
  await producer.send(
    new CreateTableCommand({
      DatabaseName: 'ops',
      TableInput: {
        Name: 'borrowed',
        StorageDescriptor: {
          Columns: [{ Name: 'ppm', Type: 'double' }],
          Location: 's3://trellis-climate/observations/co2/',
        },
      },
    }),
  );
  await settle(endpoint);
  const [quarantined] = await heard(hear, 'Catalog Change Quarantined');
  told('Catalog Change Quarantined', String(quarantined.reasons[0]));
}

async function publicColumnsAtOnce({ endpoint, hear, analyst }: Stage): Promise<void> {
  scene(3, 'An analyst asks for public columns, and has them at once');
  await request(endpoint, {
    requestId: 'flights-1',
    tables: ['aviation_ops.flights'],
    purpose: 'delay-study',
    durationDays: 1,
  });
  const [granted] = await heard(hear, 'Access Granted');
  told('Access Granted', `until ${minute(granted.expiresAt)}, by ${granted.policies.join(', ')}`);
  const link = String(granted.links[0]);
  const sql = `SELECT origin, count(*) AS flights, round(avg(delay), 1) AS minutes_late FROM ${link} GROUP BY origin ORDER BY flights DESC LIMIT 5`;
  code(`athena as Analyst: ${sql}`);
  await show(analyst, sql);
}

async function ownerDecides({ endpoint, hear, analyst }: Stage): Promise<void> {
  scene(4, 'Confidential columns wait for their owner, who gives less than was asked');
  const everything = 'SELECT * FROM trellis_aviation_ops.birdstrikes LIMIT 1';
  await mustRefuse(analyst, everything);
  await request(endpoint, {
    requestId: 'birds-1',
    tables: ['aviation_ops.birdstrikes'],
    purpose: 'safety-study',
    durationDays: 1,
  });
  const [question] = await heard(hear, 'Access Approval Needed');
  const columns = question.columns;
  told(
    'Access Approval Needed',
    `${columns.length} columns, to the stewards of aviation, until ${minute(question.answerBy)}`,
  );
  say('The analyst tries to approve it alone, then the steward of aviation answers: everything but the costs.');
  const decision = { requestId: 'birds-1', decision: 'approved' };
  await putEvent(administratorOf(endpoint, ANALYTICS), 'trellis.access', 'Access Decision Made', {
    ...decision,
    approver: ANALYST,
  });
  await settle(endpoint);
  const [refusal] = await heard(hear, 'Event Refused');
  told('Event Refused', String(refusal.reasons[0]));
  const allowed = columns.filter(name => !name.startsWith('cost'));
  const steward = await roleOf(endpoint, AVIATION, 'Steward');
  await putEvent(
    steward,
    'trellis.access',
    'Access Decision Made',
    { ...decision, approver: STEWARD, columns: allowed, reason: 'Costs are not needed to study safety.' },
    { bus: `arn:aws:events:us-east-1:${HUB}:event-bus/${BUS}` },
  );
  await settle(endpoint);
  const [granted] = await heard(hear, 'Access Granted');
  told('Access Granted', `${granted.columns.length} of ${columns.length} columns: ${String(granted.reasons[0])}`);
  const sql =
    'SELECT wildlife_species, count(*) AS strikes FROM trellis_aviation_ops.birdstrikes GROUP BY 1 ORDER BY strikes DESC LIMIT 5';
  code(`athena as Analyst: ${sql}`);
  await show(analyst, sql);
  const cost = columns.find(name => name.startsWith('cost'));
  await mustRefuse(analyst, `SELECT sum(${cost}) FROM trellis_aviation_ops.birdstrikes`);
}

async function accessEnds({ endpoint, hear, analyst }: Stage): Promise<void> {
  scene(5, 'The end comes by itself');
  say(
    'The clock of the mesh moves on by twelve hours: half-way through so short a grant, its holder is told of the end.',
  );
  await advance(endpoint, 12 * 3600 + 60);
  for (const event of await heard(hear, 'Access Expiring'))
    told('Access Expiring', `${event.requestId} ends ${minute(event.expiresAt)}`);
  say('Twelve more:');
  await advance(endpoint, 12 * 3600);
  const revoked = await heard(hear, 'Access Revoked');
  for (const event of revoked) told('Access Revoked', `${event.requestId}: ${event.cause}`);
  expect(revoked.length === 2, `two grants revoked, not ${revoked.length}`);
  await mustRefuse(analyst, 'SELECT count(*) FROM trellis_aviation_ops.flights');
}

async function request(endpoint: string, data: Record<string, unknown>): Promise<void> {
  await putEvent(administratorOf(endpoint, ANALYTICS), 'trellis.access', 'Access Requested', {
    ...data,
    principal: ANALYST,
  });
  code(
    `analytics: events put-events  Access Requested ${data.requestId}: ${String(data.tables)} for ${data.purpose}, ${data.durationDays} day`,
  );
  await settle(endpoint);
}

/** The data of the events of a type that came since the last time somebody asked. @throws when there was none: the story would be untrue. */
async function heard<T extends ToldType>(
  hear: () => Promise<Told[]>,
  type: T,
): Promise<[ToldData<T>, ...ToldData<T>[]]> {
  const all = await hear();
  const [first, ...others] = all.filter(event => event.type === type).map(event => event.data as ToldData<T>);
  if (first) return [first, ...others];
  const came = all.map(event => `${event.type} ${JSON.stringify(event.data)}`).join('; ');
  throw new Error(`The story expected ${type} to be told; there came: ${came || 'nothing'}.`);
}

async function show(who: Connection, sql: string): Promise<void> {
  const answer = await query(who, sql);
  if ('refused' in answer) throw new Error(`The query was refused: ${answer.refused}`);
  table(answer.columns, answer.rows);
}

async function mustRefuse(who: Connection, sql: string): Promise<void> {
  const answer = await query(who, sql);
  if (!('refused' in answer)) throw new Error(`The query should have been refused: ${sql}`);
  refused(sql, answer.refused);
}

/** An instant to the minute, for people. */
function minute(instant: string): string {
  return `${instant.slice(0, 16).replace('T', ' ')} UTC`;
}

function expect(isSo: boolean, what: string): void {
  if (!isSo) throw new Error(`The story expected ${what}.`);
}
