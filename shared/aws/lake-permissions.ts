import {
  BatchRevokePermissionsCommand,
  CreateDataCellsFilterCommand,
  DeleteDataCellsFilterCommand,
  GrantPermissionsCommand,
  type LakeFormationClient,
  type PrincipalResourcePermissions,
  paginateListDataCellsFilter,
  paginateListPermissions,
} from '@aws-sdk/client-lakeformation';
import type { Pair } from '../access/access-request.ts';
import type { LakePermissions } from '../access/converge-pair.ts';
import { type CellFilter, DESCRIPTION, isDescription } from '../access/entitlement.ts';
import { type ActualAccess, permissionsOf } from '../access/plan-converge.ts';
import { isError } from './aws-errors.ts';
import { retryOn } from './retry-on.ts';

/** Source: Lake Formation API reference, BatchRevokePermissions. */
const BATCH_ENTRIES = 20;

/** "Permission update failed for resource, please retry in a short while": two changes of one resource at once. */
const CONFLICTS = ['ConcurrentModificationException', 'OperationTimeoutException'];
/** Right after a filter is created a read can miss it for a while. Source: Terraform's AWS provider, which waits for it. */
const NOT_YET_VISIBLE = 'EntityNotFoundException';

/** Lake Formation in the hub's account: data cells filters on central tables, granted to consumers' principals. */
export class LakeFormationPermissions implements LakePermissions {
  readonly #client: LakeFormationClient;
  readonly #catalogId: string;

  constructor(client: LakeFormationClient, hubAccount: string) {
    this.#client = client;
    this.#catalogId = hubAccount;
  }

