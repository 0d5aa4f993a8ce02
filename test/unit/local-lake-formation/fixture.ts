/** A hub and a consumer with a small catalog, and a Lake Formation of their own for each test. */
import { expect } from 'vitest';
import { Activity } from '../../../local/core/activity.ts';
import { VirtualClock } from '../../../local/core/clock.ts';
import type { CatalogContents, GlueDatabase, GlueTable } from '../../../local/core/ports.ts';
import { administrator, type Call, type Wire } from '../../../local/core/service.ts';
import { createLakeFormation } from '../../../local/lake-formation/lake-formation.ts';

export const HUB = '111111111111';
export const CONSUMER = '444444444444';
export const PREFIX = 'arn:aws:s3:::trellis-aviation';

export function role(name: string, account = HUB): string {
  return `arn:aws:iam::${account}:role/${name}`;
}

/** A call by a session of the role. */
export function as(name: string, account = HUB): Call {
  const caller = {
    account,
    arn: `arn:aws:sts::${account}:assumed-role/${name}/session`,
    principal: role(name, account),
    isAdministrator: false,
  };
  return { caller, requestId: 'request' };
}

export const asAdmin = as('Admin');
export const asRoot = administrator(HUB);

const FLIGHTS: Partial<GlueTable> = {
  StorageDescriptor: {
    Location: 's3://trellis-aviation/flights/',
    Columns: [
      { Name: 'origin', Type: 'string' },
      { Name: 'delay', Type: 'int' },
      { Name: 'passenger', Type: 'string' },
    ],
  },
  PartitionKeys: [{ Name: 'year', Type: 'int' }],
};

export function createFixture() {
  const databases = new Map<string, GlueDatabase>();
  const tables = new Map<string, GlueTable>();
  const contents: CatalogContents = {
    database: (account, name) => databases.get(`${account} ${name}`),
    table: (account, database, name) => tables.get(`${account} ${database} ${name}`),
    tables: (account, database) =>
      [...tables.values()].filter(t => t.CatalogId === account && t.DatabaseName === database),
    partitions: () => [],
  };
  const shares = new Set<string>();
  const pending = new Set<string>();
  const sharing = {
    share: (owner: string, consumer: string, arn: string) => void shares.add(`${owner} ${consumer} ${arn}`),
    unshare: (owner: string, consumer: string, arn: string) => void shares.delete(`${owner} ${consumer} ${arn}`),
    isAssociated: (owner: string, consumer: string, arn: string) =>
      shares.has(`${owner} ${consumer} ${arn}`) && !pending.has(consumer),
  };
  const events: { account: string; source: string; 'detail-type': string; detail: Wire }[] = [];
  const clock = new VirtualClock(new Activity());
  const lake = createLakeFormation({
    clock,
    contents: () => contents,
    emitNative: (account, event) => void events.push({ account, ...event }),
    sharing,
  });

  const addDatabase = (name: string, more: Partial<GlueDatabase> = {}, account = HUB) =>
    databases.set(`${account} ${name}`, { Name: name, CatalogId: account, CreateTime: 1, ...more });
  const addTable = (database: string, name: string, more: Partial<GlueTable> = FLIGHTS, account = HUB) =>
    tables.set(`${account} ${database} ${name}`, {
      Name: name,
      DatabaseName: database,
      CatalogId: account,
      VersionId: '1',
      CreateTime: 1,
      UpdateTime: 1,
      CreatedBy: role('Sync', account),
      ...more,
    });

  /** Runs an operation as it comes from the wire. */
  const run = (operation: string, input: Wire, call: Call = asAdmin): Wire =>
    lake.service.operations[operation]!.run(input, call);
  const access = (operation: string, input: Wire, call: Call = asAdmin): Wire =>
    lake.service.operations[operation]!.access(input, call);

  const command = (principal: string, resource: Wire, permissions: string[], grantable: string[] = []) => ({
    Principal: { DataLakePrincipalIdentifier: principal },
    Resource: resource,
    Permissions: permissions,
    PermissionsWithGrantOption: grantable,
  });
  const grant = (principal: string, resource: Wire, permissions: string[], grantable: string[] = [], call?: Call) =>
    run('GrantPermissions', command(principal, resource, permissions, grantable), call);
  const revoke = (principal: string, resource: Wire, permissions: string[], grantable: string[] = [], call?: Call) =>
    run('RevokePermissions', command(principal, resource, permissions, grantable), call);

  /** What a principal holds, shortly: `table ALTER,DROP`, with `*` after what it may pass on. */
  const held = (principal: string): string[] =>
    run('ListPermissions', { CatalogId: HUB, MaxResults: 1000 }, asRoot)
      .PrincipalResourcePermissions.filter((entry: Wire) => entry.Principal.DataLakePrincipalIdentifier === principal)
      .map(
        (entry: Wire) =>
          `${short(entry.Resource)} ${entry.Permissions.map((p: string) => p + (entry.PermissionsWithGrantOption.includes(p) ? '*' : '')).join(',')}`,
      );

  const createFilter = (name: string, more: Wire = {}, call?: Call) =>
    run('CreateDataCellsFilter', { TableData: filterData(name, more) }, call);

  addDatabase('ops');
  addTable('ops', 'flights');
  addTable('ops', 'planes');
  run(
    'PutDataLakeSettings',
    {
      DataLakeSettings: {
        DataLakeAdmins: [{ DataLakePrincipalIdentifier: role('Admin') }],
        Parameters: { CROSS_ACCOUNT_VERSION: '4' },
      },
    },
    asRoot,
  );
  run('RegisterResource', { ResourceArn: PREFIX, RoleArn: role('Data') });
  events.length = 0;

  return {
    ...lake,
    clock,
    contents,
    tables,
    shares,
    pending,
    events,
    addDatabase,
    addTable,
    run,
    access,
    command,
    grant,
    revoke,
    held,
    createFilter,
  };
}

