/** People find data from their own accounts, and see no more of who reads it than concerns them. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { DynamoDBClient, GetItemCommand, PutItemCommand, QueryCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import {
  BatchCreatePartitionCommand,
  CreateTableCommand,
  DeleteTableCommand,
  GetPartitionsCommand,
  GetTableCommand,
  UpdateTableCommand,
} from '@aws-sdk/client-glue';
import { LakeFormationClient, ListPermissionsCommand } from '@aws-sdk/client-lakeformation';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ANALYTICS,
  AVIATION,
  administratorOf,
  CLIMATE,
  type Connection,
  glueOf,
  HUB,
  roleArn,
  settle,
} from '../../local/story/actors.ts';
import { theOne } from './hearing.ts';
import { ANALYST, bootLivingMesh, inMinutes, type LivingMesh, requestAccess } from './living-mesh.ts';

const LEDGER = 'trellis-local-ledger';
const READER = roleArn(HUB, 'trellis-local-reader');
const CLIMATE_STEWARD = roleArn(CLIMATE, 'Steward');
const FLIGHTS = 'aviation_ops.flights';
const ELSEWHERE = 's3://trellis-climate/observations/co2/';

let living: LivingMesh;
beforeAll(async () => {
  living = await bootLivingMesh();
  const asked = { tables: [FLIGHTS], columns: ['origin', 'delay'], expiresAt: inMinutes(living, 600) };
  await requestAccess(living, { requestId: 'of-analytics', ...asked });
  await requestAccess(
    { ...living, analytics: administratorOf(living.endpoint, CLIMATE) },
    {
      requestId: 'of-climate',
      principal: CLIMATE_STEWARD,
      ...asked,
    },
  );
  for (const requestId of ['of-analytics', 'of-climate']) await theOne(living, 'Access Granted', requestId);
  // Published as aviation's, it would let aviation grant the data of climate.
  const StorageDescriptor = { Columns: [{ Name: 'co2', Type: 'double' }], Location: ELSEWHERE };
  await glueOf(living.aviation).send(
    new CreateTableCommand({ DatabaseName: 'ops', TableInput: { Name: 'hidden', StorageDescriptor } }),
  );
  await settle(living.endpoint);
});
afterAll(() => living?.stop());

/** Runs the command line as the administrator of an account. */
async function trellis(
  account: string,
  ...args: string[]
): Promise<{ output: string; errors: string; exitCode: number }> {
  const env = {
    PATH: process.env.PATH,
    AWS_ACCESS_KEY_ID: account,
    AWS_SECRET_ACCESS_KEY: 'any',
    AWS_ENDPOINT_URL: living.endpoint,
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  };
  const ran = promisify(execFile)(process.execPath, ['cli/trellis.ts', ...args], { env });
  return ran.then(
    ({ stdout, stderr }) => ({ output: stdout, errors: stderr, exitCode: 0 }),
    error => ({ output: error.stdout, errors: error.stderr, exitCode: error.code }),
  );
}

async function found(account: string, ...args: string[]): Promise<string[]> {
  const { output, errors } = await trellis(account, 'catalog', 'search', '--json', ...args);
  if (output === '') throw new Error(errors);
  return (JSON.parse(output).tables as { name: string }[]).map(({ name }) => name);
}

async function readersOf(account: string): Promise<{ of: string; who: string[] }> {
  const { output, errors } = await trellis(account, 'catalog', 'show', FLIGHTS, '--json');
  if (output === '') throw new Error(errors);
  const shown = JSON.parse(output) as { account: string; grants: { principal: string }[] };
  return { of: shown.account, who: shown.grants.map(({ principal }) => principal) };
}

