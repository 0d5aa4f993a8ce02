import { GetTableCommand, type GlueClient } from '@aws-sdk/client-glue';
import { type LakeFormationClient, paginateListPermissions, type Resource } from '@aws-sdk/client-lakeformation';
import type { OwnFinding, OwnSide } from '../access/access-reader.ts';
import { accountOf, type Pair } from '../access/access-request.ts';
import { linkDatabase } from '../access/provision.ts';
import { isError } from './aws-errors.ts';

/** Everybody whom IAM lets. Source: Lake Formation guide, "Changing the default settings for your data lake". */
const EVERYBODY = 'IAM_ALLOWED_PRINCIPALS';

/** Looks into the caller's own account, with the caller's own rights there. */
export class AwsOwnSide implements OwnSide {
  readonly #glue: GlueClient;
  readonly #lake: LakeFormationClient;

  constructor(glue: GlueClient, lake: LakeFormationClient) {
    this.#glue = glue;
    this.#lake = lake;
  }

  async look({ principal, table }: Pair, hub: string): Promise<OwnFinding[]> {
    const CatalogId = accountOf(principal);
    const [centralDatabase = '', Name = ''] = table.split('.');
    const DatabaseName = linkDatabase(centralDatabase);
    const link = `${DatabaseName}.${Name}`;
    const describable = { what: `DESCRIBE on the link ${link}`, help: 'Trellis gives it with the link.' };
    // Athena asks for it, whatever is queried. Source: Lake Formation guide, "Setting up permissions for Athena"; design facts cite "usually".
    const byDefault = {
      what: 'DESCRIBE on the database default',
      help: `Query engines usually look into it. An administrator of ${CatalogId} grants it.`,
    };
    return Promise.all([
      this.#link(DatabaseName, Name, `${hub}.${table}`),
      this.#described(principal, { Table: { CatalogId, DatabaseName, Name } }, describable),
      this.#described(principal, { Database: { CatalogId, Name: 'default' } }, byDefault),
    ]);
  }

  async #link(DatabaseName: string, Name: string, wanted: string): Promise<OwnFinding> {
    const what = `link ${DatabaseName}.${Name}`;
    try {
      const { Table } = await this.#glue.send(new GetTableCommand({ DatabaseName, Name }));
      const target = Table?.TargetTable;
      const found = target && `${target.CatalogId}.${target.DatabaseName}.${target.Name}`;
      if (found === wanted) return { what, state: 'there' };
      const help = `There is ${found ? `a link to ${found}` : 'a table'} of that name, which Trellis does not touch. Remove or rename it.`;
      return { what, state: 'missing', help };
    } catch (error) {
      if (isError(error, 'EntityNotFoundException'))
        return {
          what,
          state: 'missing',
          help: 'Trellis makes it with the grant, and removes it with the last one of the account.',
        };
      return unseen(what, error);
    }
  }

  /** Any permission shows that it may be described. A list that shows none proves nothing to one who is no administrator. */
  async #described(
    principal: string,
    Resource: Resource,
    { what, help }: { what: string; help: string },
  ): Promise<OwnFinding> {
    try {
      for await (const { PrincipalResourcePermissions: entries = [] } of paginateListPermissions(
        { client: this.#lake },
        { Resource },
      )) {
        const theirs = entries.filter(({ Principal }) =>
          [principal, EVERYBODY].includes(Principal?.DataLakePrincipalIdentifier ?? ''),
        );
        if (theirs.some(({ Permissions = [] }) => Permissions.length > 0)) return { what, state: 'there' };
      }
      return {
        what,
        state: 'missing',
        help: `${help} Not listed for you, which proves it only to an administrator of the data lake.`,
      };
    } catch (error) {
      if (isError(error, 'EntityNotFoundException'))
        return { what, state: 'missing', help: `It is not there. ${help}` };
      return unseen(what, error);
    }
  }
}

/** A refused look proves nothing, and is no fault of the explanation. @throws any other */
function unseen(what: string, error: unknown): OwnFinding {
  if (error instanceof Error && error.name.startsWith('AccessDenied'))
    return { what, state: 'unseen', help: `You may not look: ${error.message}` };
  throw error;
}
