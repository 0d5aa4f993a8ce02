import { GetTableCommand, GlueClient } from '@aws-sdk/client-glue';
import { LakeFormationClient, ListPermissionsCommand } from '@aws-sdk/client-lakeformation';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { AwsOwnSide } from '../../../shared/aws/own-side.ts';
import { fault } from './faults.ts';
import { ANALYST, pair } from './ledger-sample.ts';

const HUB = '111111111111';
const glue = mockClient(GlueClient);
const lake = mockClient(LakeFormationClient);
const side = new AwsOwnSide(new GlueClient(), new LakeFormationClient());
const link = (CatalogId: string) => ({
  Table: { Name: 'flights', TargetTable: { CatalogId, DatabaseName: 'aviation_ops', Name: 'flights' } },
});
const entry = (principal: string, Resource: object) => ({
  Principal: { DataLakePrincipalIdentifier: principal },
  Resource,
  Permissions: ['DESCRIBE' as const],
});
const onLink = { Table: { DatabaseName: 'trellis_aviation_ops', Name: 'flights' } };

beforeEach(() => {
  glue.reset();
  lake.reset();
  glue.on(GetTableCommand).resolves(link(HUB));
  lake
    .on(ListPermissionsCommand, { ResourceType: 'TABLE' })
    .resolvesOnce({ PrincipalResourcePermissions: [entry('other', onLink)], NextToken: '1' })
    .resolves({ PrincipalResourcePermissions: [entry(ANALYST, onLink)] })
    .on(ListPermissionsCommand, { Resource: { Database: { CatalogId: '444444444444', Name: 'default' } } })
    .resolves({ PrincipalResourcePermissions: [entry('IAM_ALLOWED_PRINCIPALS', {})] });
});

const states = async () => (await side.look(pair, HUB)).map(({ state }) => state);

describe('what a principal’s own account has', () => {
  it('is a link to the central table, DESCRIBE on it, and DESCRIBE on default, for it or for everybody', async () => {
    expect(await side.look(pair, HUB)).toEqual([
      { what: 'link trellis_aviation_ops.flights', state: 'there' },
      { what: 'DESCRIBE on the link trellis_aviation_ops.flights', state: 'there' },
      { what: 'DESCRIBE on the database default', state: 'there' },
    ]);
  });

  it('is not what leads elsewhere, is granted to others, or on another table', async () => {
    glue.on(GetTableCommand).resolves(link('999999999999'));
    lake.on(ListPermissionsCommand).resolves({
      PrincipalResourcePermissions: [entry('other', onLink), { ...entry(ANALYST, onLink), Permissions: [] }],
    });
    const findings = await side.look(pair, HUB);
    expect(findings.map(({ state }) => state)).toEqual(['missing', 'missing', 'missing']);
    expect(findings[0]?.help).toContain('a link to 999999999999.aviation_ops.flights');
    glue.on(GetTableCommand).resolves({ Table: { Name: 'flights' } });
    expect((await side.look(pair, HUB))[0]?.help).toContain('a table of that name');
  });

  it('is missing where it is not there', async () => {
    glue.on(GetTableCommand).rejects(fault('EntityNotFoundException'));
    lake.on(ListPermissionsCommand).rejects(fault('EntityNotFoundException'));
    expect(await states()).toEqual(['missing', 'missing', 'missing']);
  });

  it('is not missing where it may not be seen', async () => {
    glue.on(GetTableCommand).rejects(fault('AccessDeniedException'));
    lake.on(ListPermissionsCommand).rejects(fault('AccessDeniedException'));
    expect(await states()).toEqual(['unseen', 'unseen', 'unseen']);
  });

  it('is told of no other fault', async () => {
    glue.on(GetTableCommand).rejects(fault('InternalServiceException'));
    await expect(side.look(pair, HUB)).rejects.toThrow('InternalServiceException');
  });
});
