import {
  CreateDatabaseCommand,
  CreateTableCommand,
  DeleteTableCommand,
  GetTableCommand,
  type GetTableCommandOutput,
  GlueClient,
} from '@aws-sdk/client-glue';
import {
  BatchGrantPermissionsCommand,
  BatchRevokePermissionsCommand,
  LakeFormationClient,
} from '@aws-sdk/client-lakeformation';
import { mockClient } from 'aws-sdk-client-mock';
import 'aws-sdk-client-mock-vitest/extend';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { GlueConsumerLinks } from '../../../shared/aws/consumer-links.ts';
import { fault, SURFACING } from './faults.ts';

vi.mock('node:timers/promises', () => ({ setTimeout: async () => {} }));

const glue = mockClient(GlueClient);
const lake = mockClient(LakeFormationClient);
const accounts = new Set<string>();
const links = new GlueConsumerLinks(
  account => {
    accounts.add(account);
    return new GlueClient();
  },
  account => {
    accounts.add(account);
    return new LakeFormationClient();
  },
  { account: '111111111111', region: 'us-east-1' },
);

const ANALYST = 'arn:aws:iam::444444444444:role/Analyst';
const pair = { principal: ANALYST, table: 'aviation_ops.flights' };
const TargetTable = { CatalogId: '111111111111', DatabaseName: 'aviation_ops', Name: 'flights' };
const link = { Table: { Name: 'flights', TargetTable } };
const place = { DatabaseName: 'trellis_aviation_ops', Name: 'flights' };
const linkResource = { Table: { CatalogId: '444444444444', ...place } };

/** What GetTable answers. */
type Answer = Partial<GetTableCommandOutput>;

beforeEach(() => {
  glue.reset();
  lake.reset();
  accounts.clear();
  lake.on(BatchGrantPermissionsCommand).resolves({});
  lake.on(BatchRevokePermissionsCommand).resolves({});
});

describe("a principal's link to a table", () => {
  const Principal = { DataLakePrincipalIdentifier: ANALYST };
  const Permissions = ['DESCRIBE' as const];
  const grants = [
    {
      Id: '0',
      Principal,
      Resource: { Database: { CatalogId: '444444444444', Name: 'trellis_aviation_ops' } },
      Permissions,
    },
    { Id: '1', Principal, Resource: linkResource, Permissions },
  ];

  it("is made in the consumer's catalog, and shown to the principal", async () => {
    glue.on(GetTableCommand).rejects(fault('EntityNotFoundException')).on(CreateTableCommand).resolves({});
    await links.ensure(pair);
    expect([...accounts]).toEqual(['444444444444']);
    expect(glue).toHaveReceivedCommandExactlyOnceWith(CreateTableCommand, {
      DatabaseName: 'trellis_aviation_ops',
      TableInput: { Name: 'flights', TargetTable: { ...TargetTable, Region: 'us-east-1' } },
    });
    expect(lake).toHaveReceivedCommandExactlyOnceWith(BatchGrantPermissionsCommand, { Entries: grants });
  });

  it('is left as it is where it is there', async () => {
    glue.on(GetTableCommand).resolves(link);
    await links.ensure(pair);
    expect(glue).not.toHaveReceivedCommand(CreateTableCommand);
    expect(lake).toHaveReceivedCommandTimes(BatchGrantPermissionsCommand, 1);
  });

  it.each([false, true])('comes with its database; another may be making either at once: %s', async isRace => {
    glue.on(GetTableCommand).rejects(fault('EntityNotFoundException'));
    glue.on(CreateTableCommand).rejectsOnce(fault('EntityNotFoundException')).resolves({});
    glue.on(CreateDatabaseCommand).resolves({});
    if (isRace) {
      glue
        .on(CreateTableCommand)
        .rejectsOnce(fault('EntityNotFoundException'))
        .rejects(fault('AlreadyExistsException'));
      glue.on(CreateDatabaseCommand).rejects(fault('AlreadyExistsException'));
    }
    await links.ensure(pair);
    expect(glue).toHaveReceivedCommandTimes(CreateTableCommand, 2);
    expect(glue.commandCalls(CreateDatabaseCommand)[0]?.args[0].input.DatabaseInput?.Name).toBe('trellis_aviation_ops');
    expect(lake).toHaveReceivedCommandTimes(BatchGrantPermissionsCommand, 1);
  });

  it('counts as made when another was quicker', async () => {
    glue
      .on(GetTableCommand)
      .rejects(fault('EntityNotFoundException'))
      .on(CreateTableCommand)
      .rejects(fault('AlreadyExistsException'));
    await links.ensure(pair);
    expect(lake).toHaveReceivedCommandTimes(BatchGrantPermissionsCommand, 1);
  });

  it.each<[string, Answer, string]>([
    ['a table of the consumer', { Table: { Name: 'flights' } }, 'a table'],
    [
      'a link elsewhere',
      { Table: { Name: 'flights', TargetTable: { ...TargetTable, CatalogId: '999999999999' } } },
      '999999999999.aviation_ops.flights',
    ],
  ])('is not put in the place of %s', async (_, found, target) => {
    glue.on(GetTableCommand).resolves(found);
    await expect(links.ensure(pair)).rejects.toThrow(
      expect.objectContaining({
        name: 'LinkTakenError',
        message: `trellis_aviation_ops.flights in account 444444444444 is there already and points to ${target}. Remove or rename it; Trellis does not touch what it did not make.`,
      }),
    );
    expect(lake).not.toHaveReceivedAnyCommand();
  });

  it.each(SURFACING)('is not taken for absent by %s', async name => {
    glue.on(GetTableCommand).rejects(fault(name));
    await expect(links.ensure(pair)).rejects.toThrow(expect.objectContaining({ name }));
    await expect(links.release(pair, true)).rejects.toThrow(expect.objectContaining({ name }));
    expect(glue).not.toHaveReceivedCommand(CreateTableCommand);
    expect(glue).not.toHaveReceivedCommand(DeleteTableCommand);
  });

  it('is shown again after a conflict', async () => {
    glue.on(GetTableCommand).resolves(link);
    const failure = { ErrorCode: 'ConcurrentModificationException', ErrorMessage: 'in a short while' };
    lake
      .on(BatchGrantPermissionsCommand)
      .resolvesOnce({ Failures: [{ RequestEntry: { Id: '0' }, Error: failure }] })
      .resolves({});
    await links.ensure(pair);
    expect(lake).toHaveReceivedCommandTimes(BatchGrantPermissionsCommand, 2);
  });

  it('is a fault when the principal cannot be shown part of it', async () => {
    glue.on(GetTableCommand).resolves(link);
    const failure = { ErrorCode: 'AccessDeniedException', ErrorMessage: 'Insufficient permissions' };
    lake.on(BatchGrantPermissionsCommand).resolves({ Failures: [{ RequestEntry: { Id: '1' }, Error: failure }] });
    await expect(links.ensure(pair)).rejects.toThrow(
      expect.objectContaining({ name: 'AccessDeniedException', message: 'Insufficient permissions' }),
    );
    expect(lake).toHaveReceivedCommandTimes(BatchGrantPermissionsCommand, 1);
  });
});

