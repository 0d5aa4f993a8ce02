/**
 * The engine of one query: a DuckDB instance of its own that has views of the granted data, may open the files of those views, and can reach nothing else.
 * The check of the statement (`statement.ts`) is the first guard, this the second.
 */
import { type DuckDBConnection, DuckDBInstance, type DuckDBPreparedStatement } from '@duckdb/node-api';
import { quoteName, quoteText } from './column-types.ts';
import { readFiles } from './table-view.ts';

const MEMORY_LIMIT = '256MB';
const THREADS = '2';

/** The catalog's name in queries: `AwsDataCatalog.db.table`. */
const CATALOG = 'awsdatacatalog';

export class Sandbox {
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection) {
    this.#instance = instance;
    this.#connection = connection;
  }

  static async open(): Promise<Sandbox> {
    const instance = await DuckDBInstance.create(':memory:', { memory_limit: MEMORY_LIMIT, threads: THREADS });
    const connection = await instance.connect();
    const sandbox = new Sandbox(instance, connection);
    await sandbox.#set({
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
      errors_as_json: 'true',
      // What does not fit in memory fails, as in Athena, instead of filling the disk.
      temp_directory: "''",
      TimeZone: "'UTC'",
      // Trino divides integers to an integer.
      integer_division: 'true',
    });
    return sandbox;
  }

  /** The syntax tree of a query as JSON text; nothing is run. */
  async parse(sql: string): Promise<string> {
    const answer = await this.#connection.runAndReadAll('SELECT json_serialize_sql($1::VARCHAR)', [sql]);
    return String(answer.getRows()[0]![0]);
  }

  /** Lets the instance open these files and nothing else, now and for good. */
  async confine(files: string[], database: string): Promise<void> {
    await this.#set({ allowed_paths: `[${files.map(quoteText).join(', ')}]`, enable_external_access: 'false' });
    await this.#connection.run(`ATTACH ':memory:' AS ${CATALOG}`);
    await this.#connection.run(`CREATE SCHEMA ${CATALOG}.${quoteName(database)}`);
    await this.#connection.run(`USE ${CATALOG}.${quoteName(database)}`);
    await this.#set({ lock_configuration: 'true' });
  }

  /** Names of the columns in any of the files, in lower case. */
  async fileColumns(files: string[]): Promise<Set<string>> {
    const answer = await this.#connection.runAndReadAll(
      `SELECT lower(column_name) FROM (DESCRIBE SELECT * FROM ${readFiles(files)})`,
    );
    return new Set(answer.getRows().map(([name]) => String(name)));
  }

  async createView(database: string, name: string, query: string): Promise<void> {
    await this.#connection.run(`CREATE SCHEMA IF NOT EXISTS ${CATALOG}.${quoteName(database)}`);
    await this.#connection.run(`CREATE VIEW ${CATALOG}.${quoteName(database)}.${quoteName(name)} AS ${query}`);
  }

  /** Binds the query: every name and type in it is known to be right. */
  prepare(sql: string): Promise<DuckDBPreparedStatement> {
    return this.#connection.prepare(sql);
  }

  /** Stops what runs: it rejects with an INTERRUPT error. */
  interrupt(): void {
    this.#connection.interrupt();
  }

  dispose(): void {
    this.#connection.closeSync();
    this.#instance.closeSync();
  }

  async #set(settings: Record<string, string>): Promise<void> {
    for (const [name, value] of Object.entries(settings)) await this.#connection.run(`SET GLOBAL ${name} = ${value}`);
  }
}