export function filterData(name: string, more: Wire = {}): Wire {
  const rows = { RowFilter: { AllRowsWildcard: {} } };
  const columns = more.ColumnWildcard ? {} : { ColumnNames: ['origin', 'delay'] };
  return { TableCatalogId: HUB, DatabaseName: 'ops', TableName: 'flights', Name: name, ...rows, ...columns, ...more };
}

export const database = { Database: { Name: 'ops' } };
export const table = { Table: { DatabaseName: 'ops', Name: 'flights' } };
export const allTables = { Table: { DatabaseName: 'ops', TableWildcard: {} } };
export const location = { DataLocation: { ResourceArn: `${PREFIX}/flights` } };

export function columns(...names: string[]): Wire {
  return { TableWithColumns: { DatabaseName: 'ops', Name: 'flights', ColumnNames: names } };
}

export function allBut(...names: string[]): Wire {
  const wildcard = names.length === 0 ? {} : { ExcludedColumnNames: names };
  return { TableWithColumns: { DatabaseName: 'ops', Name: 'flights', ColumnWildcard: wildcard } };
}

export function filter(name: string): Wire {
  return { DataCellsFilter: { TableCatalogId: HUB, DatabaseName: 'ops', TableName: 'flights', Name: name } };
}

/** For `toThrow`: an AwsError of the code, whose message has the text. */
export function error(code: string, message: string): Wire {
  return expect.objectContaining({ code, message: expect.stringContaining(message) });
}

function short(resource: Wire): string {
  const [kind, body] = Object.entries<Wire>(resource)[0]!;
  switch (kind) {
    case 'Catalog':
      return 'catalog';
    case 'Database':
      return `database ${body.Name}`;
    case 'Table':
      return `table ${body.Name}`;
    case 'TableWithColumns': {
      const but = (body.ColumnWildcard?.ExcludedColumnNames ?? []).map((name: string) => `-${name}`);
      return `columns ${body.Name} ${body.ColumnNames?.join('+') ?? `all${but.join('')}`}`;
    }
    case 'DataCellsFilter':
      return `filter ${body.Name}`;
    default:
      return `location ${body.ResourceArn}`;
  }
}
