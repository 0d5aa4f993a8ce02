/** A query through Lake Formation reads the files with the role that the location is registered with, and the bucket's owner has a say. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createDataFiles } from '../../../local/athena/data-files.ts';
import { Activity } from '../../../local/core/activity.ts';
import { VirtualClock } from '../../../local/core/clock.ts';
import { administrator, type PolicyStatement, type Wire } from '../../../local/core/service.ts';
import { type JoinedServices, joinServices } from '../../../local/mesh/join-services.ts';
import { parseMesh } from '../../../shared/mesh/parse-mesh.ts';

const HUB = '111111111111';
const OWNER = '222222222222';
const ROLE = `arn:aws:iam::${HUB}:role/data`;
const MESH = `
stages:
  local:
    hub: '${HUB}'
    domains:
      aviation: { account: '${OWNER}', databases: '*', prefixes: [s3://lake/], stewards: [arn:aws:iam::${OWNER}:role/S], policies: p }
`;
const SQL = 'SELECT n FROM db.numbers';
const READ = { Action: ['s3:ListBucket', 's3:GetObject'], Resource: ['arn:aws:s3:::lake', 'arn:aws:s3:::lake/*'] };

let folder: string;
let activity: Activity;
let clock: VirtualClock;
let joined: JoinedServices;

function call(account: string, service: string, operation: string, input: Wire): Wire {
  return joined.services.get(service)!.operations[operation]!.run(input, administrator(account));
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'data-role-test-'));
  activity = new Activity();
  clock = new VirtualClock(activity);
  joined = await joinServices({
    clock,
    activity,
    meshFile: parseMesh(MESH, 'local'),
    accounts: new Set([HUB, OWNER]),
    files: createDataFiles(folder),
    endpoint: () => 'http://127.0.0.1:1',
    log: () => {},
  });
  setRole([{ Effect: 'Allow', ...READ }]);
  call(OWNER, 's3', 'CreateBucket', { Bucket: 'lake' });
  await mkdir(join(folder, 'lake/numbers'), { recursive: true });
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  await connection.run(`COPY (SELECT 7 AS n) TO '${join(folder, 'lake/numbers/data.parquet')}' (FORMAT parquet)`);
  connection.closeSync();
  instance.closeSync();

  call(HUB, 'lakeformation', 'PutDataLakeSettings', { DataLakeSettings: { DataLakeAdmins: [] } });
  call(HUB, 'lakeformation', 'RegisterResource', { ResourceArn: 'arn:aws:s3:::lake', RoleArn: ROLE });
  call(HUB, 'glue', 'CreateDatabase', { DatabaseInput: { Name: 'db' } });
  const SerdeInfo = { SerializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe' };
  const Columns = [{ Name: 'n', Type: 'int' }];
  const StorageDescriptor = { Columns, Location: 's3://lake/numbers/', SerdeInfo };
  call(HUB, 'glue', 'CreateTable', { DatabaseName: 'db', TableInput: { Name: 'numbers', StorageDescriptor } });
});
afterAll(async () => {
  await joined.stop();
  clock.stop();
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  setRole([{ Effect: 'Allow', ...READ }]);
  setBucketPolicy([{ Effect: 'Allow', Principal: { AWS: ROLE }, ...READ }]);
});

function setRole(Statement: PolicyStatement[], service = 'lakeformation.amazonaws.com'): void {
  joined.iam.roles.put(HUB, {
    RoleName: 'data',
    AssumeRolePolicyDocument: {
      Statement: { Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' },
    },
    Policies: [{ PolicyName: 'own', PolicyDocument: { Statement } }],
  });
}

function setBucketPolicy(Statement: PolicyStatement[]): void {
  call(OWNER, 's3', 'PutBucketPolicy', { Bucket: 'lake', Policy: JSON.stringify({ Statement }) });
}

async function outcome(): Promise<string> {
  const { QueryExecutionId } = call(HUB, 'athena', 'StartQueryExecution', { QueryString: SQL });
  await activity.idle();
  const { Status } = call(HUB, 'athena', 'GetQueryExecution', { QueryExecutionId }).QueryExecution;
  return Status.StateChangeReason ?? Status.State;
}

it("reads when the role's own policies and the bucket's allow it", async () => {
  expect(await outcome()).toBe('SUCCEEDED');
});

it("fails when the bucket's policy does not name the role, or there is none", async () => {
  const refused = /^PERMISSION_DENIED: .*assumed-role\/data\/.* s3:ListBucket .* no resource-based policy allows/;
  setBucketPolicy([{ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${OWNER}:root` }, ...READ }]);
  expect(await outcome()).toMatch(refused);
  call(OWNER, 's3', 'DeleteBucketPolicy', { Bucket: 'lake' });
  expect(await outcome()).toMatch(refused);
});

it("fails when the bucket's policy covers another prefix, or denies", async () => {
  const other = { ...READ, Resource: ['arn:aws:s3:::lake', 'arn:aws:s3:::lake/letters/*'] };
  setBucketPolicy([{ Effect: 'Allow', Principal: { AWS: ROLE }, ...other }]);
  expect(await outcome()).toMatch(/^PERMISSION_DENIED: .* s3:GetObject on resource: arn:aws:s3:::lake\/numbers\/\*/);
  const all = { Effect: 'Allow', Principal: { AWS: ROLE }, ...READ } as const;
  setBucketPolicy([all, { ...all, Effect: 'Deny', Action: 's3:GetObject' }]);
  expect(await outcome()).toMatch(/^PERMISSION_DENIED: .* with an explicit deny in a resource-based policy/);
});

it("fails when the role's own policies do not allow it, or it does not trust Lake Formation", async () => {
  setRole([{ Effect: 'Allow', Action: 's3:ListBucket', Resource: '*' }]);
  expect(await outcome()).toMatch(/^PERMISSION_DENIED: .* no identity-based policy allows the s3:GetObject action/);
  setRole([{ Effect: 'Allow', ...READ }], 'lambda.amazonaws.com');
  expect(await outcome()).toMatch(/^PERMISSION_DENIED: .*lakeformation\.amazonaws\.com is not authorized/);
});