describe('finding data from a member’s account', () => {
  it('finds tables of all domains by words, as a table of its own in columns', async () => {
    const { output, exitCode } = await trellis(ANALYTICS, 'catalog', 'search', 'flights');
    expect(exitCode).toBe(0);
    const [heading, ...lines] = output.trimEnd().split('\n');
    expect(heading).toMatch(/^table +domain +columns +labels +fresh +state$/);
    expect(lines.find(line => line.startsWith(`${FLIGHTS} `))).toMatch(/ aviation +\d+ +public +\S.* in step$/);
  });

  it('finds by domain, owner and label, and what was never published by its state', async () => {
    const aviation = await found(ANALYTICS, '--domain', 'aviation');
    expect(aviation).toEqual(expect.arrayContaining([FLIGHTS, 'aviation_ops.birdstrikes', 'aviation_ops.hidden']));
    expect(aviation.filter(name => !name.startsWith('aviation_'))).toEqual([]);
    expect(await found(ANALYTICS, '--owner', AVIATION)).toEqual(aviation);
    expect(await found(ANALYTICS)).toEqual(expect.arrayContaining([...aviation, 'climate_observations.weather']));
    expect(await found(ANALYTICS, '--state', 'quarantined')).toEqual(['aviation_ops.hidden']);
  });

  it('finds what is fresh: a table whose partitions changed, and not what was only kept out', async () => {
    const { output: before } = await trellis(ANALYTICS, 'catalog', 'show', 'climate_observations.weather', '--json');
    const climate = glueOf(administratorOf(living.endpoint, CLIMATE));
    const weather = { DatabaseName: 'observations', TableName: 'weather' };
    const { Partitions: [sample] = [] } = await climate.send(new GetPartitionsCommand(weather));
    const at = (city: string, Location: string) => ({
      Values: [city],
      StorageDescriptor: { ...sample?.StorageDescriptor, Location },
    });
    const PartitionInputList = [
      at('Boston', 's3://trellis-climate/observations/weather/location=Boston/'),
      at('Nowhere', 's3://trellis-aviation/ops/'),
    ];
    await climate.send(new BatchCreatePartitionCommand({ ...weather, PartitionInputList }));
    await settle(living.endpoint);
    const { output: after } = await trellis(ANALYTICS, 'catalog', 'show', 'climate_observations.weather', '--json');
    const [old, fresh] = [before, after].map(text => JSON.parse(text).table);
    expect(old.state).toEqual(['in-step']);
    expect(fresh.freshAt > old.freshAt).toBe(true);
    expect(fresh).toMatchObject({ state: ['quarantined'], partitions: { changes: ['partitions-added 1'] } });
    expect(JSON.stringify(fresh.partitions.keptOut)).toContain('s3://trellis-aviation/ops/');
    expect(await found(ANALYTICS, '--fresh-within', '1h', '--domain', 'climate')).toContain(
      'climate_observations.weather',
    );
    expect(await found(ANALYTICS, '--fresh-within', '1h')).not.toContain('aviation_ops.hidden');
    expect(await found(ANALYTICS, '--changed-within', '1h')).toContain('aviation_ops.hidden');
  });

  it('finds what went missing, and shows since when', async () => {
    const aviation = glueOf(living.aviation);
    const { Table } = await aviation.send(new GetTableCommand({ DatabaseName: 'ops', Name: 'airports' }));
    await aviation.send(
      new UpdateTableCommand({
        DatabaseName: 'ops',
        TableInput: {
          Name: 'airports',
          Description: 'Where one boards',
          TableType: Table?.TableType,
          PartitionKeys: Table?.PartitionKeys,
          Parameters: Table?.Parameters,
          StorageDescriptor: Table?.StorageDescriptor,
        },
      }),
    );
    await settle(living.endpoint);
    expect(await found(ANALYTICS, 'boards')).toEqual(['aviation_ops.airports']);
    await aviation.send(new DeleteTableCommand({ DatabaseName: 'ops', Name: 'airports' }));
    await settle(living.endpoint);
    expect(await found(ANALYTICS, 'boards', '--state', 'missing')).toEqual(['aviation_ops.airports']);
    const { output } = await trellis(ANALYTICS, 'catalog', 'show', 'aviation_ops.airports');
    expect(output).toMatch(/state +missing: gone at its source since \d{4}-/);
  });

  it('shows columns with labels, where the table comes from, and who of one’s own account may read it', async () => {
    const { output, errors } = await trellis(ANALYTICS, 'catalog', 'show', FLIGHTS);
    expect(errors).toBe('');
    expect(output).toMatch(new RegExp(`source +ops\\.flights of account ${AVIATION}`));
    expect(output).toMatch(/^ {2}origin +string +public/m);
    expect(output).toContain(`Who may read it, of account ${ANALYTICS}`);
    expect(output).toMatch(new RegExp(`^ {2}${ANALYST} +.*origin.* all +.* of-analytics$`, 'm'));
    expect(output).not.toContain('of-climate');
  });

  it('shows each account what concerns it: a reader itself, the owner and the hub everybody', async () => {
    expect(await Promise.all([ANALYTICS, CLIMATE, AVIATION, HUB].map(readersOf))).toEqual([
      { of: ANALYTICS, who: [ANALYST] },
      { of: CLIMATE, who: [CLIMATE_STEWARD] },
      { of: AVIATION, who: [CLIMATE_STEWARD, ANALYST] },
      { of: HUB, who: [CLIMATE_STEWARD, ANALYST] },
    ]);
  });

  it('says why a table was never published, and what may be meant by a name that there is not', async () => {
    const { output } = await trellis(ANALYTICS, 'catalog', 'show', 'aviation_ops.hidden');
    expect(output).toContain(ELSEWHERE);
    const { errors, exitCode } = await trellis(ANALYTICS, 'catalog', 'show', 'aviation_ops.fligths');
    expect({ errors, exitCode }).toEqual({ errors: expect.stringContaining(`Did you mean ${FLIGHTS}?`), exitCode: 1 });
  });
});

