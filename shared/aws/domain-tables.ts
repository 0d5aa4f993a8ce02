import { GetTablesCommand, type GlueClient, paginateGetDatabases } from '@aws-sdk/client-glue';
import type { DomainTables, TablePage } from '../access/share-back-domain.ts';
import { isError } from './aws-errors.ts';

/** The database that is being listed, and Glue's token of its next page; without one, all of its tables were listed. */
interface Place {
  database: string;
  token?: string;
}

/** A domain's tables in the central catalog, database by database in the order of their names, a page of Glue's at a time. */
export class GlueDomainTables implements DomainTables {
  readonly #glue: GlueClient;
  /** By domain, as they were when its list was begun here: a table that comes later has an event of its own. */
  readonly #databases = new Map<string, string[]>();

  constructor(glue: GlueClient) {
    this.#glue = glue;
  }

  async list(domain: string, from: string | undefined): Promise<TablePage> {
    const place = from === undefined ? undefined : (JSON.parse(from) as Place);
    if (!place) this.#databases.delete(domain);
    if (place?.token !== undefined) return this.#tables(place.database, place.token);
    const database = (await this.#databasesOf(domain)).find(name => !place || name > place.database);
    return database === undefined ? { tables: [] } : this.#tables(database);
  }

  async #databasesOf(domain: string): Promise<string[]> {
    const known = this.#databases.get(domain);
    if (known) return known;
    const names: string[] = [];
    for await (const { DatabaseList = [] } of paginateGetDatabases({ client: this.#glue, pageSize: 100 }, {}))
      names.push(...DatabaseList.map(({ Name = '' }) => Name).filter(name => name.startsWith(`${domain}_`)));
    names.sort();
    this.#databases.set(domain, names);
    return names;
  }

  async #tables(DatabaseName: string, NextToken?: string): Promise<TablePage> {
    const page = new GetTablesCommand({ DatabaseName, MaxResults: 100, ...(NextToken !== undefined && { NextToken }) });
    try {
      const { TableList = [], NextToken: token } = await this.#glue.send(page);
      const next: Place = { database: DatabaseName, ...(token && { token }) };
      return { tables: TableList.map(({ Name = '' }) => `${DatabaseName}.${Name}`), next: JSON.stringify(next) };
    } catch (error) {
      // Gone meanwhile, and its tables with it.
      if (isError(error, 'EntityNotFoundException'))
        return { tables: [], next: JSON.stringify({ database: DatabaseName }) };
      // Glue takes its tokens for a while only: the database from its beginning then.
      if (NextToken !== undefined && isError(error, 'InvalidInputException')) return this.#tables(DatabaseName);
      throw error;
    }
  }
}
