import { GetTableCommand, type GlueClient } from '@aws-sdk/client-glue';
import {
  type LakeFormationClient,
  type ListPermissionsCommandInput,
  paginateListPermissions,
  type Resource,
} from '@aws-sdk/client-lakeformation';
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
    return Promise.all([
      this.#link(DatabaseName, Name, `${hub}.${table}`),
      this.#described({
        what: `DESCRIBE on the link ${link}`,
        help: 'Trellis gives it with the link.',
        principal,
        // Asked about a link, Lake Formation refuses; among the grants on all tables it is listed.
        query: { CatalogId, ResourceType: 'TABLE' },
        isMeant: ({ Table: of }) => of?.DatabaseName === DatabaseName && of.Name === Name,
      }),
      // Source: Lake Formation guide, troubleshooting of Athena: it looks into `default`, whatever is queried.
      this.#described({
        what: 'DESCRIBE on the database default',
        help: `Query engines usually look into it. An administrator of ${CatalogId} grants it.`,
        principal,
        query: { CatalogId, Resource: { Database: { CatalogId, Name: 'default' } } },
        isMeant: () => true,
      }),
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
  async #described({ what, help, principal, query, isMeant }: Described): Promise<OwnFinding> {
    try {
      for await (const { PrincipalResourcePermissions: entries = [] } of paginateListPermissions(
        { client: this.#lake },
        { ...query, MaxResults: 1000 },
      )) {
        const isThere = entries.some(
          ({ Principal, Resource, Permissions = [] }) =>
            [principal, EVERYBODY].includes(Principal?.DataLakePrincipalIdentifier ?? '') &&
            Permissions.length > 0 &&
            isMeant(Resource ?? {}),
        );
        if (isThere) return { what, state: 'there' };
      }
      return { what, state: 'missing', help: `${help} It is not listed, which is certain for an administrator only.` };
    } catch (error) {
      if (isError(error, 'EntityNotFoundException'))
        return { what, state: 'missing', help: `It is not there. ${help}` };
      return unseen(what, error);
    }
  }
}

/** A permission that is looked for among those that a list shows. */
interface Described {
  what: string;
  help: string;
  principal: string;
  query: ListPermissionsCommandInput;
  isMeant(resource: Resource): boolean;
}

/** A refused look proves nothing, and is no fault of the explanation. @throws any other */
function unseen(what: string, error: unknown): OwnFinding {
  if (error instanceof Error && error.name.startsWith('AccessDenied'))
    return { what, state: 'unseen', help: `You may not look: ${error.message}` };
  throw error;
}
