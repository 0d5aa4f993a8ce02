/** The same mesh from other tools than the SDK for JavaScript: boto3, and the AWS CLI. Each is skipped where it is not installed. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ANALYTICS, AVIATION, HUB, roleArn, roleOf, settle } from '../../local/story/actors.ts';
import { type LocalProcess, startLocal } from './local-process.ts';
import { hasBoto3 } from './run-python.ts';

const hasAwsCli = succeeds('aws', ['--version']);

function succeeds(command: string, args: string[]): boolean {
  return spawnSync(command, args).status === 0;
}

let local: LocalProcess;
beforeAll(async () => {
  local = await startLocal('--port', '0');
});
afterAll(() => void local?.child.kill('SIGKILL'));

describe.skipIf(!hasBoto3)('boto3 (skipped where Python 3.9 with boto3 is not installed)', () => {
  it('walks the whole path', () => {
    const { status, stdout, stderr } = python(local.endpoint);
    expect(stderr).toBe('');
    expect(stdout).toContain('- the whole path is walked');
    expect(status).toBe(0);
  }, 60_000);

  it('ends with 1 and the reason when a step does not come out', () => {
    // The table is there already.
    const { status, stderr } = python(local.endpoint);
    expect(status).toBe(1);
    expect(stderr).toContain('AlreadyExistsException');
  });

  function python(endpoint: string) {
    const script = join(import.meta.dirname, 'the_path.py');
    return spawnSync('python3', ['-B', script, endpoint], {
      encoding: 'utf8',
      env: environment({ accessKeyId: 'unused', secretAccessKey: 'unused' }),
    });
  }
});

describe.skipIf(!hasAwsCli)('the AWS CLI (skipped where it is not installed)', () => {
  it('makes a table, asks for it, and reads it as Analyst', async () => {
    const input = {
      Name: 'from_cli',
      Parameters: { classification: 'parquet' },
      StorageDescriptor: {
        Columns: [{ Name: 'iata', Type: 'string', Parameters: { 'trellis.classification': 'public' } }],
        Location: 's3://trellis-aviation/ops/airports/',
        SerdeInfo: { SerializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe' },
      },
    };
    aws(AVIATION, 'glue', 'create-table', '--database-name', 'ops', '--table-input', JSON.stringify(input));
    await settle(local.endpoint);
    const central = aws(HUB, 'glue', 'get-table', '--database-name', 'aviation_ops', '--name', 'from_cli');
    expect(central).toMatchObject({ Table: { Name: 'from_cli', DatabaseName: 'aviation_ops' } });

    const data = {
      requestId: 'cli-1',
      principal: roleArn(ANALYTICS, 'Analyst'),
      tables: ['aviation_ops.from_cli'],
      purpose: 'delay-study',
      durationDays: 1,
    };
    const Detail = JSON.stringify({ metadata: { eventId: 'cli-1' }, data });
    const entries = JSON.stringify([{ Source: 'trellis.access', DetailType: 'Access Requested', Detail }]);
    expect(aws(ANALYTICS, 'events', 'put-events', '--entries', entries)).toMatchObject({ FailedEntryCount: 0 });
    await settle(local.endpoint);

    const { credentials } = await roleOf(local.endpoint, ANALYTICS, 'Analyst');
    const sql = 'SELECT count(iata) AS fields FROM trellis_aviation_ops.from_cli';
    const started = aws(
      credentials,
      'athena',
      'start-query-execution',
      '--query-string',
      sql,
      '--work-group',
      'primary',
    );
    await settle(local.endpoint);
    const id = String(started.QueryExecutionId);
    const results = aws(credentials, 'athena', 'get-query-results', '--query-execution-id', id);
    expect(results).toMatchObject({
      ResultSet: { Rows: [{ Data: [{ VarCharValue: 'fields' }] }, { Data: [{ VarCharValue: '3376' }] }] },
    });
  }, 60_000);

  type Keys = { accessKeyId: string; secretAccessKey: string; sessionToken?: string };

  /** One command as an account's administrator, or with a role's keys. @returns what it printed */
  function aws(who: string | Keys, ...command: string[]): Record<string, unknown> {
    const keys = typeof who === 'string' ? { accessKeyId: who, secretAccessKey: 'any' } : who;
    const { status, stdout, stderr } = spawnSync(
      'aws',
      [...command, '--endpoint-url', local.endpoint, '--output', 'json'],
      { encoding: 'utf8', env: environment(keys) },
    );
    expect(stderr.trim()).toBe('');
    expect(status).toBe(0);
    return stdout.trim() === '' ? {} : JSON.parse(stdout);
  }
});

/** Without this machine's own settings of AWS. */
function environment(keys: { accessKeyId: string; secretAccessKey: string; sessionToken?: string }) {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_'));
  return {
    ...Object.fromEntries(own),
    AWS_ACCESS_KEY_ID: keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    ...(keys.sessionToken && { AWS_SESSION_TOKEN: keys.sessionToken }),
    AWS_REGION: 'us-east-1',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_PAGER: '',
  };
}
