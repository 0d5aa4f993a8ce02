import {
  BatchRevokePermissionsCommand,
  CreateDataCellsFilterCommand,
  DeleteDataCellsFilterCommand,
  GrantPermissionsCommand,
  LakeFormationClient,
  ListDataCellsFilterCommand,
  ListPermissionsCommand,
} from '@aws-sdk/client-lakeformation';
import { mockClient } from 'aws-sdk-client-mock';
import 'aws-sdk-client-mock-vitest/extend';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { LakeFormationPermissions } from '../../../shared/aws/lake-permissions.ts';
import { fault, SURFACING } from './faults.ts';

vi.mock('node:timers/promises', () => ({ setTimeout: async () => {} }));

const lake = mockClient(LakeFormationClient);
const permissions = new LakeFormationPermissions(new LakeFormationClient(), '111111111111');

const ANALYST = 'arn:aws:iam::444444444444:role/Analyst';
const REGIONAL = 'arn:aws:iam::444444444444:role/Regional';
const pair = { principal: ANALYST, table: 'aviation_ops.flights' };
const filter = { name: 'trellis-a', columns: ['delay', 'origin'], rowFilter: "origin = 'SEA'" };
const place = { TableCatalogId: '111111111111', DatabaseName: 'aviation_ops', TableName: 'flights' };
const Table = { CatalogId: '111111111111', DatabaseName: 'aviation_ops', Name: 'flights' };
const resource = (Name: string) => ({ DataCellsFilter: { ...place, Name } });

beforeEach(() => lake.reset());

describe('what a principal has on a table', () => {
  const entry = (principal: string, Resource: object, ...Permissions: 'SELECT'[] | ['DESCRIBE']) => ({
    Principal: { DataLakePrincipalIdentifier: principal },
    Resource,
    Permissions,
  });

  it("is picked from all of the table's entries, over all pages", async () => {
    lake
      .on(ListDataCellsFilterCommand)
      .resolvesOnce({ DataCellsFilters: [{ ...place, Name: 'trellis-a' }], NextToken: '1' })
      .resolvesOnce({ NextToken: '2' })
      .resolvesOnce({ DataCellsFilters: [{ ...place, Name: 'by-hand' }] });
    lake
      .on(ListPermissionsCommand)
      .resolvesOnce({ PrincipalResourcePermissions: [entry(ANALYST, resource('trellis-a'), 'SELECT')], NextToken: '1' })
      .resolvesOnce({ PrincipalResourcePermissions: [], NextToken: '2' })
      .resolvesOnce({
        PrincipalResourcePermissions: [
          entry(ANALYST, resource('trellis-a'), 'DESCRIBE'),
          entry(REGIONAL, resource('trellis-b'), 'SELECT'),
          entry(ANALYST, { Table }, 'DESCRIBE'),
          entry(ANALYST, { TableWithColumns: { ...Table, ColumnNames: ['delay'] } }, 'SELECT'),
        ],
      });
    expect(await permissions.read(pair)).toEqual({
      filters: new Set(['trellis-a', 'by-hand']),
      granted: new Map([
        ['trellis-a', ['SELECT', 'DESCRIBE']],
        ['DESCRIBE', ['DESCRIBE']],
      ]),
      others: ['SELECT on the columns'],
    });
    expect(lake).toHaveReceivedNthCommandWith(ListDataCellsFilterCommand, 3, {
      Table,
      MaxResults: 1000,
      NextToken: '2',
    });
    // Asked with a principal of another account, Lake Formation answers with nothing.
    for (const call of lake.commandCalls(ListPermissionsCommand)) {
      expect(call.args[0].input).toMatchObject({ Resource: { Table }, IncludeRelated: 'TRUE', MaxResults: 1000 });
      expect(call.args[0].input).not.toHaveProperty('Principal');
    }
  });

  it('is nothing when the table has gone', async () => {
    lake.on(ListDataCellsFilterCommand).rejects(fault('EntityNotFoundException'));
    lake.on(ListPermissionsCommand).rejects(fault('EntityNotFoundException'));
    expect(await permissions.read(pair)).toEqual({
      filters: new Set(),
      granted: new Map(),
      others: [],
      isTableGone: true,
    });
  });

  it('is none, on a table that is there, when the lists show nothing', async () => {
    lake.on(ListDataCellsFilterCommand).resolves({}).on(ListPermissionsCommand).resolves({});
    expect(await permissions.read(pair)).toEqual({ filters: new Set(), granted: new Map(), others: [] });
  });

  it.each(SURFACING)('is not known by %s of either list', async name => {
    lake.on(ListDataCellsFilterCommand).rejects(fault(name)).on(ListPermissionsCommand).resolves({});
    await expect(permissions.read(pair)).rejects.toThrow(expect.objectContaining({ name }));
    lake.on(ListDataCellsFilterCommand).resolves({}).on(ListPermissionsCommand).rejects(fault(name));
    await expect(permissions.read(pair)).rejects.toThrow(expect.objectContaining({ name }));
  });
});

