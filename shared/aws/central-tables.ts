import {
  CreateDatabaseCommand,
  CreateTableCommand,
  type DatabaseInput,
  DeleteDatabaseCommand,
  DeleteTableCommand,
  GetDatabaseCommand,
  GetTableCommand,
  type GlueClient,
  type Table,
  UpdateDatabaseCommand,
  UpdateTableCommand,
} from '@aws-sdk/client-glue';
import {
  type CentralTables,
  DatabaseMissingError,
  DatabaseOfAnotherError,
  DomainLeftError,
  TableChangedError,
} from '../catalog/catalog-ports.ts';
import type { CentralSnapshot } from '../catalog/plan-table-sync.ts';
import type { DatabaseContent, TableContent } from '../catalog/table-snapshot.ts';
import { isError } from './aws-errors.ts';
import { GlueCentralPartitions } from './central-partitions.ts';
import { toContent, toDatabaseContent, toTableInput } from './glue-tables.ts';
import { listDatabases, listTables } from './producer-catalog.ts';

/** The central catalog. The role behind it is the only one that writes there: nobody but a table's maker can drop it. */
export class GlueCentralTables extends GlueCentralPartitions implements CentralTables {
  readonly #glue: GlueClient;
  readonly #isInMesh: (domain: string) => Promise<boolean>;

  /**
   * @param isInMesh whether the mesh in force has the domain, asked anew before anything is made. A function that runs for a quarter of an hour may go by
   * a mesh of that long ago.
   */
  constructor(glue: GlueClient, isInMesh: (domain: string) => Promise<boolean> = async () => true) {
    super(glue);
    this.#glue = glue;
    this.#isInMesh = isInMesh;
  }

  /** @throws DomainLeftError */
  async #refuseWhatLeft(database: string): Promise<void> {
    const [domain = ''] = database.split('_');
    if (!(await this.#isInMesh(domain))) throw new DomainLeftError(database, domain);
  }

  async read(database: string, table: string): Promise<CentralSnapshot | undefined> {
    try {
      const { Table } = await this.#glue.send(new GetTableCommand({ DatabaseName: database, Name: table }));
      return Table && toCentralSnapshot(Table);
    } catch (error) {
      if (isError(error, 'EntityNotFoundException')) return undefined;
      throw error;
    }
  }

  async create(DatabaseName: string, content: TableContent): Promise<void> {
    await this.#refuseWhatLeft(DatabaseName);
    try {
      await this.#glue.send(new CreateTableCommand({ DatabaseName, TableInput: toTableInput(content) }));
    } catch (error) {
      if (isError(error, 'EntityNotFoundException')) throw new DatabaseMissingError(DatabaseName, { cause: error });
      if (!isError(error, 'AlreadyExistsException')) throw error;
      throw new TableChangedError(DatabaseName, content.Name, { cause: error });
    }
  }

  async update(database: string, content: TableContent, versionId: string, keepVersion: boolean): Promise<void> {
    const command = new UpdateTableCommand({
      DatabaseName: database,
      TableInput: toTableInput(content),
      VersionId: versionId,
      SkipArchive: !keepVersion,
    });
    try {
      await this.#glue.send(command);
    } catch (error) {
      if (!isError(error, 'ConcurrentModificationException', 'EntityNotFoundException')) throw error;
      throw new TableChangedError(database, content.Name, { cause: error });
    }
  }

  async remove(DatabaseName: string, Name: string): Promise<void> {
    try {
      await this.#glue.send(new DeleteTableCommand({ DatabaseName, Name }));
    } catch (error) {
      if (!isError(error, 'EntityNotFoundException')) throw error;
    }
  }

  async createDatabase(Name: string, content: DatabaseContent): Promise<void> {
    await this.#refuseWhatLeft(Name);
    try {
      await this.#glue.send(new CreateDatabaseCommand({ DatabaseInput: toDatabaseInput(Name, content) }));
    } catch (error) {
      if (!isError(error, 'AlreadyExistsException')) throw error;
    }
  }

  async readDatabase(Name: string): Promise<DatabaseContent | undefined> {
    try {
      const { Database } = await this.#glue.send(new GetDatabaseCommand({ Name }));
      return Database && toDatabaseContent(Database);
    } catch (error) {
      if (isError(error, 'EntityNotFoundException')) return undefined;
      throw error;
    }
  }

  async updateDatabase(Name: string, content: DatabaseContent): Promise<void> {
    await this.#glue.send(new UpdateDatabaseCommand({ Name, DatabaseInput: toDatabaseInput(Name, content) }));
  }

  async removeDatabase(Name: string): Promise<void> {
    try {
      await this.#glue.send(new DeleteDatabaseCommand({ Name }));
    } catch (error) {
      // Lake Formation lets who made a database drop it, and nobody else. Source: its guide, "Implicit Lake Formation permissions".
      if (isError(error, 'AccessDeniedException')) throw new DatabaseOfAnotherError(Name, { cause: error });
      if (!isError(error, 'EntityNotFoundException')) throw error;
    }
  }

  databaseNames(): AsyncGenerator<string[]> {
    return listDatabases(this.#glue);
  }

  async *tablePages(database: string, from?: string) {
    try {
      for await (const { tables, next } of listTables(this.#glue, database, from))
        yield { tables: tables.map(toCentralSnapshot), next };
    } catch (error) {
      // Nothing of it was ever published.
      if (!isError(error, 'EntityNotFoundException')) throw error;
    }
  }
}

function toCentralSnapshot(table: Table): CentralSnapshot {
  return { content: toContent(table), versionId: table.VersionId ?? '0' };
}

function toDatabaseInput(Name: string, { description }: DatabaseContent): DatabaseInput {
  return { Name, ...(description && { Description: description }) };
}
