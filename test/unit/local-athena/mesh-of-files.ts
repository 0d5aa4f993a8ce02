/** A catalog and grants in memory over small Parquet files, and an Athena on them. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { createAthena } from '../../../local/athena/athena.ts';
import { createDataFiles } from '../../../local/athena/data-files.ts';
import type { Rights } from '../../../local/athena/resolve-table.ts';
import { Activity } from '../../../local/core/activity.ts';
import { AwsError } from '../../../local/core/aws-error.ts';
import { VirtualClock } from '../../../local/core/clock.ts';
import type { CatalogGuard, DataAccess, GlueDatabase, GlueTable } from '../../../local/core/ports.ts';
import type { Access, Call, Wire } from '../../../local/core/service.ts';

export const HUB = '111111111111';
export const CONSUMER = '444444444444';
export const DATA_ROLE = `arn:aws:iam::${HUB}:role/Data`;

type Selectable = ReturnType<DataAccess['selectable']>;
type Recorded = Parameters<DataAccess['recordAccess']>[0];

export const analyst: Call = {
  caller: {
    account: CONSUMER,
    arn: `arn:aws:sts::${CONSUMER}:assumed-role/Analyst/session`,
    principal: `arn:aws:iam::${CONSUMER}:role/Analyst`,
    isAdministrator: false,
  },
  requestId: 'request',
};

const PARQUET = {
  InputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat',
  SerdeInfo: { SerializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe' },
};

/** A table of the hub's; `columns` as `name type`. */
export function hubTable(
  database: string,
  name: string,
  columns: string[],
  more: Partial<GlueTable> = {},
  keys: string[] = [],
): GlueTable {
  const definitions = (list: string[]) =>
    list.map(text => ({ Name: text.split(' ')[0]!, Type: text.split(' ').slice(1).join(' ') }));
  return {
    ...tableOf(HUB, database, name),
    PartitionKeys: definitions(keys),
    StorageDescriptor: { ...PARQUET, Columns: definitions(columns), Location: `s3://lake/${database}/${name}/` },
    ...more,
  };
}

export function link(database: string, name: string, target: { database: string; name: string }): GlueTable {
  return {
    ...tableOf(CONSUMER, database, name),
    TargetTable: { CatalogId: HUB, DatabaseName: target.database, Name: target.name },
  };
}

function tableOf(account: string, database: string, name: string): GlueTable {
  return {
    Name: name,
    DatabaseName: database,
    CatalogId: account,
    VersionId: '0',
    CreateTime: 0,
    UpdateTime: 0,
    CreatedBy: '',
  };
}

export class MeshOfFiles {
  readonly root: string;
  readonly clock: VirtualClock;
  readonly activity = new Activity();
  readonly databases: GlueDatabase[] = [];
  readonly tables: GlueTable[] = [];
  readonly partitions = new Map<string, { Values: string[]; Location: string | undefined }[]>();
  /** By `owner/database/table`. */
  readonly grants = new Map<string, Selectable>();
  readonly recorded: Recorded[] = [];
  readonly asked: Access[] = [];
  readonly buckets = new Set(['lake']);
  /** What IAM was asked for the role that every location is registered with. */
  readonly askedOfRole: (Access & { roleArn: string })[] = [];
  dataRole: string | undefined = DATA_ROLE;
  /** Actions that IAM denies that role. */
  readonly deniedToRole = new Set<string>();
  /** Actions, or action and resource, that IAM denies. */
  readonly denied = new Set<string>();
  /** Names of databases and tables of the consumer's catalog that it does not show. */
  readonly hidden = new Set<string>();
  readonly athena: ReturnType<typeof createAthena>;