describe('a data cells filter', () => {
  it.each([
    [filter.rowFilter, { FilterExpression: "origin = 'SEA'" }],
    [null, { AllRowsWildcard: {} }],
  ])('is made with explicit columns and one row predicate: %s', async (rowFilter, RowFilter) => {
    lake.on(CreateDataCellsFilterCommand).resolves({});
    await permissions.createFilter(pair.table, { ...filter, rowFilter });
    expect(lake).toHaveReceivedCommandExactlyOnceWith(CreateDataCellsFilterCommand, {
      TableData: { ...place, Name: 'trellis-a', ColumnNames: ['delay', 'origin'], RowFilter },
    });
  });

  it('that is there already is the same one', async () => {
    lake.on(CreateDataCellsFilterCommand).rejects(fault('AlreadyExistsException'));
    await expect(permissions.createFilter(pair.table, filter)).resolves.toBeUndefined();
  });

  it('that is gone already counts as deleted', async () => {
    lake.on(DeleteDataCellsFilterCommand).rejects(fault('EntityNotFoundException'));
    await expect(permissions.deleteFilter(pair.table, 'trellis-a')).resolves.toBeUndefined();
    expect(lake).toHaveReceivedCommandExactlyOnceWith(DeleteDataCellsFilterCommand, { ...place, Name: 'trellis-a' });
  });
});

describe('granting a filter', () => {
  it('grants it to the principal in its own account, SELECT alone', async () => {
    lake.on(GrantPermissionsCommand).resolves({});
    await permissions.grant(pair, filter);
    expect(lake).toHaveReceivedCommandExactlyOnceWith(GrantPermissionsCommand, {
      CatalogId: '111111111111',
      Principal: { DataLakePrincipalIdentifier: ANALYST },
      Resource: resource('trellis-a'),
      Permissions: ['SELECT'],
    });
  });

  it('waits until a new filter can be seen', async () => {
    lake.on(GrantPermissionsCommand).rejectsOnce(fault('EntityNotFoundException')).resolves({});
    await permissions.grant(pair, filter);
    expect(lake).toHaveReceivedCommandTimes(GrantPermissionsCommand, 2);
  });
});

describe.each(['ConcurrentModificationException', 'OperationTimeoutException'])('%s', name => {
  it.each([
    ['create', CreateDataCellsFilterCommand, () => permissions.createFilter(pair.table, filter)],
    ['grant', GrantPermissionsCommand, () => permissions.grant(pair, filter)],
    ['revoke', BatchRevokePermissionsCommand, () => permissions.revoke(pair, [filter])],
    ['delete', DeleteDataCellsFilterCommand, () => permissions.deleteFilter(pair.table, 'trellis-a')],
  ] as const)('is tried again, and surfaces at the sixth attempt: %s', async (_, command, call) => {
    const stub = lake.on(command as typeof GrantPermissionsCommand);
    stub.rejectsOnce(fault(name)).rejectsOnce(fault(name)).resolves({});
    await expect(call()).resolves.toBeUndefined();
    lake.resetHistory();
    stub.rejects(fault(name));
    await expect(call()).rejects.toThrow(expect.objectContaining({ name }));
    expect(lake.calls()).toHaveLength(6);
  });
});

