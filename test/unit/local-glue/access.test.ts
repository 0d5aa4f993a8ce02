import { describe, expect, it } from 'vitest';
import type { Access } from '../../../local/core/service.ts';
import { CONSUMER, createWorld, HUB, makeTable, roleCall } from './world.ts';

const arn = (account: string, resource: string) => `arn:aws:glue:us-east-1:${account}:${resource}`;
const touched = (accesses: Access[]) => accesses.map(access => `${access.action} ${access.resource}`);
const analyst = roleCall(CONSUMER, 'Analyst');

describe('access to the catalog, for IAM', () => {
  it('to a table is access to its catalog and database as well', () => {
    const world = createWorld();
    makeTable(world, HUB, 'db', 't');
    expect(touched(world.access(HUB, 'GetTable', { DatabaseName: 'DB', Name: 'T' }))).toEqual([
      `glue:GetTable ${arn(HUB, 'catalog')}`,
      `glue:GetTable ${arn(HUB, 'database/db')}`,
      `glue:GetTable ${arn(HUB, 'table/db/t')}`,
    ]);
    expect(touched(world.access(HUB, 'GetTables', { DatabaseName: 'db' }))[2]).toBe(
      `glue:GetTables ${arn(HUB, 'table/db/*')}`,
    );
    expect(touched(world.access(HUB, 'CreateTable', { DatabaseName: 'db', TableInput: { Name: 'New' } }))[2]).toBe(
      `glue:CreateTable ${arn(HUB, 'table/db/new')}`,
    );
    expect(touched(world.access(HUB, 'BatchDeleteTable', { DatabaseName: 'db', TablesToDelete: ['a', 'B'] }))).toEqual([
      `glue:BatchDeleteTable ${arn(HUB, 'catalog')}`,
      `glue:BatchDeleteTable ${arn(HUB, 'database/db')}`,
      `glue:BatchDeleteTable ${arn(HUB, 'table/db/a')}`,
      `glue:BatchDeleteTable ${arn(HUB, 'table/db/b')}`,
    ]);
  });

  it('to delete a database is access to what may be in it', () => {
    const world = createWorld();
    expect(touched(world.access(HUB, 'DeleteDatabase', { Name: 'db' })).slice(2)).toEqual([
      `glue:DeleteDatabase ${arn(HUB, 'table/db/*')}`,
      `glue:DeleteDatabase ${arn(HUB, 'userDefinedFunction/db/*')}`,
    ]);
  });

  it("of another account stands on the catalog's policy, and on the share where Lake Formation shows the table", () => {
    const world = createWorld();
    makeTable(world, HUB, 'db', 't');
    const input = { CatalogId: HUB, DatabaseName: 'db', Name: 't' };
    expect(world.access(analyst, 'GetTable', input).map(access => access.resourcePolicy)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    world.guard.shared.add(`${HUB}/db/t`);
    const shared = world.access(analyst, 'GetTable', input)[2]!;
    expect(shared.resourcePolicy?.Statement).toEqual([
      {
        Sid: 'SharedThroughRam',
        Effect: 'Allow',
        Principal: { AWS: `arn:aws:iam::${CONSUMER}:root` },
        Action: 'glue:GetTable',
        Resource: arn(HUB, 'table/db/t'),
      },
    ]);
    const denial = { Effect: 'Deny', Principal: '*', Action: 'glue:*', Resource: '*' };
    world.run(HUB, 'PutResourcePolicy', { PolicyInJson: JSON.stringify({ Statement: [denial] }) });
    expect(world.access(analyst, 'GetTable', input)[2]!.resourcePolicy?.Statement).toHaveLength(2);
    expect(world.access(HUB, 'GetTable', input)[2]!.resourcePolicy?.Statement).toEqual([denial]);
  });

  it('to a link is access to its target too, once the target can be seen', () => {
    const world = createWorld();
    makeTable(world, HUB, 'db', 't');
    const TargetTable = { CatalogId: HUB, DatabaseName: 'db', Name: 't' };
    world.run(CONSUMER, 'CreateDatabase', { DatabaseInput: { Name: 'links' } });
    world.run(CONSUMER, 'CreateTable', { DatabaseName: 'links', TableInput: { Name: 'l', TargetTable } });
    const through = () => touched(world.access(analyst, 'GetTable', { DatabaseName: 'links', Name: 'l' }));
    expect(through()).toHaveLength(3);
    world.guard.shared.add(`${HUB}/db/t`);
    expect(through().slice(3)).toEqual([
      `glue:GetTable ${arn(HUB, 'catalog')}`,
      `glue:GetTable ${arn(HUB, 'database/db')}`,
      `glue:GetTable ${arn(HUB, 'table/db/t')}`,
    ]);
    expect(touched(world.access(CONSUMER, 'DeleteTable', { DatabaseName: 'links', Name: 'l' }))).toHaveLength(3);
  });
});
