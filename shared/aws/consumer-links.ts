import {
  CreateDatabaseCommand,
  CreateTableCommand,
  DeleteTableCommand,
  GetTableCommand,
  type GlueClient,
} from '@aws-sdk/client-glue';
import {
  BatchGrantPermissionsCommand,
  BatchRevokePermissionsCommand,
  type LakeFormationClient,
  type Resource,
} from '@aws-sdk/client-lakeformation';
import type { Pair } from '../access/access-request.ts';
import { accountOf } from '../access/access-request.ts';
import type { ConsumerLinks } from '../access/converge-pair.ts';
import { linkDatabase } from '../access/provision.ts';
import { isError } from './aws-errors.ts';
import { retryOn } from './retry-on.ts';

/**
 * Resource links in consumers' catalogs, made as `trellis-spoke` of each account: database `trellis_<domain>_<db>`, one link a table, and
 * DESCRIBE on both for the principal. A link's grant never grants its target. Source: Lake Formation guide, "How resource links work".
 */
export class GlueConsumerLinks implements ConsumerLinks {
  readonly #glue: (account: string) => GlueClient;
  readonly #lake: (account: string) => LakeFormationClient;
  readonly #hub: { account: string; region: string };

  constructor(
    glue: (account: string) => GlueClient,
    lake: (account: string) => LakeFormationClient,
    hub: { account: string; region: string },
  ) {
    this.#glue = glue;
    this.#lake = lake;
    this.#hub = hub;
  }

  async ensure({ principal, table }: Pair): Promise<void> {
    const account = accountOf(principal);
    const link = linkPlace(table);
    const glue = this.#glue(account);
    const target = await linkTarget(glue, link);
    if (target === undefined) await this.#make(glue, link, table);
    else if (target !== `${this.#hub.account}.${table}`) throw new LinkTakenError(account, link, target);
    const Entries = describable(account, link).map((Resource, index) => ({
      Id: String(index),
      Principal: { DataLakePrincipalIdentifier: principal },
      Resource,
      Permissions: ['DESCRIBE' as const],
    }));
    await retryOn(['ConcurrentModificationException'], async () => {
      const { Failures = [] } = await this.#lake(account).send(new BatchGrantPermissionsCommand({ Entries }));
      throwFirst(Failures);
    });
  }

  async #make(glue: GlueClient, link: LinkPlace, table: string): Promise<void> {
    const [DatabaseName = '', Name = ''] = table.split('.');
    const TargetTable = { CatalogId: this.#hub.account, DatabaseName, Name, Region: this.#hub.region };
    const create = new CreateTableCommand({
      DatabaseName: link.database,
      TableInput: { Name: link.name, TargetTable },
    });
    try {
      await glue.send(create);
    } catch (error) {
      if (isError(error, 'AlreadyExistsException')) return;
      if (!isError(error, 'EntityNotFoundException')) throw error;
      await this.#makeDatabase(glue, link.database);
      await ignoring(['AlreadyExistsException'], () => glue.send(create));
    }
  }

  async #makeDatabase(glue: GlueClient, Name: string): Promise<void> {
    const Description = 'Links to tables of the data mesh. Made and removed by Trellis.';
    await ignoring(['AlreadyExistsException'], () =>
      glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name, Description } })),
    );
  }

  async release({ principal, table }: Pair, isLast: boolean): Promise<void> {
    const account = accountOf(principal);
    const link = linkPlace(table);
    if (isLast) {
      // Lake Formation forgets the grants of a link with it.
      if ((await linkTarget(this.#glue(account), link)) !== `${this.#hub.account}.${table}`) return;
      const command = new DeleteTableCommand({ DatabaseName: link.database, Name: link.name });
      await ignoring(['EntityNotFoundException'], () => this.#glue(account).send(command));
      return;
    }
    const [, linkResource] = describable(account, link);
    const Principal = { DataLakePrincipalIdentifier: principal };
    const Entries = [{ Id: '0', Principal, Resource: linkResource, Permissions: ['DESCRIBE' as const] }];
    const { Failures = [] } = await this.#lake(account).send(new BatchRevokePermissionsCommand({ Entries }));
    // Nothing to see any more: the grant has gone, or the link with it.
    throwFirst(
      Failures.filter(
        ({ Error: failure }) =>
          failure?.ErrorCode !== 'EntityNotFoundException' &&
          !/no permissions revoked/i.test(failure?.ErrorMessage ?? ''),
      ),
    );
  }
}

interface LinkPlace {
  database: string;
  name: string;
}

function linkPlace(table: string): LinkPlace {
  const [database = '', name = ''] = table.split('.');
  return { database: linkDatabase(database), name };
}

/** `<account>.<database>.<table>` of what the link points to; undefined when there is nothing of its name, `a table` when it is no link. */
async function linkTarget(glue: GlueClient, { database, name }: LinkPlace): Promise<string | undefined> {
  try {
    const { Table } = await glue.send(new GetTableCommand({ DatabaseName: database, Name: name }));
    const target = Table?.TargetTable;
    return target ? `${target.CatalogId}.${target.DatabaseName}.${target.Name}` : 'a table';
  } catch (error) {
    if (isError(error, 'EntityNotFoundException')) return undefined;
    throw error;
  }
}

function describable(CatalogId: string, { database, name }: LinkPlace): [Resource, Resource] {
  return [{ Database: { CatalogId, Name: database } }, { Table: { CatalogId, DatabaseName: database, Name: name } }];
}

function throwFirst(
  failures: { Error?: { ErrorCode?: string | undefined; ErrorMessage?: string | undefined } | undefined }[],
): void {
  const [first] = failures;
  if (!first) return;
  const error = new Error(first.Error?.ErrorMessage);
  error.name = first.Error?.ErrorCode ?? 'PermissionFailed';
  throw error;
}

async function ignoring(names: string[], call: () => Promise<unknown>): Promise<void> {
  try {
    await call();
  } catch (error) {
    if (!isError(error, ...names)) throw error;
  }
}

class LinkTakenError extends Error {
  override name = 'LinkTakenError';

  constructor(account: string, { database, name }: LinkPlace, target: string) {
    super(
      `${database}.${name} in account ${account} is there already and points to ${target}. Remove or rename it; Trellis does not touch what it did not make.`,
    );
  }
}