  /**
   * Lists by table and picks the principal here: asked with a principal of another account, Lake Formation answers with nothing for
   * filters although the grant exists (Terraform AWS provider issue 48360). IncludeRelated brings the filters' grants. Both lists are "filtered by
   * the permissions of the caller" (API reference, ListPermissions): what they show is there, what they do not show may be there all the same.
   */
  async read({ principal, table }: Pair): Promise<ActualAccess> {
    const place = this.#place(table);
    const [filters, permissions] = await Promise.all([this.#filters(place), this.#permissions(place)]);
    const granted = new Map<string, string[]>();
    const others: string[] = [];
    for (const entry of permissions) {
      if (entry.Principal?.DataLakePrincipalIdentifier !== principal) continue;
      const name = entry.Resource?.DataCellsFilter?.Name;
      const held = [...(entry.Permissions ?? [])];
      if (name !== undefined && !isDescription({ name })) {
        granted.set(name, [...(granted.get(name) ?? []), ...held]);
        continue;
      }
      if (name !== undefined || entry.Resource?.Table?.TableWildcard) {
        others.push(`${held.join(', ')} on ${name === undefined ? 'all tables' : `the filter ${name}`}`);
        continue;
      }
      const isOfTable = entry.Resource?.TableWithColumns === undefined;
      const rest = held.filter(permission => !(isOfTable && permission === 'DESCRIBE'));
      if (rest.length < held.length) granted.set(DESCRIPTION.name, ['DESCRIBE']);
      if (rest.length > 0) others.push(`${rest.join(', ')} on the ${isOfTable ? 'table' : 'columns'}`);
    }
    return filters ? { filters, granted, others } : { filters: new Set(), granted, others, isTableGone: true };
  }

  /** @returns undefined when the table itself is not there. */
  async #filters({ DatabaseName, TableName }: Place): Promise<Set<string> | undefined> {
    const names = new Set<string>();
    const table = { CatalogId: this.#catalogId, DatabaseName, Name: TableName };
    try {
      for await (const page of paginateListDataCellsFilter(
        { client: this.#client },
        { Table: table, MaxResults: 1000 },
      )) {
        for (const { Name = '' } of page.DataCellsFilters ?? []) if (!isDescription({ name: Name })) names.add(Name);
      }
    } catch (error) {
      // The table has gone, and its filters and grants with it. Source: Lake Formation guide, "deleted and recreated: grants do not come back".
      if (!isError(error, 'EntityNotFoundException')) throw error;
      return undefined;
    }
    return names;
  }

  async #permissions({ DatabaseName, TableName }: Place): Promise<PrincipalResourcePermissions[]> {
    const entries: PrincipalResourcePermissions[] = [];
    const Resource = { Table: { CatalogId: this.#catalogId, DatabaseName, Name: TableName } };
    try {
      const pages = paginateListPermissions(
        { client: this.#client },
        { Resource, IncludeRelated: 'TRUE', MaxResults: 1000 },
      );
      for await (const page of pages) entries.push(...(page.PrincipalResourcePermissions ?? []));
    } catch (error) {
      if (!isError(error, 'EntityNotFoundException')) throw error;
    }
    return entries;
  }

  async createFilter(table: string, { name, columns, rowFilter }: CellFilter): Promise<void> {
    const { DatabaseName, TableName } = this.#place(table);
    const TableData = {
      TableCatalogId: this.#catalogId,
      DatabaseName,
      TableName,
      Name: name,
      ColumnNames: columns,
      RowFilter: rowFilter === null ? { AllRowsWildcard: {} } : { FilterExpression: rowFilter },
    };
    try {
      await retryOn(CONFLICTS, () => this.#client.send(new CreateDataCellsFilterCommand({ TableData })));
    } catch (error) {
      // Its name says its content: the one that is there is the same.
      if (!isError(error, 'AlreadyExistsException')) throw error;
    }
  }

  async grant({ principal, table }: Pair, entry: CellFilter): Promise<void> {
    const command = new GrantPermissionsCommand({
      CatalogId: this.#catalogId,
      Principal: { DataLakePrincipalIdentifier: principal },
      Resource: this.#resource(table, entry),
      Permissions: [...permissionsOf(entry)],
    });
    await retryOn([...CONFLICTS, NOT_YET_VISIBLE], () => this.#client.send(command));
  }

  async revoke({ principal, table }: Pair, entries: readonly CellFilter[]): Promise<void> {
    for (let start = 0; start < entries.length; start += BATCH_ENTRIES) {
      await retryOn(CONFLICTS, () => this.#revokeBatch(principal, table, entries.slice(start, start + BATCH_ENTRIES)));
    }
  }

  /** Lake Formation answers 200 with the entries that failed. @throws the first that is a fault. */
  async #revokeBatch(principal: string, table: string, entries: readonly CellFilter[]): Promise<void> {
    const Entries = entries.map(entry => ({
      Id: entry.name,
      Principal: { DataLakePrincipalIdentifier: principal },
      Resource: this.#resource(table, entry),
      Permissions: [...permissionsOf(entry)],
    }));
    const { Failures = [] } = await this.#client.send(
      new BatchRevokePermissionsCommand({ CatalogId: this.#catalogId, Entries }),
    );
    for (const { RequestEntry, Error: failure } of Failures) {
      if (isAlreadyRevoked(failure?.ErrorMessage ?? '')) continue;
      const error = new Error(
        `Revoking ${RequestEntry?.Id} from ${principal} on ${table} failed: ${failure?.ErrorMessage}`,
      );
      error.name = failure?.ErrorCode ?? 'RevokeFailed';
      throw error;
    }
  }

  async deleteFilter(table: string, filterName: string): Promise<void> {
    const { DatabaseName, TableName } = this.#place(table);
    const command = new DeleteDataCellsFilterCommand({
      TableCatalogId: this.#catalogId,
      DatabaseName,
      TableName,
      Name: filterName,
    });
    try {
      await retryOn(CONFLICTS, () => this.#client.send(command));
    } catch (error) {
      if (!isError(error, 'EntityNotFoundException')) throw error;
    }
  }

  #place(table: string): Place {
    const [DatabaseName = '', TableName = ''] = table.split('.');
    return { DatabaseName, TableName };
  }

  #resource(table: string, entry: CellFilter) {
    const { DatabaseName, TableName } = this.#place(table);
    return isDescription(entry)
      ? { Table: { CatalogId: this.#catalogId, DatabaseName, Name: TableName } }
      : { DataCellsFilter: { TableCatalogId: this.#catalogId, DatabaseName, TableName, Name: entry.name } };
  }
}

interface Place {
  DatabaseName: string;
  TableName: string;
}

/**
 * "No permissions revoked. Grantee has no permissions and no grantable permissions on resource." and "Cell Filter not found" mean that
 * there is nothing left to revoke. Both texts are from AWS's Ranger-to-Lake-Formation converter and Terraform's provider; the look-again
 * after every revoke does not rest on them.
 */
function isAlreadyRevoked(message: string): boolean {
  return /no permissions revoked|cell filter not found/i.test(message);
}