describe('the reader role', () => {
  /** A session of it for an account's administrator, with the tag `account` as given. */
  async function session(caller: string, account?: string): Promise<Connection> {
    const { Credentials } = await new STSClient(administratorOf(living.endpoint, caller)).send(
      new AssumeRoleCommand({
        RoleArn: READER,
        RoleSessionName: 'reader',
        ...(account !== undefined && { Tags: [{ Key: 'account', Value: account }] }),
      }),
    );
    const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = Credentials ?? {};
    const credentials = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
    return { endpoint: living.endpoint, region: 'us-east-1', credentials };
  }

  const denied = expect.objectContaining({ name: 'AccessDeniedException' });

  /** What the ledger answers under a key of an index, or of the table itself. */
  function query(dynamo: DynamoDBClient, IndexName: string | undefined, key: string) {
    return dynamo.send(
      new QueryCommand({
        TableName: LEDGER,
        ...(IndexName && { IndexName }),
        KeyConditionExpression: '#key = :key',
        ExpressionAttributeNames: { '#key': IndexName ?? 'pk' },
        ExpressionAttributeValues: { ':key': { S: key } },
      }),
    );
  }

  it('is given with the caller’s own account for a tag, and with no other, and not without', async () => {
    await expect(session(ANALYTICS, AVIATION)).rejects.toThrow(expect.objectContaining({ name: 'AccessDenied' }));
    await expect(session(ANALYTICS, HUB)).rejects.toThrow(expect.objectContaining({ name: 'AccessDenied' }));
    await expect(session(ANALYTICS)).rejects.toThrow(expect.objectContaining({ name: 'AccessDenied' }));
    expect((await session(ANALYTICS, ANALYTICS)).credentials.sessionToken).not.toBe('');
  });

  it('finds one’s own requests and grants in the ledger, without the token of a state machine', async () => {
    await requestAccess(living, {
      requestId: 'waiting',
      tables: ['aviation_ops.birdstrikes'],
      columns: ['cost_total'],
      expiresAt: inMinutes(living, 600),
    });
    await theOne(living, 'Access Approval Needed', 'waiting');
    const dynamo = new DynamoDBClient(await session(ANALYTICS, ANALYTICS));
    const { Items = [] } = await query(dynamo, 'holder', ANALYTICS);
    expect(Items.map(({ pk }) => pk?.S).sort()).toEqual([
      'request#of-analytics',
      'request#waiting',
      `table#${FLIGHTS}`,
    ]);
    const owners = new DynamoDBClient(await session(AVIATION, AVIATION));
    const { Items: owned = [] } = await query(owners, 'owner', AVIATION);
    expect(owned.map(({ pk }) => pk?.S)).toContain('request#waiting');
    expect(JSON.stringify([Items, owned])).not.toMatch(/token/i);
    const Key = { pk: { S: 'request#waiting' }, sk: { S: 'request' } };
    const kept = await new DynamoDBClient(living.hub).send(new GetItemCommand({ TableName: LEDGER, Key }));
    expect(kept.Item?.taskToken?.S).toBeTruthy();
  });

  it('answers nothing under another account’s key, nor of grants, requests and the mesh in the table itself', async () => {
    const dynamo = new DynamoDBClient(await session(ANALYTICS, ANALYTICS));
    for (const index of ['holder', 'owner'])
      for (const account of [AVIATION, CLIMATE, HUB])
        await expect(query(dynamo, index, account)).rejects.toThrow(denied);
    for (const key of [`table#${FLIGHTS}`, 'request#of-climate', 'mesh', ANALYTICS])
      await expect(query(dynamo, undefined, key)).rejects.toThrow(denied);
    await expect(query(dynamo, 'due', 'due')).rejects.toThrow(denied);
    for (const IndexName of [undefined, 'holder', 'owner'])
      await expect(
        dynamo.send(new ScanCommand({ TableName: LEDGER, ...(IndexName && { IndexName }) })),
      ).rejects.toThrow(denied);
    const Key = { pk: { S: 'quarantine#aviation' }, sk: { S: 'ops.hidden' } };
    await expect(dynamo.send(new GetItemCommand({ TableName: LEDGER, Key }))).rejects.toThrow(denied);
    await expect(dynamo.send(new PutItemCommand({ TableName: LEDGER, Item: Key }))).rejects.toThrow(denied);
    expect((await query(dynamo, undefined, 'quarantine#aviation')).Items).toHaveLength(1);
  });

  it('lists nobody’s grants in Lake Formation, and changes nothing in the catalog', async () => {
    const connection = await session(ANALYTICS, ANALYTICS);
    await expect(new LakeFormationClient(connection).send(new ListPermissionsCommand({}))).rejects.toThrow(denied);
    const [DatabaseName = '', Name = ''] = FLIGHTS.split('.');
    const glue = glueOf(connection);
    await glue.send(new GetTableCommand({ DatabaseName, Name }));
    await expect(glue.send(new DeleteTableCommand({ DatabaseName, Name }))).rejects.toThrow(denied);
  });
});
