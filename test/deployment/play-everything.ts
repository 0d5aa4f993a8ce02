/** Plays, in the sample's mesh, everything that can happen in it, so that every call that Trellis makes is made at least once. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import {
  BatchCreatePartitionCommand,
  BatchDeletePartitionCommand,
  BatchUpdatePartitionCommand,
  CreateDatabaseCommand,
  CreateTableCommand,
  DeleteDatabaseCommand,
  DeleteTableCommand,
  GetPartitionsCommand,
  GetTableCommand,
  type GlueClient,
  type PartitionInput,
  type TableInput,
  UpdateDatabaseCommand,
  UpdateTableCommand,
} from '@aws-sdk/client-glue';
import {
  GetDataLakeSettingsCommand,
  GrantPermissionsCommand,
  LakeFormationClient,
  PutDataLakeSettingsCommand,
  RevokePermissionsCommand,
} from '@aws-sdk/client-lakeformation';
import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { AwsError } from '../../local/core/aws-error.ts';
import type { Mesh } from '../../local/mesh.ts';
import {
  ANALYTICS,
  AVIATION,
  administratorOf,
  CLIMATE,
  glueOf,
  HUB,
  listen,
  putEvent,
  roleArn,
  type Told,
} from '../../local/story/actors.ts';
import { applyServices } from '../../shared/aws/apply-services.ts';
import { openCatalog } from '../../shared/aws/open-catalog.ts';
import { searchCatalog, showTable } from '../../shared/catalog/browse-catalog.ts';
import { applyMesh } from '../../shared/mesh/apply-mesh.ts';
import { readStage } from '../../shared/mesh/read-mesh-folder.ts';
import { checkSpokes } from '../../shared/mesh/spoke-checks.ts';
import { applyWithout } from '../journeys/apply-without.ts';
import { ROOT } from './source-files.ts';
import { mesh as meshFile } from './stacks.ts';

const ANALYST = roleArn(ANALYTICS, 'Analyst');
const REPORTING = roleArn(AVIATION, 'Reporting');
const REGIONAL = roleArn(ANALYTICS, 'Regional');
const STEWARD = roleArn(AVIATION, 'Steward');
const CLIMATE_STEWARD = roleArn(CLIMATE, 'Steward');
const HOUR = 3600;

/** @returns everything that Trellis told meanwhile: the test looks there whether what was played really happened */
export async function playEverything(mesh: Mesh): Promise<Told[]> {
  const hear = await listen(mesh.endpoint, 'trellis-local');
  await accountsAreChecked(mesh);
  await aviationSharesBack(mesh, [REPORTING]);
  await catalogsChange(mesh);
  await peopleAskAndOwnersAnswer(mesh);
  await peopleLookAround(mesh);
  await tellingFailsForAWhile(mesh);
  await eventsAreRefused(mesh);
  await anAccountSendsTooMuch(mesh);
  await accessIsTakenBack(mesh);
  await endsArePutOffAndTakenBack(mesh);
  await policiesChange(mesh);
  await grantingFailsForAWhile(mesh);
  await readingFailsForAWhile(mesh);
  await aDatabaseGoes(mesh);
  await accessEnds(mesh);
  await aReconcileFindsWhatIsLeft(mesh);
  await aviationSharesBack(mesh, []);
  await membersLeave(mesh);
  return hear();
}

/** As `trellis apply` does, before it changes anything. */
async function accountsAreChecked(mesh: Mesh): Promise<void> {
  const { spokes } = applyServices(administratorOf(mesh.endpoint, HUB), meshFile, () => mesh.clock.iso());
  const reports = await checkSpokes(spokes, meshFile);
  const couldNot = reports.flatMap(({ findings }) => findings.filter(({ check }) => check === 'the check itself'));
  if (couldNot.length > 0) throw new Error(`The accounts could not be checked: ${JSON.stringify(couldNot)}`);
}

/** As `trellis apply` does when `mesh.yml` names others that a domain shares back to: its own people, on all of its central tables. */
async function aviationSharesBack(mesh: Mesh, shareBack: string[]): Promise<void> {
  const stage = readStage(ROOT, readFileSync(join(ROOT, 'mesh.yml'), 'utf8'), 'local');
  stage.mesh.domains.aviation = { ...stage.mesh.domains.aviation!, shareBack };
  const services = applyServices(administratorOf(mesh.endpoint, HUB), meshFile, () => mesh.clock.iso());
  await applyMesh({ ...services, onboarding: undefined }, stage);
  // The sweep that apply invokes finds the domain, the next one its tables.
  await mesh.advance(120);
  await rest(mesh);
}

