import {
  CreateDatabaseCommand,
  CreateTableCommand,
  DeleteTableCommand,
  GetTableCommand,
  type GlueClient,
  paginateGetTables,
  UpdateTableCommand,
} from '@aws-sdk/client-glue';
import {
  type CentralTables,
  type DatabaseContent,
  DatabaseMissingError,
  TableChangedError,
} from '../catalog/catalog-ports.ts';
import type { CentralSnapshot } from '../catalog/plan-table-sync.ts';
import type { TableContent } from '../catalog/table-snapshot.ts';
import { isError } from './aws-errors.ts';
import { GlueCentralPartitions } from './central-partitions.ts';
import { toContent, toTableInput } from './glue-tables.ts';

/** The central catalog. The role behind it is the only one that writes there: nobody but a table's maker can drop it. */
export class GlueCentralTables extends GlueCentralPartitions implements CentralTables {
  readonly #glue: GlueClient;

  constructor(glue: GlueClient) {
    super(glue);
    this.#glue = glue;
  }

  async read(database: string, table: string): Promise<CentralSnapshot | undefined> {
    try {
      const { Table } = await this.#glue.send(new GetTableCommand({ DatabaseName: database, Name: table }));
      return Table && { content: toContent(Table), versionId: Table.VersionId ?? '0' };
    } catch (error) {
      if (isError(error, 'EntityNotFoundException')) return undefined;
      throw error;
    }
  }

  async create(DatabaseName: string, content: TableContent): Promise<void> {
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

  async createDatabase(Name: string, { description }: DatabaseContent): Promise<void> {
    const Description =
      description ?? `Governed copies of the tables of ${Name.replace('_', ', database ')}. Written by Trellis alone.`;
    try {
      await this.#glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name, Description } }));
    } catch (error) {
      if (!isError(error, 'AlreadyExistsException')) throw error;
    }
  }

  async *tableNames(DatabaseName: string): AsyncGenerator<string[]> {
    try {
      for await (const { TableList = [] } of paginateGetTables(
        { client: this.#glue },
        { DatabaseName, MaxResults: 100 },
      ))
        yield TableList.map(({ Name = '' }) => Name);
    } catch (error) {
      // Nothing of it was ever published.
      if (!isError(error, 'EntityNotFoundException')) throw error;
    }
  }
}