  private constructor(root: string) {
    this.root = root;
    this.clock = new VirtualClock(this.activity);
    const rights: Rights = {
      contents: () => ({
        database: (account, name) => this.databases.find(d => d.CatalogId === account && d.Name === name),
        table: (account, database, name) =>
          this.tables.find(t => t.CatalogId === account && t.DatabaseName === database && t.Name === name),
        tables: (account, database) => this.tables.filter(t => t.CatalogId === account && t.DatabaseName === database),
        partitions: (account, database, table) => this.partitions.get(`${account}/${database}/${table}`) ?? [],
      }),
      guard: () =>
        ({
          isDatabaseVisible: (_, __, database) => !this.hidden.has(database),
          isTableVisible: (_, __, ___, table) => !this.hidden.has(table),
        }) as Partial<CatalogGuard> as CatalogGuard,
      access: () => ({
        selectable: (_, owner, database, table) =>
          this.grants.get(`${owner}/${database}/${table}`) ?? { unrestricted: false, grants: [] },
        recordAccess: access => this.recorded.push(access),
        registeredRole: () => this.dataRole,
      }),
      requireCaller: (_, access) => {
        this.asked.push(access);
        if (this.denied.has(access.action) || this.denied.has(`${access.action} ${access.resource}`))
          throw new AwsError('AccessDeniedException', `not authorized to perform: ${access.action}`);
      },
      requireDataRole: (roleArn, access) => {
        this.askedOfRole.push({ roleArn, ...access });
        if (this.deniedToRole.has(access.action))
          throw new AwsError('AccessDeniedException', `${roleArn} is not authorized to perform: ${access.action}`);
      },
      readOf: location => {
        const path = location.replace('s3://', '').replace(/\/*$/, '/');
        const bucket = path.split('/')[0]!;
        if (!this.buckets.has(bucket)) return undefined;
        return [
          { action: 's3:ListBucket', resource: `arn:aws:s3:::${bucket}` },
          { action: 's3:GetObject', resource: `arn:aws:s3:::${path}*` },
        ];
      },
    };
    this.athena = createAthena({
      ...rights,
      clock: this.clock,
      activity: this.activity,
      files: createDataFiles(root),
    });
  }

  static async make(): Promise<MeshOfFiles> {
    return new MeshOfFiles(await mkdtemp(join(tmpdir(), 'athena-test-')));
  }

  async end(): Promise<void> {
    await this.athena.stop();
    this.clock.stop();
    await rm(this.root, { recursive: true });
  }

  database(account: string, name: string, target?: string): void {
    this.databases.push({
      Name: name,
      CatalogId: account,
      CreateTime: 0,
      ...(target && { TargetDatabase: { CatalogId: HUB, DatabaseName: target } }),
    });
  }

  grant(database: string, table: string, columns: string[], rowFilter: string | null = null): void {
    const key = `${HUB}/${database}/${table}`;
    const grants = this.grants.get(key)?.grants ?? [];
    this.grants.set(key, { unrestricted: false, grants: [...grants, { columns, rowFilter }] });
  }

  /** Writes the rows of a query as one Parquet file at `path` under the bucket `lake`. */
  async file(path: string, select: string): Promise<void> {
    const target = join(this.root, 'lake', path);
    await mkdir(join(target, '..'), { recursive: true });
    const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
    const connection = await instance.connect();
    await connection.run(`COPY (${select}) TO '${target}' (FORMAT parquet)`);
    connection.closeSync();
    instance.closeSync();
  }

  call(operation: string, input: Wire, call: Call = analyst): Wire {
    return this.athena.service.operations[operation]!.run(input, call);
  }

  start(sql: string, more: Wire = {}): string {
    return this.call('StartQueryExecution', {
      QueryString: sql,
      QueryExecutionContext: { Database: 'trellis_aviation_ops' },
      ...more,
    }).QueryExecutionId;
  }

  async finished(id: string): Promise<Wire> {
    await this.activity.idle();
    return this.call('GetQueryExecution', { QueryExecutionId: id }).QueryExecution;
  }

  /** The rows of a query, the header first; throws its reason when it does not succeed. */
  async rows(sql: string, more: Wire = {}): Promise<(string | null)[][]> {
    const id = this.start(sql, more);
    const { Status } = await this.finished(id);
    if (Status.State !== 'SUCCEEDED') throw new Error(`${Status.State}: ${Status.StateChangeReason}`);
    const { ResultSet } = this.call('GetQueryResults', { QueryExecutionId: id });
    return ResultSet.Rows.map((row: Wire) => row.Data.map((datum: Wire) => datum.VarCharValue ?? null));
  }

  /** Why a query fails. */
  async reason(sql: string, more: Wire = {}): Promise<string> {
    const { Status } = await this.finished(this.start(sql, more));
    return Status.State === 'FAILED' ? Status.StateChangeReason : `${Status.State}, not FAILED`;
  }
}

/** The consumer's link to a hub's table `aviation_ops.flights` of four rows, and nothing granted. */
export async function meshWithFlights(): Promise<MeshOfFiles> {
  const mesh = await MeshOfFiles.make();
  mesh.database(HUB, 'aviation_ops');
  mesh.database(CONSUMER, 'trellis_aviation_ops');
  mesh.tables.push(
    hubTable('aviation_ops', 'flights', ['date timestamp', 'delay bigint', 'distance bigint', 'origin string']),
    link('trellis_aviation_ops', 'flights', { database: 'aviation_ops', name: 'flights' }),
  );
  await mesh.file(
    'aviation_ops/flights/data.parquet',
    `SELECT * FROM (VALUES
       (TIMESTAMP '2001-01-01 00:01:00', 33::BIGINT, 2176::BIGINT, 'LAS'),
       (TIMESTAMP '2001-01-01 00:02:00', 19, 215, 'ATL'),
       (TIMESTAMP '2001-01-01 00:03:00', -4, 405, 'ATL'),
       (TIMESTAMP '2001-01-01 00:04:00', NULL, 588, 'SEA')) AS t("date", delay, distance, origin)`,
  );
  return mesh;
}