describe.each(SURFACING)('%s', name => {
  it.each([
    ['create', CreateDataCellsFilterCommand, () => permissions.createFilter(pair.table, filter)],
    ['grant', GrantPermissionsCommand, () => permissions.grant(pair, filter)],
    ['revoke', BatchRevokePermissionsCommand, () => permissions.revoke(pair, [filter])],
    ['delete', DeleteDataCellsFilterCommand, () => permissions.deleteFilter(pair.table, 'trellis-a')],
  ] as const)('surfaces at once: %s', async (_, command, call) => {
    lake.on(command as typeof GrantPermissionsCommand).rejects(fault(name));
    await expect(call()).rejects.toThrow(expect.objectContaining({ name }));
    expect(lake.calls()).toHaveLength(1);
  });
});

describe('revoking filters', () => {
  const filters = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ ...filter, name: `trellis-${index}` }));
  const failure = (Id: string, ErrorCode: string, ErrorMessage: string) => ({
    RequestEntry: { Id },
    Error: { ErrorCode, ErrorMessage },
  });

  it('takes batches of twenty', async () => {
    lake.on(BatchRevokePermissionsCommand).resolves({});
    await permissions.revoke(pair, filters(41));
    const calls = lake.commandCalls(BatchRevokePermissionsCommand).map(call => call.args[0].input);
    expect(calls.map(({ Entries }) => Entries?.length)).toEqual([20, 20, 1]);
    expect(calls[2]).toEqual({
      CatalogId: '111111111111',
      Entries: [
        {
          Id: 'trellis-40',
          Principal: { DataLakePrincipalIdentifier: ANALYST },
          Resource: resource('trellis-40'),
          Permissions: ['SELECT'],
        },
      ],
    });
  });

  it('costs no call for none', async () => {
    await permissions.revoke(pair, []);
    expect(lake).not.toHaveReceivedAnyCommand();
  });

  it.each([
    'No permissions revoked. Grantee has no permissions and no grantable permissions on resource.',
    'Cell Filter not found',
  ])('counts as done by: %s', async message => {
    lake
      .on(BatchRevokePermissionsCommand)
      .resolves({ Failures: [failure('trellis-0', 'InvalidInputException', message)] });
    await expect(permissions.revoke(pair, filters(2))).resolves.toBeUndefined();
  });

  it('is a fault for the first entry that failed, also among some that are done', async () => {
    lake.on(BatchRevokePermissionsCommand).resolves({
      Failures: [
        failure('trellis-0', 'InvalidInputException', 'Cell Filter not found'),
        failure('trellis-1', 'AccessDeniedException', 'Insufficient Lake Formation permission(s)'),
      ],
    });
    await expect(permissions.revoke(pair, filters(2))).rejects.toThrow(
      expect.objectContaining({
        name: 'AccessDeniedException',
        message: `Revoking trellis-1 from ${ANALYST} on aviation_ops.flights failed: Insufficient Lake Formation permission(s)`,
      }),
    );
  });

  it('is a fault for a failure that names no reason', async () => {
    lake.on(BatchRevokePermissionsCommand).resolves({ Failures: [{ RequestEntry: { Id: 'trellis-0' } }] });
    await expect(permissions.revoke(pair, filters(1))).rejects.toThrow(
      expect.objectContaining({ name: 'RevokeFailed' }),
    );
  });

  it('is tried again when one entry met a conflict', async () => {
    const conflict = failure('trellis-0', 'ConcurrentModificationException', 'please retry in a short while');
    lake
      .on(BatchRevokePermissionsCommand)
      .resolvesOnce({ Failures: [conflict] })
      .resolves({});
    await permissions.revoke(pair, filters(2));
    expect(lake).toHaveReceivedCommandTimes(BatchRevokePermissionsCommand, 2);
  });
});
