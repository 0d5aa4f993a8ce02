import { notInLocalMesh } from '../core/aws-error.ts';
import type { Caller, Operation, Wire } from '../core/service.ts';
import { accessThroughLinks } from './access.ts';
import type { GlueContext } from './context.ts';
import { describeEntry, describeVersion } from './describe.ts';
import { invalidInput, notFound } from './glue-errors.ts';
import { readCatalogId, readName, refuseTimeTravel } from './inputs.ts';
import {
  type FoundDatabase,
  type FoundTable,
  findDatabaseThroughLink,
  findTable,
  findTableThroughLinks,
} from './lookup.ts';
import { readPageSize, readToken, takePage } from './paging.ts';

const TABLES_PER_PAGE = 100;

export function tableReads(context: GlueContext): Record<string, Operation> {
  const versionAccess =
    (action: string): Operation['access'] =>
    (input, call) =>
      accessThroughLinks(context, action, call, {
        owner: readCatalogId(input, call.caller.account),
        database: readName(input, 'DatabaseName'),
        table: readName(input, 'TableName'),
      });
  const tableOfVersions = (input: Wire, caller: Caller) =>
    findTableThroughLinks(
      context,
      caller,
      readCatalogId(input, caller.account),
      readName(input, 'DatabaseName'),
      readName(input, 'TableName'),
    );
  return {
    GetTable: {
      access: (input, call) =>
        accessThroughLinks(context, 'GetTable', call, {
          owner: readCatalogId(input, call.caller.account),
          database: readName(input, 'DatabaseName'),
          table: readName(input, 'Name'),
        }),
      run(input, { caller }) {
        refuseTimeTravel(input);
        const owner = readCatalogId(input, caller.account);
        const place = findDatabaseThroughLink(context, caller, owner, readName(input, 'DatabaseName'));
        const found = findTable(context, caller, place, readName(input, 'Name'), () => notFound('Entity Not Found'));
        context.guard().requireTable(caller, found.owner, found.database, found.name, 'DESCRIBE');
        return { Table: describeEntry(context, caller, found, !place.throughLink) };
      },
    },
    GetTables: {
      access: (input, call) =>
        accessThroughLinks(context, 'GetTables', call, {
          owner: readCatalogId(input, call.caller.account),
          database: readName(input, 'DatabaseName'),
          table: '*',
        }),
      run(input, { caller }) {
        refuseTimeTravel(input);
        const owner = readCatalogId(input, caller.account);
        const place = findDatabaseThroughLink(context, caller, owner, readName(input, 'DatabaseName'));
        const entries = visibleTables(context, caller, place, namePattern(input.Expression), readToken(input));
        const { items, NextToken } = takePage(entries, readPageSize(input, TABLES_PER_PAGE));
        const list = items.map(found => describeEntry(context, caller, found, !place.throughLink));
        return {
          TableList: list.map(table => onlyAsked(table, input.AttributesToGet)),
          ...(NextToken && { NextToken }),
        };
      },
    },
    GetTableVersions: {
      access: versionAccess('GetTableVersions'),
      run(input, { caller }) {
        const found = tableOfVersions(input, caller);
        const { table, archived } = found.stored;
        const begin = readToken(input);
        const newestFirst = [table, ...archived.toReversed()]
          .filter(version => begin === undefined || Number(version.VersionId) <= Number(begin))
          .map((version): [string, typeof version] => [version.VersionId, version]);
        const { items, NextToken } = takePage(newestFirst, readPageSize(input, TABLES_PER_PAGE));
        return {
          TableVersions: items.map(version => describeVersion(context, caller, found.owner, version)),
          ...(NextToken && { NextToken }),
        };
      },
    },
    GetTableVersion: {
      access: versionAccess('GetTableVersion'),
      run(input, { caller }) {
        const found = tableOfVersions(input, caller);
        const { table, archived } = found.stored;
        const id: string = input.VersionId ?? table.VersionId;
        if (!/^\d+$/.test(id)) throw invalidInput(`For input string: "${id}"`);
        const version = [table, ...archived].find(one => one.VersionId === id);
        if (!version) throw notFound('Table version not found.');
        return { TableVersion: describeVersion(context, caller, found.owner, version) };
      },
    },
    SearchTables: {
      access: () => [],
      run() {
        throw notInLocalMesh('SearchTables');
      },
    },
  };
}

/** Only what the caller may see is listed; of another account's database through a link, the shared tables but not the links in it. */
function* visibleTables(
  context: GlueContext,
  caller: Caller,
  place: FoundDatabase,
  pattern: RegExp | undefined,
  begin: string | undefined,
): Generator<[string, FoundTable]> {
  const isForeign = place.owner !== caller.account;
  for (const [name, stored] of place.stored.tables.from(begin)) {
    if (pattern && !pattern.test(name)) continue;
    if (isForeign && stored.table.TargetTable) continue;
    if (!context.guard().isTableVisible(caller, place.owner, place.name, name)) continue;
    yield [name, { owner: place.owner, database: place.name, name, stored }];
  }
}

/**
 * GetTables' `Expression`: a pattern for whole names in which `*` may stand for anything, as in Hive. So AWS SDK for pandas uses it (`get_tables`:
 * `prefix*`, `*suffix`), and `prefix.*` works as well.
 */
function namePattern(expression: unknown): RegExp | undefined {
  if (expression === undefined || expression === null || expression === '') return undefined;
  try {
    return new RegExp(`^(?:${String(expression).replace(/(?<![.\])])\*/g, '.*')})$`, 'i');
  } catch (cause) {
    throw Object.assign(invalidInput(`Invalid expression: ${String(expression)}`), { cause });
  }
}

function onlyAsked(table: Wire, attributes: string[] | undefined): Wire {
  if (!attributes?.length) return table;
  return {
    Name: table.Name,
    ...(attributes.includes('TABLE_TYPE') && table.TableType !== undefined && { TableType: table.TableType }),
  };
}
