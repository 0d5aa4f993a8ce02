import { notInLocalMesh } from '../core/aws-error.ts';
import type { GlueDatabase } from '../core/ports.ts';
import type { Caller, Operation, Wire } from '../core/service.ts';
import { accessThroughLinks, accessTo } from './access.ts';
import { catalogArn, databaseArn, type GlueContext } from './context.ts';
import { describeDatabase } from './describe.ts';
import { alreadyExists, invalidInput } from './glue-errors.ts';
import { readCatalogId, readDatabaseInput, readName } from './inputs.ts';
import { findDatabase, findDatabaseThroughLink } from './lookup.ts';
import { tellDatabaseChange } from './native-events.ts';
import { readPageSize, readToken, takePage } from './paging.ts';

const DATABASES_PER_PAGE = 100;

export function databaseOperations(context: GlueContext): Record<string, Operation> {
  const { catalog } = context;
  return {
    CreateDatabase: {
      access: (input, call) =>
        accessTo(context, 'CreateDatabase', call, {
          owner: readCatalogId(input, call.caller.account),
          database: readDatabaseInput(input.DatabaseInput).Name,
        }),
      run(input, { caller }) {
        const owner = readCatalogId(input, caller.account);
        if (owner !== caller.account) throw notInLocalMesh("making databases in another account's catalog");
        const wanted = readDatabaseInput(input.DatabaseInput);
        context.guard().requireCreateDatabase(caller, owner);
        context.guard().requireLocation(caller, owner, wanted.LocationUri);
        if (catalog.database(owner, wanted.Name)) throw alreadyExists('Database');
        const database: GlueDatabase = { ...wanted, CatalogId: owner, CreateTime: context.now() };
        catalog.addDatabase(database);
        context.guard().databaseCreated(caller, wanted.Name);
        tellDatabaseChange(context, owner, wanted.Name, 'CreateDatabase');
        return {};
      },
    },
    GetDatabase: {
      access: (input, call) =>
        accessThroughLinks(context, 'GetDatabase', call, {
          owner: readCatalogId(input, call.caller.account),
          database: readName(input, 'Name'),
        }),
      run(input, { caller }) {
        const owner = readCatalogId(input, caller.account);
        const name = readName(input, 'Name');
        const found = findDatabase(context, caller, owner, name);
        context.guard().requireDatabase(caller, owner, name, 'DESCRIBE');
        return { Database: describeDatabase(context, caller, found.database) };
      },
    },
    GetDatabases: {
      // The catalog alone: that is what refusals name, and which databases are listed is Lake Formation's to say.
      access: (input, call) =>
        accessTo(context, 'GetDatabases', call, { owner: readCatalogId(input, call.caller.account) }),
      run(input, { caller }) {
        const owner = readCatalogId(input, caller.account);
        const entries = visibleDatabases(context, caller, ownersListed(context, owner, input.ResourceShareType), input);
        const { items, NextToken } = takePage(entries, readPageSize(input, DATABASES_PER_PAGE));
        return {
          DatabaseList: items.map(item => onlyAsked(describeDatabase(context, caller, item), input.AttributesToGet)),
          ...(NextToken && { NextToken }),
        };
      },
    },
    UpdateDatabase: {
      access: (input, call) =>
        accessThroughLinks(context, 'UpdateDatabase', call, {
          owner: readCatalogId(input, call.caller.account),
          database: readName(input, 'Name'),
        }),
      run(input, { caller }) {
        const owner = readCatalogId(input, caller.account);
        const name = readName(input, 'Name');
        const { TargetDatabase, ...wanted } = readDatabaseInput(input.DatabaseInput);
        if (wanted.Name !== name) throw invalidInput('A database cannot be renamed.');
        const place = findDatabaseThroughLink(context, caller, owner, name);
        // "If the resource link must be modified to link to a different database, you must delete it and create a new one." (Lake Formation Developer Guide)
        if (TargetDatabase && !place.throughLink) throw invalidInput('A database cannot become a resource link.');
        context.guard().requireDatabase(caller, place.owner, place.name, 'ALTER');
        const { CatalogId, CreateTime, LocationUri, Name } = place.stored.database;
        if (wanted.LocationUri !== LocationUri)
          context.guard().requireLocation(caller, place.owner, wanted.LocationUri);
        place.stored.database = { ...wanted, Name, CatalogId, CreateTime };
        return {};
      },
    },
    DeleteDatabase: {
      // Deleting takes permission on what is in it too (Glue Developer Guide, "Specifying Glue resource ARNs").
      access: (input, call) => {
        const owner = readCatalogId(input, call.caller.account);
        const database = readName(input, 'Name');
        const access = accessTo(context, 'DeleteDatabase', call, { owner, database, table: '*' });
        const functions = databaseArn(owner, database).replace(':database/', ':userDefinedFunction/');
        return [...access, { ...access[0]!, resource: `${functions}/*` }];
      },
      run(input, { caller }) {
        const owner = readCatalogId(input, caller.account);
        const name = readName(input, 'Name');
        const { tables } = findDatabase(context, caller, owner, name);
        context.guard().requireDatabase(caller, owner, name, 'DROP');
        catalog.databases(owner).delete(name);
        for (const { table } of tables.values()) context.guard().tableDeleted(owner, name, table.Name);
        context.guard().databaseDeleted(owner, name);
        tellDatabaseChange(context, owner, name, 'DeleteDatabase');
        return {};
      },
    },
  };
}

/** The accounts whose databases a list shows: its own, those that share with the caller (`FOREIGN`), or both (`ALL`). */
function ownersListed(context: GlueContext, owner: string, shareType: unknown): string[] {
  const others = () => context.catalog.accounts().filter(account => account !== owner);
  if (shareType === undefined || shareType === null) return [owner];
  if (shareType === 'ALL') return [owner, ...others()].sort();
  if (shareType === 'FOREIGN') return others();
  throw notInLocalMesh(`${catalogArn(owner)} with ResourceShareType ${String(shareType)}`);
}

function* visibleDatabases(
  context: GlueContext,
  caller: Caller,
  owners: string[],
  input: Wire,
): Generator<[string, GlueDatabase]> {
  const begin = readToken(input);
  const beginOwner = begin?.slice(0, 12) ?? '';
  for (const owner of owners) {
    if (owner < beginOwner) continue;
    const first = owner === beginOwner ? begin!.slice(13) : '';
    for (const [name, { database }] of context.catalog.databases(owner).from(first))
      if (context.guard().isDatabaseVisible(caller, owner, name)) yield [`${owner}/${name}`, database];
  }
}

function onlyAsked(database: GlueDatabase, attributes: string[] | undefined): Wire {
  if (!attributes?.length) return database;
  return {
    Name: database.Name,
    ...(attributes.includes('TARGET_DATABASE') &&
      database.TargetDatabase && { TargetDatabase: database.TargetDatabase }),
  };
}