async function rest(mesh: Mesh): Promise<void> {
  const pending = await mesh.settle(30_000);
  if (pending.length > 0) throw new Error(`The mesh did not come to rest: ${pending.join(', ')}`);
}

async function catalogsChange(mesh: Mesh): Promise<void> {
  const aviation = glueOf(administratorOf(mesh.endpoint, AVIATION));
  const airports = await inputOf(aviation, 'ops', 'airports');
  const write = (TableInput: TableInput) => aviation.send(new UpdateTableCommand({ DatabaseName: 'ops', TableInput }));
  await write({ ...airports, Description: 'Airports, reviewed.' });
  await rest(mesh);
  // Into quarantine, and out of it.
  const elsewhere = { ...airports.StorageDescriptor, Location: 's3://trellis-climate/observations/co2/' };
  await write({ ...airports, StorageDescriptor: elsewhere });
  await rest(mesh);
  await write({ ...airports, Description: 'Airports, mended.' });
  await rest(mesh);
  // Missing, and back in time.
  await aviation.send(new DeleteTableCommand({ DatabaseName: 'ops', Name: 'airports' }));
  await rest(mesh);
  await aviation.send(new CreateTableCommand({ DatabaseName: 'ops', TableInput: airports }));
  await rest(mesh);
  await partitionsChange(mesh);
  await producerCannotBeRead(mesh);
}

/** A producer lets nobody see its table: what happened to it waits in its queue until somebody may. */
async function producerCannotBeRead(mesh: Mesh): Promise<void> {
  const lake = new LakeFormationClient(administratorOf(mesh.endpoint, AVIATION));
  const everybody = {
    Principal: { DataLakePrincipalIdentifier: 'IAM_ALLOWED_PRINCIPALS' },
    Resource: { Table: { DatabaseName: 'ops', Name: 'airports' } },
    Permissions: ['ALL' as const],
  };
  const aviation = glueOf(administratorOf(mesh.endpoint, AVIATION));
  const airports = await inputOf(aviation, 'ops', 'airports');
  await lake.send(new RevokePermissionsCommand(everybody));
  const TableInput = { ...airports, Description: 'Airports, unread.' };
  await aviation.send(new UpdateTableCommand({ DatabaseName: 'ops', TableInput }));
  await rest(mesh);
  await lake.send(new GrantPermissionsCommand(everybody));
  await mesh.advance(20);
}

async function partitionsChange(mesh: Mesh): Promise<void> {
  const climate = glueOf(administratorOf(mesh.endpoint, CLIMATE));
  const weather = { DatabaseName: 'observations', TableName: 'weather' };
  const { Partitions: [sample] = [] } = await climate.send(new GetPartitionsCommand(weather));
  if (!sample?.StorageDescriptor) throw new Error('The sample table weather has no partitions.');
  const { StorageDescriptor } = sample;
  const at = (city: string, folder: string): PartitionInput => ({
    Values: [city],
    StorageDescriptor: { ...StorageDescriptor, Location: `s3://trellis-climate/observations/${folder}/` },
  });
  await climate.send(
    new BatchCreatePartitionCommand({ ...weather, PartitionInputList: [at('Boston', 'weather/location=Boston')] }),
  );
  await rest(mesh);
  const moved = { PartitionValueList: ['Boston'], PartitionInput: at('Boston', 'weather/location=Boston-2') };
  await climate.send(new BatchUpdatePartitionCommand({ ...weather, Entries: [moved] }));
  await rest(mesh);
  await climate.send(new BatchDeletePartitionCommand({ ...weather, PartitionsToDelete: [{ Values: ['Boston'] }] }));
  await rest(mesh);
}