describe('a link that a principal no longer needs', () => {
  it('goes with the last grant of the account', async () => {
    glue.on(GetTableCommand).resolves(link).on(DeleteTableCommand).resolves({});
    await links.release(pair, true);
    expect(glue).toHaveReceivedCommandExactlyOnceWith(DeleteTableCommand, place);
    expect(lake).not.toHaveReceivedAnyCommand();
  });

  it('stays for the others of the account; the principal alone does not see it any more', async () => {
    await links.release(pair, false);
    expect(glue).not.toHaveReceivedAnyCommand();
    expect(lake).toHaveReceivedCommandExactlyOnceWith(BatchRevokePermissionsCommand, {
      Entries: [
        {
          Id: '0',
          Principal: { DataLakePrincipalIdentifier: ANALYST },
          Resource: linkResource,
          Permissions: ['DESCRIBE'],
        },
      ],
    });
  });

  it.each<[string, Answer]>([
    ['a table', { Table: { Name: 'flights' } }],
    ['a link elsewhere', { Table: { Name: 'flights', TargetTable: { ...TargetTable, Name: 'other' } } }],
  ])('is not mistaken for %s that Trellis did not make', async (_, found) => {
    glue.on(GetTableCommand).resolves(found);
    await links.release(pair, true);
    expect(glue).not.toHaveReceivedCommand(DeleteTableCommand);
  });

  it('may be gone before, and while it is removed', async () => {
    glue.on(GetTableCommand).rejectsOnce(fault('EntityNotFoundException')).resolves(link);
    glue.on(DeleteTableCommand).rejects(fault('EntityNotFoundException'));
    await links.release(pair, true);
    await links.release(pair, true);
    expect(glue).toHaveReceivedCommandTimes(DeleteTableCommand, 1);
  });

  it('is a fault while it cannot be removed', async () => {
    glue.on(GetTableCommand).resolves(link).on(DeleteTableCommand).rejects(fault('AccessDeniedException'));
    await expect(links.release(pair, true)).rejects.toThrow(expect.objectContaining({ name: 'AccessDeniedException' }));
  });

  it.each([
    [
      'InvalidInputException',
      'No permissions revoked. Grantee has no permissions and no grantable permissions on resource.',
    ],
    ['EntityNotFoundException', 'Table not found.'],
  ])('has nothing left to hide: %s', async (ErrorCode, ErrorMessage) => {
    lake
      .on(BatchRevokePermissionsCommand)
      .resolves({ Failures: [{ RequestEntry: { Id: '0' }, Error: { ErrorCode, ErrorMessage } }] });
    await expect(links.release(pair, false)).resolves.toBeUndefined();
  });

  it.each(['AccessDeniedException', undefined])('is a fault while it cannot be hidden: %s', async ErrorCode => {
    const failure = { ...(ErrorCode && { ErrorCode }), ErrorMessage: 'Insufficient permissions' };
    lake.on(BatchRevokePermissionsCommand).resolves({ Failures: [{ RequestEntry: { Id: '0' }, Error: failure }] });
    await expect(links.release(pair, false)).rejects.toThrow(
      expect.objectContaining({ name: ErrorCode ?? 'PermissionFailed', message: 'Insufficient permissions' }),
    );
  });
});
