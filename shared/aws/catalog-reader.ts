import { GetTableCommand, type GlueClient, paginateGetDatabases, paginateGetTables } from '@aws-sdk/client-glue';
import { type DynamoDBDocumentClient, paginateQuery, type QueryCommandInput } from '@aws-sdk/lib-dynamodb';
import type { ActiveGrant } from '../access/access-request.ts';
import type { PairRecord } from '../access/pair-record.ts';
import type { CatalogReader, ReadingGrant, Viewer } from '../catalog/browse-catalog.ts';
import type { KeptOutTable, PartitionsState } from '../catalog/describe-table.ts';
import type { Quarantine } from '../catalog/table-marks.ts';
import type { TableContent } from '../catalog/table-snapshot.ts';
import { isError } from './aws-errors.ts';
import { toContent } from './glue-tables.ts';
import { HOLDER_INDEX, OWNER_INDEX, pairPrefix, partitionsKey, quarantineKey } from './ledger-keys.ts';

/** Source: Glue API reference, GetDatabases and GetTables, `MaxResults`. */
const PAGE = 100;

type Item = Record<string, unknown>;

/** The central catalog and the ledger for people, with the rights of whoever looks: the hub's own, or those of the reader role. */
export class AwsCatalogReader implements CatalogReader {
  readonly viewer: Viewer;
  readonly #glue: GlueClient;
  readonly #documents: DynamoDBDocumentClient;
  readonly #ledger: string;

  constructor(glue: GlueClient, documents: DynamoDBDocumentClient, ledgerTable: string, viewer: Viewer) {
    this.viewer = viewer;
    this.#glue = glue;
    this.#documents = documents;
    this.#ledger = ledgerTable;
  }

  async *databases(): AsyncIterable<string[]> {
    for await (const { DatabaseList = [] } of paginateGetDatabases({ client: this.#glue, pageSize: PAGE }, {}))
      yield DatabaseList.filter(({ TargetDatabase }) => !TargetDatabase).map(({ Name = '' }) => Name);
  }

  async *tables(DatabaseName: string): AsyncIterable<TableContent[]> {
    try {
      for await (const { TableList = [] } of paginateGetTables(
        { client: this.#glue, pageSize: PAGE },
        { DatabaseName },
      ))
        yield TableList.map(toContent);
    } catch (error) {
      if (!isError(error, 'EntityNotFoundException')) throw error;
    }
  }

  async table(DatabaseName: string, Name: string): Promise<TableContent | undefined> {
    try {
      const { Table } = await this.#glue.send(new GetTableCommand({ DatabaseName, Name }));
      return Table && toContent(Table);
    } catch (error) {
      if (isError(error, 'EntityNotFoundException')) return undefined;
      throw error;
    }
  }

  async partitions(domain: string, database: string): Promise<ReadonlyMap<string, PartitionsState>> {
    const { pk, sk } = partitionsKey(domain, database);
    const states = new Map<string, PartitionsState>();
    for await (const items of this.#items(pk, sk))
      for (const item of items) states.set(String(item.sk).slice(sk.length), toPartitionsState(item));
    return states;
  }

  async partitionsOf(domain: string, database: string, table: string): Promise<PartitionsState | undefined> {
    const item = await this.#item(partitionsKey(domain, database, table));
    return item && toPartitionsState(item);
  }

  async *keptOut(domain: string): AsyncIterable<KeptOutTable[]> {
    for await (const items of this.#items(quarantineKey(domain, '', '').pk))
      yield items.map(({ sk, quarantine }) => {
        const [database = '', ...table] = String(sk).split('.');
        return { database, table: table.join('.'), quarantine: quarantine as Quarantine };
      });
  }

  async keptOutOf(domain: string, database: string, table: string): Promise<Quarantine | undefined> {
    return (await this.#item(quarantineKey(domain, database, table)))?.quarantine as Quarantine | undefined;
  }

  async grants(table: string, owner: string | undefined): Promise<ReadingGrant[]> {
    const { account, hub } = this.viewer;
    const { pk, sk } = pairPrefix(table);
    const pages = account === hub ? this.#items(pk, sk) : this.#ownItems(pk, account === owner);
    const grants: ReadingGrant[] = [];
    for await (const items of pages) grants.push(...items.flatMap(toGrants));
    return grants.sort((a, b) => (order(a) < order(b) ? -1 : 1));
  }

  /** The ledger's items of one partition whose sort key begins so, a page at a time. */
  #items(pk: string, sk?: string): AsyncIterable<Item[]> {
    return this.#query({
      KeyConditionExpression: sk === undefined ? 'pk = :pk' : 'pk = :pk AND begins_with(sk, :sk)',
      ExpressionAttributeValues: { ':pk': pk, ...(sk !== undefined && { ':sk': sk }) },
    });
  }

  /** A single item, by a query: the reader role has no other way. */
  async #item({ pk, sk }: { pk: string; sk: string }): Promise<Item | undefined> {
    const pages = this.#query({
      KeyConditionExpression: 'pk = :pk AND sk = :sk',
      ExpressionAttributeValues: { ':pk': pk, ':sk': sk },
    });
    for await (const [item] of pages) if (item) return item;
    return undefined;
  }

  /** What concerns the viewer's account under a key: as the owner, or as the one who reads. */
  #ownItems(pk: string, isOwner: boolean): AsyncIterable<Item[]> {
    const index = isOwner ? OWNER_INDEX : HOLDER_INDEX;
    return this.#query({
      IndexName: index,
      KeyConditionExpression: '#account = :account AND pk = :pk',
      ExpressionAttributeNames: { '#account': index },
      ExpressionAttributeValues: { ':account': this.viewer.account, ':pk': pk },
    });
  }

  async *#query(input: Omit<QueryCommandInput, 'TableName'>): AsyncIterable<Item[]> {
    const pages = paginateQuery({ client: this.#documents }, { TableName: this.#ledger, ...input });
    for await (const { Items = [] } of pages) yield Items;
  }
}

function toPartitionsState({ changedAt, changes, keptOut }: Item): PartitionsState {
  // An item whose table's partitions were looked at and never changed has no time.
  return { ...(typeof changedAt === 'string' && { changedAt }), changes: texts(changes), keptOut: texts(keptOut) };
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function toGrants({ record, grants }: Item): ReadingGrant[] {
  const { principal } = record as PairRecord;
  return ((grants ?? []) as ActiveGrant[]).map(grant => ({ principal, ...grant }));
}

function order({ principal, requestId }: ReadingGrant): string {
  return `${principal}\n${requestId}`;
}