/** A database with a table of many partitions, on which somebody has a grant, is dropped, and stays away for longer than the grace period. */
async function aDatabaseGoes(mesh: Mesh): Promise<void> {
  const climate = glueOf(administratorOf(mesh.endpoint, CLIMATE));
  await climate.send(new CreateDatabaseCommand({ DatabaseInput: { Name: 'trial' } }));
  const Location = 's3://trellis-climate/trial/buoys/';
  const column = (Name: string) => ({ Name, Type: 'string', Parameters: { 'trellis.classification': 'public' } });
  const TableInput = {
    Name: 'buoys',
    PartitionKeys: [column('buoy')],
    StorageDescriptor: { Columns: [column('reading')], Location },
  };
  await climate.send(new CreateTableCommand({ DatabaseName: 'trial', TableInput }));
  await rest(mesh);
  const buoys = { DatabaseName: 'trial', TableName: 'buoys' };
  const input = (buoy: number): PartitionInput => ({
    Values: [String(buoy)],
    StorageDescriptor: { Location: `${Location}buoy=${buoy}/` },
  });
  for (let first = 0; first < 1_000; first += 100) {
    const PartitionInputList = Array.from({ length: 100 }, (_, index) => input(first + index));
    await climate.send(new BatchCreatePartitionCommand({ ...buoys, PartitionInputList }));
  }
  await rest(mesh);
  // More than a page: only what the event names is looked at.
  await climate.send(new BatchCreatePartitionCommand({ ...buoys, PartitionInputList: [input(1_000)] }));
  await rest(mesh);
  await ask(mesh, ANALYST, {
    requestId: 'buoys-1',
    tables: ['climate_trial.buoys'],
    purpose: 'delay-study',
    durationDays: 3,
  });
  await climate.send(new DeleteDatabaseCommand({ Name: 'trial' }));
  await rest(mesh);
}

/** A database is described anew, which no hint at a table tells of; the one that went has lost its last central table. */
async function aReconcileFindsWhatIsLeft(mesh: Mesh): Promise<void> {
  const climate = glueOf(administratorOf(mesh.endpoint, CLIMATE));
  const DatabaseInput = { Name: 'observations', Description: 'Observations, reviewed.' };
  await climate.send(new UpdateDatabaseCommand({ Name: 'observations', DatabaseInput }));
  const states = new SFNClient(administratorOf(mesh.endpoint, HUB));
  const stateMachineArn = `arn:aws:states:us-east-1:${HUB}:stateMachine:trellis-local-reconcile`;
  await states.send(new StartExecutionCommand({ stateMachineArn, input: '{"domain": "climate"}' }));
  await rest(mesh);
}

/** What a pipeline writes to change a table and keep the rest. */
async function inputOf(glue: GlueClient, DatabaseName: string, name: string): Promise<TableInput> {
  const { Table } = await glue.send(new GetTableCommand({ DatabaseName, Name: name }));
  if (!Table) throw new Error(`The sample has no table ${DatabaseName}.${name}.`);
  const { Name, Description, TableType, PartitionKeys, Parameters, StorageDescriptor } = Table;
  return { Name, Description, TableType, PartitionKeys, Parameters, StorageDescriptor };
}

async function peopleAskAndOwnersAnswer(mesh: Mesh): Promise<void> {
  const flights = { tables: ['aviation_ops.flights'], purpose: 'delay-study', durationDays: 1 };
  const birds = { tables: ['aviation_ops.birdstrikes'], purpose: 'safety-study' };
  // At once; the same event twice, and the same request again.
  await ask(mesh, ANALYST, { requestId: 'flights-1', ...flights, columns: ['date', 'origin'] }, 'flights-1');
  await ask(mesh, ANALYST, { requestId: 'flights-1', ...flights, columns: ['date', 'origin'] }, 'flights-1');
  await ask(mesh, ANALYST, { requestId: 'flights-1', ...flights, columns: ['date', 'origin'] });
  // More columns for the same principal (its filter is replaced), the same table for another (the link is there already).
  await ask(mesh, ANALYST, { requestId: 'flights-2', ...flights, columns: ['delay'] });
  await ask(mesh, REGIONAL, { requestId: 'flights-3', ...flights, rowFilter: "origin = 'SEA'" });
  // Into the catalogs of accounts that are domains'.
  await ask(mesh, CLIMATE_STEWARD, { requestId: 'flights-4', ...flights });
  await ask(mesh, ANALYST, { requestId: 'weather-1', ...flights, tables: ['climate_observations.weather'] });
  await ask(mesh, STEWARD, { requestId: 'weather-2', ...flights, tables: ['climate_observations.weather'] });
  // Waiting: approved, denied, and never answered.
  await ask(mesh, ANALYST, { requestId: 'birds-1', ...birds, durationDays: 1 });
  await answer(mesh, AVIATION, { requestId: 'birds-1', decision: 'approved', approver: STEWARD });
  await ask(mesh, REGIONAL, { requestId: 'birds-2', ...birds, durationDays: 1 });
  await answer(mesh, AVIATION, { requestId: 'birds-2', decision: 'denied', approver: STEWARD, reason: 'Not now.' });
  const expiresAt = new Date(mesh.clock.now() + 2 * HOUR * 1000).toISOString();
  await ask(mesh, REGIONAL, { requestId: 'birds-3', ...birds, expiresAt });
  // Denied at once.
  await ask(mesh, ANALYST, { requestId: 'nowhere-1', ...birds, tables: ['aviation_ops.nowhere'], durationDays: 1 });
}

