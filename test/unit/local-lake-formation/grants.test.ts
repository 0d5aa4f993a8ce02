import { describe, expect, it } from 'vitest';
import type { Wire } from '../../../local/core/service.ts';
import {
  allBut,
  allTables,
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

const INVALID = error('InvalidInputException', 'Permissions modification is invalid.');
const NOTHING = error(
  'InvalidInputException',
  'No permissions revoked. Grantee has no permissions and no grantable permissions on resource.',
);
const HIDDEN = error(
  'AccessDeniedException',
  'Resource does not exist or requester is not authorized to access requested permissions.',
);
const analyst = role('Analyst');

describe('which permissions fit which resource', () => {
  const fitting: [string, Wire, string[]][] = [
    ['the catalog', { Catalog: {} }, ['CREATE_DATABASE']],
    ['a database', database, ['ALL', 'ALTER', 'CREATE_TABLE', 'DESCRIBE', 'DROP']],
    ['a table', table, ['ALL', 'ALTER', 'DELETE', 'DESCRIBE', 'DROP', 'INSERT', 'SELECT']],
    ['all tables', allTables, ['ALL', 'ALTER', 'DELETE', 'DESCRIBE', 'DROP', 'INSERT', 'SELECT']],
    ['columns', columns('origin'), ['SELECT']],
    ['all but some columns', allBut('origin'), ['SELECT']],
    ['a filter', filter('f'), ['DESCRIBE', 'DROP', 'SELECT']],
    ['a location', location, ['DATA_LOCATION_ACCESS']],
    ['a table link', { Table: { DatabaseName: 'ops', Name: 'link' } }, ['DESCRIBE', 'DROP']],
    ['a database link', { Database: { Name: 'linked' } }, ['DESCRIBE', 'DROP']],
    ['columns of a link', { TableWithColumns: { DatabaseName: 'ops', Name: 'link', ColumnWildcard: {} } }, []],
    ['a view', { Table: { DatabaseName: 'ops', Name: 'view' } }, ['ALL', 'DESCRIBE', 'DROP', 'SELECT']],
  ];
  const all =
    'ALL ALTER CREATE_DATABASE CREATE_TABLE DATA_LOCATION_ACCESS DELETE DESCRIBE DROP INSERT SELECT ASSOCIATE'.split(
      ' ',
    );
  const prepare = () => {
    const lake = createFixture();
    lake.createFilter('f');
    lake.addTable('ops', 'link', { TargetTable: { CatalogId: HUB, DatabaseName: 'ops', Name: 'flights' } });
    lake.addTable('ops', 'view', { TableType: 'VIRTUAL_VIEW' });
    lake.addDatabase('linked', { TargetDatabase: { CatalogId: HUB, DatabaseName: 'ops' } });
    return lake;
  };

  it.each(fitting)('%s', (_, resource, permissions) => {
    const accepted = all.filter(permission => {
      try {
        prepare().grant(analyst, resource, [permission]);
        return true;
      } catch (problem) {
        expect(problem).toEqual(INVALID);
        return false;
      }
    });
    expect(accepted).toEqual(permissions);
  });

  it('names the operation and the resource of an LF-tag', () => {
    const tag = { LFTag: { TagKey: 'k', TagValues: ['v'] } };
    expect(() => createFixture().grant(analyst, tag, ['DESCRIBE'])).toThrow(
      error('NotImplementedInLocalMesh', 'LFTag'),
    );
    expect(() => createFixture().run('AddLFTagsToResource', {})).toThrow(
      error('NotImplementedInLocalMesh', 'AddLFTagsToResource'),
    );
  });
});

describe('grants and revocations of one principal', () => {
  type Step = ['grant' | 'revoke', Wire, string[], string[]?];
  const cases: [string, Step[], string[] | typeof INVALID][] = [
    ['a grant', [['grant', database, ['DESCRIBE']]], ['database ops DESCRIBE']],
    [
      'the same twice',
      [
        ['grant', table, ['DROP']],
        ['grant', table, ['DROP']],
      ],
      ['table flights DROP'],
    ],
    [
      'two add up',
      [
        ['grant', table, ['DROP']],
        ['grant', table, ['ALTER'], ['ALTER']],
      ],
      ['table flights ALTER*,DROP'],
    ],
    [
      'a grant option added',
      [
        ['grant', table, ['DROP']],
        ['grant', table, ['DROP'], ['DROP']],
      ],
      ['table flights DROP*'],
    ],
    [
      'SELECT on a table reads back apart',
      [['grant', table, ['SELECT', 'DESCRIBE'], ['SELECT']]],
      ['table flights DESCRIBE', 'columns flights all SELECT*'],
    ],
    ['SELECT alone makes no table entry', [['grant', table, ['SELECT']]], ['columns flights all SELECT']],
    [
      'a table and a wildcard without exclusions are the same',
      [
        ['grant', table, ['SELECT']],
        ['grant', allBut(), ['SELECT']],
        ['revoke', table, ['SELECT']],
      ],
      [],
    ],
    [
      'ALL stands for all',
      [['grant', table, ['ALL']]],
      ['table flights ALL,ALTER,DELETE,DESCRIBE,DROP,INSERT', 'columns flights all SELECT'],
    ],
    [
      'ALL without one is not ALL',
      [
        ['grant', database, ['ALL']],
        ['revoke', database, ['ALTER']],
      ],
      ['database ops CREATE_TABLE,DESCRIBE,DROP'],
    ],
    [
      'ALL revokes all',
      [
        ['grant', table, ['DROP', 'SELECT']],
        ['revoke', table, ['ALL']],
      ],
      [],
    ],
    [
      'all tables, and SELECT on them',
      [['grant', allTables, ['SELECT', 'DESCRIBE']]],
      ['table ALL_TABLES DESCRIBE', 'columns ALL_TABLES all SELECT'],
    ],
    [
      'SELECT on all tables is revoked as it was listed',
      [
        ['grant', allTables, ['SELECT', 'DESCRIBE']],
        ['revoke', { TableWithColumns: { DatabaseName: 'ops', Name: 'ALL_TABLES', ColumnWildcard: {} } }, ['SELECT']],
        ['revoke', { Table: { DatabaseName: 'ops', Name: 'ALL_TABLES', TableWildcard: {} } }, ['DESCRIBE']],
      ],
      [],
    ],
    [
      'part of it revoked',
      [
        ['grant', table, ['DROP', 'ALTER']],
        ['revoke', table, ['DROP', 'INSERT']],
      ],
      ['table flights ALTER'],
    ],
    [
      'only the grant option revoked',
      [
        ['grant', table, ['DROP'], ['DROP']],
        ['revoke', table, [], ['DROP']],
      ],
      ['table flights DROP'],
    ],
    [
      'a permission takes its grant option with it',
      [
        ['grant', table, ['DROP', 'ALTER'], ['DROP']],
        ['revoke', table, ['DROP']],
      ],
      ['table flights ALTER'],
    ],
    ['columns', [['grant', columns('Origin', 'delay'), ['SELECT']]], ['columns flights delay+origin SELECT']],
    [
      'a column of a list revoked',
      [
        ['grant', columns('origin', 'delay'), ['SELECT']],
        ['revoke', columns('delay'), ['SELECT']],
      ],
      ['columns flights origin SELECT'],
    ],
    [
      'a column revoked from two lists',
      [
        ['grant', columns('origin', 'delay'), ['SELECT']],
        ['grant', columns('delay', 'passenger'), ['SELECT']],
        ['revoke', columns('delay'), ['SELECT']],
      ],
      ['columns flights origin SELECT', 'columns flights passenger SELECT'],
    ],
    [
      'what is left of one list joins another',
      [
        ['grant', columns('origin'), ['SELECT'], ['SELECT']],
        ['grant', columns('origin', 'delay'), ['SELECT']],
        ['revoke', columns('delay'), ['SELECT']],
      ],
      ['columns flights origin SELECT*'],
    ],
    [
      'the grant option on one column revoked',
      [
        ['grant', columns('origin', 'delay'), ['SELECT'], ['SELECT']],
        ['revoke', columns('delay'), [], ['SELECT']],
      ],
      ['columns flights origin SELECT*', 'columns flights delay SELECT'],
    ],
    ['an exclude list', [['grant', allBut('passenger'), ['SELECT']]], ['columns flights all-passenger SELECT']],
    [
      'an exclude list revoked',
      [
        ['grant', allBut('passenger'), ['SELECT']],
        ['revoke', allBut('passenger'), ['SELECT']],
      ],
      [],
    ],
    [
      'DESCRIBE beside columns',
      [
        ['grant', columns('delay'), ['SELECT']],
        ['grant', table, ['DESCRIBE']],
      ],
      ['columns flights delay SELECT', 'table flights DESCRIBE'],
    ],
    [
      'a filter beside the table',
      [
        ['grant', table, ['SELECT']],
        ['grant', filter('f'), ['SELECT']],
      ],
      ['columns flights all SELECT', 'filter f SELECT'],
    ],
    [
      'one filter revoked, the other stays',
      [
        ['grant', filter('f'), ['SELECT']],
        ['grant', filter('g'), ['SELECT']],
        ['revoke', filter('f'), ['SELECT']],
      ],
      ['filter g SELECT'],
    ],
    [
      'columns beside the table',
      [
        ['grant', table, ['SELECT']],
        ['grant', columns('delay'), ['SELECT']],
      ],
      INVALID,
    ],
    [
      'the table beside columns',
      [
        ['grant', columns('delay'), ['SELECT']],
        ['grant', table, ['SELECT', 'DROP']],
      ],
      INVALID,
    ],
    [
      'an exclude list beside columns',
      [
        ['grant', columns('delay'), ['SELECT']],
        ['grant', allBut('delay'), ['SELECT']],
      ],
      INVALID,
    ],
    [
      'two exclude lists',
      [
        ['grant', allBut('origin'), ['SELECT']],
        ['grant', allBut('delay'), ['SELECT']],
      ],
      INVALID,
    ],
    [
      'columns revoked from the table',
      [
        ['grant', table, ['SELECT']],
        ['revoke', columns('delay'), ['SELECT']],
      ],
      INVALID,
    ],
    [
      'the table revoked from columns',
      [
        ['grant', columns('delay'), ['SELECT']],
        ['revoke', table, ['SELECT']],
      ],
      INVALID,
    ],
    [
      'columns revoked from an exclude list',
      [
        ['grant', allBut('delay'), ['SELECT']],
        ['revoke', columns('origin'), ['SELECT']],
      ],
      INVALID,
    ],
    ['nothing there', [['revoke', table, ['SELECT']]], NOTHING],
    [
      'another permission',
      [
        ['grant', table, ['DROP']],
        ['revoke', table, ['ALTER']],
      ],
      NOTHING,
    ],
    [
      'another resource',
      [
        ['grant', allTables, ['DROP']],
        ['revoke', table, ['DROP']],
      ],
      NOTHING,
    ],
    [
      'other columns',
      [
        ['grant', columns('delay'), ['SELECT']],
        ['revoke', columns('origin'), ['SELECT']],
      ],
      NOTHING,
    ],
    ['a filter without grant', [['revoke', filter('f'), ['SELECT']]], NOTHING],
    [
      'revoked twice',
      [
        ['grant', table, ['DROP']],
        ['revoke', table, ['DROP']],
        ['revoke', table, ['DROP']],
      ],
      NOTHING,
    ],
    ['a grant option that is not granted', [['grant', table, ['DROP'], ['ALTER']]], INVALID],
    ['a grant option on an exclude list', [['grant', allBut('delay'), ['SELECT'], ['SELECT']]], INVALID],
    [
      'a missing column',
      [['grant', columns('nobody'), ['SELECT']]],
      error(
        'InvalidInputException',
        'Unsupported modification: cannot grant/revoke permission on non-existent column.',
      ),
    ],
    [
      'a missing column, excluded',
      [['grant', allBut('nobody'), ['SELECT']]],
      error('InvalidInputException', 'non-existent column'),
    ],
    [
      'a missing column revoked',
      [['revoke', columns('nobody'), ['SELECT']]],
      error('InvalidInputException', 'non-existent column'),
    ],
    ['a partition key', [['grant', columns('year'), ['SELECT']]], error('InvalidInputException', 'partition key year')],
    ['a missing table', [['grant', { Table: { DatabaseName: 'ops', Name: 'nobody' } }, ['DROP']]], HIDDEN],
    ['a missing database', [['grant', { Database: { Name: 'nobody' } }, ['DROP']]], HIDDEN],
    ['a missing table revoked', [['revoke', { Table: { DatabaseName: 'ops', Name: 'nobody' } }, ['DROP']]], HIDDEN],
    [
      'a missing filter',
      [['grant', filter('nobody'), ['SELECT']]],
      error('InvalidInputException', 'Cell Filter not found'),
    ],
    [
      'a missing filter revoked',
      [['revoke', filter('nobody'), ['SELECT']]],
      error('InvalidInputException', 'Cell Filter not found'),
    ],
    [
      'a location that is not registered',
      [['grant', { DataLocation: { ResourceArn: 'arn:aws:s3:::elsewhere' } }, ['DATA_LOCATION_ACCESS']]],
      HIDDEN,
    ],
    [
      'a table in a linked database',
      [['grant', { Table: { DatabaseName: 'linked', Name: 'flights' } }, ['DROP']]],
      error('InvalidInputException', 'Database cannot be a link for this operation when called on a table.'),
    ],
    ['no permission', [['grant', table, []]], error('InvalidInputException', 'must not be empty')],
    ['no permission revoked', [['revoke', table, []]], error('InvalidInputException', 'must not be empty')],
    [
      'no resource',
      [['grant', {}, ['DROP']]],
      error(
        'InvalidInputException',
        'Resource must have one of the have either the catalog, table or database field populated.',
      ),
    ],
    [
      'two resources',
      [['grant', { ...table, ...database }, ['DROP']]],
      error('InvalidInputException', 'only one field'),
    ],
    [
      'columns and a wildcard',
      [
        [
          'grant',
          { TableWithColumns: { DatabaseName: 'ops', Name: 'flights', ColumnNames: ['delay'], ColumnWildcard: {} } },
          ['SELECT'],
        ],
      ],
      error('InvalidInputException', 'Exactly one of ColumnNames or ColumnWildcard'),
    ],
    [
      'neither columns nor a wildcard',
      [['grant', { TableWithColumns: { DatabaseName: 'ops', Name: 'flights' } }, ['SELECT']]],
      error('InvalidInputException', 'Exactly one of ColumnNames or ColumnWildcard'),
    ],
    [
      'a nameless table',
      [['grant', { Table: { DatabaseName: 'ops' } }, ['DROP']]],
      error('InvalidInputException', 'Table.Name'),
    ],
    [
      'a name and a wildcard',
      [['grant', { Table: { DatabaseName: 'ops', Name: 'flights', TableWildcard: {} } }, ['DROP']]],
      error('InvalidInputException', 'either Name or TableWildcard'),
    ],
  ];

  it.each(cases)('%s', (_, steps, outcome) => {
    const lake = createFixture();
    lake.createFilter('f');
    lake.createFilter('g');
    lake.addDatabase('linked', { TargetDatabase: { CatalogId: HUB, DatabaseName: 'ops' } });
    const play = () => {
      for (const [verb, ...step] of steps) lake[verb](analyst, ...step);
    };
    if (!Array.isArray(outcome)) return void expect(play).toThrow(outcome);
    play();
    expect(lake.held(analyst).sort()).toEqual(outcome.sort());
  });

  it('changes nothing when a part of it is refused', () => {
    const lake = createFixture();
    lake.grant(analyst, columns('delay'), ['SELECT']);
    expect(() => lake.grant(analyst, table, ['DROP', 'SELECT'])).toThrow(INVALID);
    expect(() => lake.revoke(analyst, table, ['DROP', 'SELECT'])).toThrow(INVALID);
    expect(lake.held(analyst)).toEqual(['columns flights delay SELECT']);
  });

  it('keeps one principal apart from another', () => {
    const lake = createFixture();
    lake.grant(analyst, table, ['SELECT']);
    lake.grant(role('Other'), columns('delay'), ['SELECT']);
    lake.revoke(analyst, table, ['SELECT']);
    expect(lake.held(role('Other'))).toEqual(['columns flights delay SELECT']);
  });

  it.each([
    ['an assumed role', `arn:aws:sts::${HUB}:assumed-role/Analyst/session`, 'InvalidInputException'],
    ['an empty name', '', 'InvalidInputException'],
    ['a long name', 'x'.repeat(256), 'InvalidInputException'],
    ['an organization', `arn:aws:organizations::${HUB}:organization/o-1`, 'NotImplementedInLocalMesh'],
  ])('refuses %s as a principal', (_, principal, code) => {
    expect(() => createFixture().grant(principal, table, ['DROP'])).toThrow(error(code, ''));
  });

  it('takes up to 100 data filters for a principal on a table', () => {
    const lake = createFixture();
    for (let i = 0; i <= 100; i++) lake.createFilter(`f${i}`);
    for (let i = 0; i < 100; i++) lake.grant(analyst, filter(`f${i}`), ['SELECT']);
    expect(() => lake.grant(analyst, filter('f100'), ['SELECT'])).toThrow(
      error('InvalidInputException', '100 data filters'),
    );
    lake.grant(analyst, filter('f99'), ['SELECT']);
    lake.grant(role('Other'), filter('f100'), ['SELECT']);
    expect(lake.held(analyst)).toHaveLength(100);
  });

  it('grants no filter while IAM_ALLOWED_PRINCIPALS has the table', () => {
    const lake = createFixture();
    lake.createFilter('f');
    lake.grant('IAM_ALLOWED_PRINCIPALS', table, ['ALL']);
    expect(() => lake.grant(analyst, filter('f'), ['SELECT'])).toThrow(
      error('InvalidInputException', 'Insufficient Lake Formation permissions: Illegal combination'),
    );
    expect(lake.held('IAM_ALLOWED_PRINCIPALS')).toContain('table flights ALL');
    lake.revoke('IAM_ALLOWED_PRINCIPALS', table, ['ALL']);
    lake.grant(analyst, filter('f'), ['SELECT']);
    expect(lake.held(analyst)).toEqual(['filter f SELECT']);
  });
});
