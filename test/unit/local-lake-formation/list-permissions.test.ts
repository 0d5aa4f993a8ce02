import { describe, expect, it } from 'vitest';
import type { Wire } from '../../../local/core/service.ts';
import {
  allTables,
  as,
  CONSUMER,
  columns,
  createFixture,
  database,
  error,
  filter,
  HUB,
  location,
  role,
  table,
} from './fixture.ts';

const analyst = role('Analyst');
const other = role('Other');
const abroad = role('Analyst', CONSUMER);

function prepare() {
  const lake = createFixture();
  lake.createFilter('f');
  lake.grant(analyst, database, ['DESCRIBE']);
  lake.grant(analyst, table, ['SELECT', 'DESCRIBE']);
  lake.grant(other, columns('delay'), ['SELECT']);
  lake.grant(abroad, filter('f'), ['SELECT']);
  lake.grant(analyst, allTables, ['DROP']);
  lake.grant(analyst, location, ['DATA_LOCATION_ACCESS']);
  const list = (input: Wire, call?: Parameters<typeof lake.run>[2]): string[] =>
    lake.run('ListPermissions', input, call).PrincipalResourcePermissions.map((entry: Wire) => {
      const name = entry.Principal.DataLakePrincipalIdentifier.replace(/^arn:aws:iam::\d{12}:role\//, '');
      return `${name} ${Object.keys(entry.Resource)[0]} ${entry.Permissions}`;
    });
  return { lake, list };
}

const principal = (name: string) => ({ Principal: { DataLakePrincipalIdentifier: name } });

describe('ListPermissions', () => {
  it('lists what was granted, entry by entry', () => {
    const { lake, list } = prepare();
    expect(list({}).sort()).toEqual(
      [
        'IAM_ALLOWED_PRINCIPALS Catalog CREATE_DATABASE',
        'Analyst Database DESCRIBE',
        'Analyst Table DESCRIBE',
        'Analyst TableWithColumns SELECT',
        'Other TableWithColumns SELECT',
        'Analyst DataCellsFilter SELECT',
        'Analyst Table DROP',
        'Analyst DataLocation DATA_LOCATION_ACCESS',
      ].sort(),
    );
    const { PrincipalResourcePermissions: entries } = lake.run('ListPermissions', { Resource: table });
    expect(entries.find((entry: Wire) => entry.Resource.TableWithColumns && entry.Permissions[0] === 'SELECT')).toEqual(
      {
        Principal: { DataLakePrincipalIdentifier: analyst },
        Resource: { TableWithColumns: { CatalogId: HUB, DatabaseName: 'ops', Name: 'flights', ColumnWildcard: {} } },
        Permissions: ['SELECT'],
        PermissionsWithGrantOption: [],
        LastUpdated: expect.any(Number),
        LastUpdatedBy: role('Admin'),
      },
    );
  });

  it('gives a table both as a table and as columns, and its filters only with what is related', () => {
    const { list } = prepare();
    const both = ['Analyst Table DESCRIBE', 'Analyst TableWithColumns SELECT', 'Other TableWithColumns SELECT'];
    expect(list({ Resource: table }).sort()).toEqual(both);
    expect(list({ Resource: table, IncludeRelated: 'TRUE' }).sort()).toEqual(
      [...both, 'Analyst DataCellsFilter SELECT'].sort(),
    );
    expect(list({ Resource: table, IncludeRelated: 'FALSE' })).toHaveLength(3);
    expect(list({ Resource: filter('f') })).toEqual(['Analyst DataCellsFilter SELECT']);
    expect(list({ Resource: allTables })).toEqual(['Analyst Table DROP']);
    expect(list({ Resource: database })).toEqual(['Analyst Database DESCRIBE']);
    expect(list({ Resource: location })).toEqual(['Analyst DataLocation DATA_LOCATION_ACCESS']);
    expect(list({ Resource: { Catalog: {} } })).toEqual(['IAM_ALLOWED_PRINCIPALS Catalog CREATE_DATABASE']);
  });

  it('names all tables as AWS does', () => {
    const { lake } = prepare();
    expect(lake.run('ListPermissions', { Resource: allTables }).PrincipalResourcePermissions[0].Resource).toEqual({
      Table: { CatalogId: HUB, DatabaseName: 'ops', Name: 'ALL_TABLES', TableWildcard: {} },
    });
  });

  it.each([
    ['CATALOG', 1],
    ['DATABASE', 1],
    ['TABLE', 4],
    ['DATA_LOCATION', 1],
    ['LF_TAG', 0],
  ])('lists by type %s', (ResourceType, count) => {
    expect(prepare().list({ ResourceType })).toHaveLength(count);
  });

  it('gives the effective permissions of a principal on a resource', () => {
    const { list } = prepare();
    expect(list({ ...principal(analyst), Resource: table }).sort()).toEqual([
      'Analyst Table DESCRIBE,DROP',
      'Analyst TableWithColumns SELECT',
    ]);
    expect(list({ ...principal(other), Resource: table })).toEqual(['Other TableWithColumns SELECT']);
    const planes = { Table: { DatabaseName: 'ops', Name: 'planes' } };
    expect(list({ ...principal(analyst), Resource: planes })).toEqual(['Analyst Table DROP']);
    expect(list({ ...principal(other), Resource: planes })).toEqual([]);
    expect(list({ ...principal(analyst), Resource: database })).toEqual(['Analyst Database DESCRIBE']);
  });

  it("is empty for a filter and another account's role, though the grant is there", () => {
    const { lake, list } = prepare();
    expect(list({ ...principal(abroad), Resource: filter('f') })).toEqual([]);
    lake.grant(analyst, filter('f'), ['SELECT']);
    expect(list({ ...principal(analyst), Resource: filter('f') })).toEqual(['Analyst DataCellsFilter SELECT']);
  });

  it('goes on where the page ended, whatever was granted and revoked meanwhile', () => {
    const { lake } = prepare();
    const seen: string[] = [];
    let NextToken: string | undefined;
    let pages = 0;
    do {
      const answer = lake.run('ListPermissions', { MaxResults: 2, NextToken });
      for (const entry of answer.PrincipalResourcePermissions)
        seen.push(JSON.stringify([entry.Principal, entry.Resource]));
      NextToken = answer.NextToken;
      if (pages++ === 0) {
        lake.revoke(analyst, database, ['DESCRIBE']);
        lake.grant(role('Late'), database, ['DESCRIBE']);
      }
    } while (NextToken);
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.filter(entry => entry.includes('Late'))).toHaveLength(1);
    expect(seen).toHaveLength(9);
  });

  it('shows a principal its own grants and those that it could make', () => {
    const { lake, list } = prepare();
    expect(list({}, as('Other'))).toEqual(['Other TableWithColumns SELECT']);
    expect(list({}, as('Nobody'))).toEqual([]);
    lake.grant(role('Steward'), table, ['SELECT'], ['SELECT']);
    expect(list({ Resource: table }, as('Steward')).sort()).toEqual([
      'Analyst TableWithColumns SELECT',
      'Other TableWithColumns SELECT',
      'Steward TableWithColumns SELECT',
    ]);
  });

  const link = { TargetTable: { CatalogId: HUB, DatabaseName: 'ops', Name: 'flights' } };
  it.each<[string, Wire, string, string]>([
    [
      'a principal alone',
      principal(analyst),
      'InvalidInputException',
      'Resource is mandatory if Principal is set in the input.',
    ],
    [
      'a principal with what is related',
      { ...principal(analyst), Resource: table, IncludeRelated: 'TRUE' },
      'InvalidInputException',
      'Principal must be empty',
    ],
    ['columns', { Resource: columns('delay') }, 'InvalidInputException', 'TableWithColumns is not supported'],
    [
      'a linked database',
      { Resource: { Database: { Name: 'linked' } } },
      'InvalidInputException',
      'Database cannot be a link for this operation.',
    ],
    [
      'a table of a linked database',
      { Resource: { Table: { DatabaseName: 'linked', Name: 'x' } } },
      'InvalidInputException',
      'Database cannot be a link for this operation when called on a table.',
    ],
    [
      'a linked table',
      { Resource: { Table: { DatabaseName: 'ops', Name: 'link' } } },
      'InvalidInputException',
      'Table cannot be a link',
    ],
    [
      'a missing table',
      { Resource: { Table: { DatabaseName: 'ops', Name: 'gone' } } },
      'AccessDeniedException',
      'Resource does not exist or requester is not authorized',
    ],
    [
      'a missing database',
      { Resource: { Database: { Name: 'gone' } } },
      'AccessDeniedException',
      'Resource does not exist or requester is not authorized',
    ],
    ['an unknown type', { ResourceType: 'COLUMN' }, 'InvalidInputException', 'ResourceType'],
    ['a page of 1,001', { MaxResults: 1001 }, 'InvalidInputException', 'MaxResults'],
    ['a page of none', { MaxResults: 0 }, 'InvalidInputException', 'MaxResults'],
    ['a made-up token', { NextToken: 'abc' }, 'InvalidInputException', 'NextToken'],
  ])('refuses %s', (_, input, code, text) => {
    const { lake } = prepare();
    lake.addTable('ops', 'link', link);
    lake.addDatabase('linked', { TargetDatabase: { CatalogId: HUB, DatabaseName: 'ops' } });
    expect(() => lake.run('ListPermissions', input)).toThrow(error(code, text));
  });
});

