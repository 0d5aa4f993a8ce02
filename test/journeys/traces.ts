/** What access leaves behind in the accounts: Lake Formation's entries, links, shares, dead letters. Read as the accounts' administrators. */
import { EntityNotFoundException, GetTableCommand, type Table } from '@aws-sdk/client-glue';
import {
  LakeFormationClient,
  paginateListDataCellsFilter,
  paginateListPermissions,
} from '@aws-sdk/client-lakeformation';
import { GetResourceShareAssociationsCommand, RAMClient } from '@aws-sdk/client-ram';
import { GetQueueAttributesCommand, ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import {
  ANALYTICS,
  AVIATION,
  administratorOf,
  CLIMATE,
  type Connection,
  glueOf,
  HUB,
} from '../../local/story/actors.ts';

export interface LakeEntry {
  principal: string;
  permissions: string[];
  /** The data cells filter, or what else the entry is on. */
  on: string;
}

/** `aviation_ops.flights` as Glue and Lake Formation name it. */
function placeOf(table: string): { DatabaseName: string; Name: string } {
  const [DatabaseName = '', Name = ''] = table.split('.');
  return { DatabaseName, Name };
}

/** All entries of principals of the consumer's account on a central table. */
export async function entriesOn(endpoint: string, table: string): Promise<LakeEntry[]> {
  const client = new LakeFormationClient(administratorOf(endpoint, HUB));
  const entries: LakeEntry[] = [];
  const Resource = { Table: { CatalogId: HUB, ...placeOf(table) } };
  for await (const page of paginateListPermissions({ client }, { Resource, IncludeRelated: 'TRUE' })) {
    for (const { Principal, Permissions = [], Resource: found } of page.PrincipalResourcePermissions ?? []) {
      const principal = Principal?.DataLakePrincipalIdentifier ?? '';
      const on = found?.DataCellsFilter?.Name ?? (found?.TableWithColumns ? 'columns' : 'table');
      if (principal.includes(`:${ANALYTICS}:`)) entries.push({ principal, permissions: [...Permissions], on });
    }
  }
  return entries;
}

export interface Filter {
  name: string;
  columns: string[];
  rows: string;
}

/** All data cells filters of a central table, by name. */
export async function filtersOn(endpoint: string, table: string): Promise<Filter[]> {
  const client = new LakeFormationClient(administratorOf(endpoint, HUB));
  const filters: Filter[] = [];
  const Table = { CatalogId: HUB, ...placeOf(table) };
  for await (const page of paginateListDataCellsFilter({ client }, { Table })) {
    for (const { Name = '', ColumnNames = [], RowFilter } of page.DataCellsFilters ?? [])
      filters.push({ name: Name, columns: ColumnNames, rows: RowFilter?.FilterExpression ?? 'all' });
  }
  return filters.sort((a, b) => a.name.localeCompare(b.name));
}

/** A table as the administrator of the account sees it; undefined when it is not there. */
export async function tableIn(who: Connection, table: string): Promise<Table | undefined> {
  try {
    return (await glueOf(who).send(new GetTableCommand(placeOf(table)))).Table;
  } catch (error) {
    if (error instanceof EntityNotFoundException) return undefined;
    throw error;
  }
}

/** The central tables of which the hub has a share under way or associated, as `database/table`. */
export async function sharedTables(endpoint: string): Promise<string[]> {
  const ram = new RAMClient(administratorOf(endpoint, HUB));
  const { resourceShareAssociations = [] } = await ram.send(
    new GetResourceShareAssociationsCommand({ associationType: 'RESOURCE' }),
  );
  return resourceShareAssociations
    .filter(({ status }) => status === 'ASSOCIATED' || status === 'ASSOCIATING')
    .map(({ associatedEntity = '' }) => associatedEntity.replace(/^.*:(table|database)\//, ''))
    .sort();
}

/** The dead-letter queues of the mesh that are not empty, with what they hold. */
export async function deadLetters(endpoint: string): Promise<Record<string, number>> {
  const held: Record<string, number> = {};
  let queues = 0;
  for (const account of [HUB, AVIATION, CLIMATE, ANALYTICS]) {
    const sqs = new SQSClient(administratorOf(endpoint, account));
    const { QueueUrls = [] } = await sqs.send(new ListQueuesCommand({ QueueNamePrefix: 'trellis-' }));
    for (const QueueUrl of QueueUrls.filter(url => url.endsWith('-dead'))) {
      queues++;
      const { Attributes } = await sqs.send(
        new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] }),
      );
      const messages = Number(Attributes?.ApproximateNumberOfMessages);
      if (messages > 0) held[`${account}/${QueueUrl.split('/').at(-1)}`] = messages;
    }
  }
  // Six of the hub, one of each other account: a rename must not make this look at nothing.
  if (queues !== 9) throw new Error(`The mesh has ${queues} dead-letter queues, not 9.`);
  return held;
}