/** From a reader's account and from an owner's, as the command line does: the two of them use different indexes of the ledger. */
async function peopleLookAround(mesh: Mesh): Promise<void> {
  for (const account of [ANALYTICS, AVIATION]) {
    const catalog = await openCatalog(administratorOf(mesh.endpoint, account), { stage: 'local' });
    for await (const { name } of searchCatalog(catalog, { words: ['flights'] })) await showTable(catalog, name);
  }
}

/** The topic is not there that stewards are told by: it is tried again. */
async function tellingFailsForAWhile(mesh: Mesh): Promise<void> {
  const principal = roleArn(HUB, 'trellis-local-notify');
  const body = JSON.stringify({ principal, action: 'sns:Publish', error: 'NotFound' });
  await fetch(`${mesh.endpoint}/_local/faults`, { method: 'POST', body });
  // The window in which a batch fills; the message's rest, and the window again.
  await mesh.advance(180);
  await rest(mesh);
}

async function eventsAreRefused(mesh: Mesh): Promise<void> {
  await answer(mesh, ANALYTICS, { requestId: 'birds-3', decision: 'approved', approver: ANALYST });
  await answer(mesh, CLIMATE, { requestId: 'birds-3', decision: 'approved', approver: CLIMATE_STEWARD });
  await ask(mesh, ANALYST, { requestId: 'without-an-end', tables: ['aviation_ops.flights'], purpose: 'delay-study' });
  await putEvent(administratorOf(mesh.endpoint, ANALYTICS), 'trellis.access', 'Access Wished For', {});
  await rest(mesh);
}

/** More than an account's share of one process: what is beyond it is put off, and refused from there. */
async function anAccountSendsTooMuch(mesh: Mesh): Promise<void> {
  const events = new EventBridgeClient(administratorOf(mesh.endpoint, ANALYTICS));
  for (let call = 0; call < 12; call++) {
    const Entries = Array.from({ length: 10 }, () => ({
      Source: 'trellis.access',
      DetailType: 'Access Wished For',
      Detail: JSON.stringify({ metadata: { eventId: crypto.randomUUID() } }),
    }));
    await events.send(new PutEventsCommand({ Entries }));
  }
  await rest(mesh);
}

async function accessIsTakenBack(mesh: Mesh): Promise<void> {
  // A grant, and a request that still waits.
  const waiting = { tables: ['aviation_ops.birdstrikes'], purpose: 'safety-study', durationDays: 1 };
  await ask(mesh, REGIONAL, { requestId: 'birds-4', ...waiting });
  for (const requestId of ['flights-2', 'birds-4']) {
    await putEvent(administratorOf(mesh.endpoint, ANALYTICS), 'trellis.access', 'Access Revocation Requested', {
      requestId,
      reason: 'The study is over.',
    });
    await rest(mesh);
  }
}

/** A later end at once, and one that the owner gives; then all of one principal's access on a table is taken back, and of a name that has none. */
async function endsArePutOffAndTakenBack(mesh: Mesh): Promise<void> {
  const extend = async (requestId: string) => {
    const expiresAt = new Date(mesh.clock.now() + 48 * HOUR * 1000).toISOString();
    const data = { requestId, expiresAt };
    await putEvent(administratorOf(mesh.endpoint, ANALYTICS), 'trellis.access', 'Access Extension Requested', data);
    await rest(mesh);
  };
  await extend('flights-1');
  await extend('birds-1');
  await answer(mesh, AVIATION, { requestId: 'birds-1', decision: 'approved', approver: STEWARD });
  for (const [account, selector] of [
    [AVIATION, { principal: REGIONAL, table: 'aviation_ops.flights' }],
    [ANALYTICS, { principal: roleArn(ANALYTICS, 'Nobody') }],
  ] as const) {
    const data = { ...selector, reason: 'The study is over.' };
    await putEvent(administratorOf(mesh.endpoint, account), 'trellis.access', 'Access Revocation Requested', data);
    await rest(mesh);
  }
  await mesh.advance(200);
  await rest(mesh);
}