describe('many grants', () => {
  it('stay quick: 10,000, of which 1,000 are on one table', () => {
    const lake = createFixture();
    for (let t = 0; t < 100; t++) lake.addTable('ops', `t${t}`);
    const start = performance.now();
    for (let i = 0; i < 9000; i++) {
      const [principal, name] = [role(`R${i % 90}`, CONSUMER), `t${Math.floor(i / 90)}`];
      lake.grant(principal, { Table: { DatabaseName: 'ops', Name: name } }, ['SELECT']);
    }
    for (let i = 0; i < 1000; i++) lake.grant(role(`R${i}`, CONSUMER), table, ['SELECT']);
    const caller = as('R1', CONSUMER).caller;
    for (let i = 0; i < 1000; i++) lake.dataAccess.selectable(caller, HUB, 'ops', 'flights');
    for (let i = 0; i < 1000; i++) lake.guard.isTableVisible(caller, HUB, 'ops', `t${i % 100}`);
    let NextToken: string | undefined;
    let count = 0;
    do {
      const answer = lake.run('ListPermissions', { MaxResults: 1000, NextToken });
      count += answer.PrincipalResourcePermissions.length;
      NextToken = answer.NextToken;
    } while (NextToken);
    for (let i = 0; i < 1000; i++) lake.revoke(role(`R${i}`, CONSUMER), table, ['SELECT']);
    // And the catalog's own, of IAM_ALLOWED_PRINCIPALS.
    expect(count).toBe(10_001);
    // About 1 s alone; a scan of all grants for each call would take minutes.
    expect(performance.now() - start).toBeLessThan(10_000);
  }, 20_000);
});