/** Aviation closes a column that somebody reads, and opens it again; labels rise on a table of climate's. */
async function policiesChange(mesh: Mesh): Promise<void> {
  const stage = () => readStage(ROOT, readFileSync(join(ROOT, 'mesh.yml'), 'utf8'), 'local');
  const services = applyServices(administratorOf(mesh.endpoint, HUB), meshFile, () => mesh.clock.iso());
  const stricter = stage();
  stricter.mesh.domains.aviation = { ...stricter.mesh.domains.aviation!, shareBack: [REPORTING] };
  const before = structuredClone(stricter);
  stricter.policies.domains.aviation += `
    @id("aviation.origin-stays") @reason("origins stay")
    forbid (principal, action == Action::"ReadColumn", resource) when { resource.name == "origin" };`;
  for (const each of [stricter, before]) {
    await applyMesh({ ...services, onboarding: undefined }, each);
    for (let minute = 0; minute < 6; minute++) {
      await mesh.advance(60);
      await rest(mesh);
    }
  }
}

/** Provisioning that fails waits, and is tried again. */
async function grantingFailsForAWhile(mesh: Mesh): Promise<void> {
  for (let times = 0; times < 4; times++)
    mesh.lakeFormation.failNext('GrantPermissions', new AwsError('InternalServiceException', 'Try again later.'));
  const airports = { tables: ['aviation_ops.airports'], purpose: 'delay-study', durationDays: 1 };
  await ask(mesh, ANALYST, { requestId: 'airports-1', ...airports });
  await mesh.advance(HOUR);
}

/** Somebody takes the intake's right to read the catalog away: the event waits in its queue until it is back. */
async function readingFailsForAWhile(mesh: Mesh): Promise<void> {
  const lake = new LakeFormationClient(administratorOf(mesh.endpoint, HUB));
  const { DataLakeSettings = {} } = await lake.send(new GetDataLakeSettingsCommand({}));
  await lake.send(new PutDataLakeSettingsCommand({ DataLakeSettings: { ...DataLakeSettings, ReadOnlyAdmins: [] } }));
  const co2 = {
    tables: ['climate_observations.co2'],
    columns: ['date', 'co2'],
    purpose: 'delay-study',
    durationDays: 1,
  };
  await ask(mesh, ANALYST, { requestId: 'co2-1', ...co2 });
  await lake.send(new PutDataLakeSettingsCommand({ DataLakeSettings }));
  // Past the message's rest.
  await mesh.advance(20);
}

async function accessEnds(mesh: Mesh): Promise<void> {
  // The first of them are put off by a day.
  await mesh.advance(25 * HOUR);
  await rest(mesh);
  await mesh.advance(25 * HOUR);
  await rest(mesh);
}

/** A domain and a consumer leave, with a grant that lives and a request that waits. */
async function membersLeave(mesh: Mesh): Promise<void> {
  const study = { purpose: 'delay-study', durationDays: 30 };
  await ask(mesh, ANALYST, { requestId: 'weather-3', ...study, tables: ['climate_observations.weather'] });
  const birds = { tables: ['aviation_ops.birdstrikes'], purpose: 'safety-study' };
  await ask(mesh, REGIONAL, { requestId: 'birds-5', ...birds, durationDays: 30 });
  await applyWithout(mesh, { domains: ['climate'], consumers: ['analytics'] });
  for (let minute = 0; minute < 10; minute++) {
    await mesh.advance(60);
    await rest(mesh);
  }
}

async function ask(
  mesh: Mesh,
  principal: string,
  data: Record<string, unknown>,
  eventId: string = crypto.randomUUID(),
): Promise<void> {
  const account = principal.split(':')[4] ?? '';
  const connection = administratorOf(mesh.endpoint, account);
  await putEvent(connection, 'trellis.access', 'Access Requested', { ...data, principal }, { eventId });
  await rest(mesh);
}

async function answer(mesh: Mesh, account: string, data: Record<string, unknown>): Promise<void> {
  await putEvent(administratorOf(mesh.endpoint, account), 'trellis.access', 'Access Decision Made', data);
  await rest(mesh);
}
