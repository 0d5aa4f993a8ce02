import { statSync } from 'node:fs';
import { requireRoleRead } from './caller-rights.ts';
import type { DataFiles } from './data-files.ts';
import { explainEngineError, explainTableError, QueryFailure } from './query-failure.ts';
import { type Query, type ReadableTable, type Rights, resolveTable } from './resolve-table.ts';
import { columnInfos, type ResultSet, ResultWriter } from './result-set.ts';
import { Sandbox } from './sandbox.ts';
import { readStatement, type Statement } from './statement.ts';
import { type TablePart, tableLocations, tableParts } from './table-files.ts';
import { type FileGroup, viewQuery } from './table-view.ts';

export interface QueryOutcome {
  result: ResultSet;
  /** The size of the files of the tables read. Simplification: Athena counts the columns and row groups that it really read. */
  scannedBytes: number;
}

/**
 * Runs one SELECT with the caller's rights, and leaves a GetDataAccess record for each table read through Lake Formation.
 * Throws QueryFailure with Athena's text for what the query or the rights are to blame for; an aborted one rejects with an engine error.
 * Simplifications: DuckDB's dialect stands in for Trino's, and `current_timestamp` is the machine's time, not the mesh's.
 */
export async function runQuery(
  query: Query & { id: string; signal: AbortSignal },
  rights: Rights,
  files: DataFiles,
): Promise<QueryOutcome> {
  const sandbox = await Sandbox.open();
  const interrupt = () => sandbox.interrupt();
  query.signal.addEventListener('abort', interrupt);
  try {
    const statement = readStatement(await sandbox.parse(query.sql), query.sql);
    const tables = resolveTables(query, statement, rights);
    const parts = new Map(tables.map(table => [table, tableParts(table, rights.contents(), files)]));
    const paths = [...parts.values()].flat().flatMap(part => part.files);
    await sandbox.confine(paths, query.database);
    for (const [table, itsParts] of parts) await createView(sandbox, table, itsParts);
    const result = await execute(sandbox, query, statement, () => {
      // An interrupt is heard only by what runs: here is the last place to look.
      query.signal.throwIfAborted();
      recordReads(query, tables, rights);
      for (const table of tables) requireDataRead(table, rights);
    });
    return { result, scannedBytes: paths.reduce((bytes, path) => bytes + statSync(path).size, 0) };
  } finally {
    query.signal.removeEventListener('abort', interrupt);
    sandbox.dispose();
  }
}

function resolveTables(query: Query, statement: Statement, rights: Rights): ReadableTable[] {
  const byName = new Map<string, ReadableTable>();
  for (const reference of statement.tables) {
    const key = JSON.stringify([reference.database ?? query.database, reference.name]);
    if (!byName.has(key)) byName.set(key, resolveTable(reference, query, statement, rights));
  }
  return [...byName.values()];
}

async function createView(sandbox: Sandbox, readable: ReadableTable, parts: TablePart[]): Promise<void> {
  const shape = {
    columns: readable.table.StorageDescriptor?.Columns ?? [],
    partitionKeys: readable.table.PartitionKeys ?? [],
  };
  try {
    const groups: FileGroup[] = [];
    for (const part of parts) groups.push({ ...part, fileColumns: await sandbox.fileColumns(part.files) });
    await sandbox.createView(readable.database, readable.name, viewQuery(shape, groups, readable.filters));
  } catch (error) {
    throw explainTableError(error, `${readable.database}.${readable.name}`);
  }
}

async function execute(sandbox: Sandbox, query: Query, statement: Statement, bound: () => void): Promise<ResultSet> {
  try {
    const prepared = await sandbox.prepare(query.sql);
    // Every name is resolved: now Athena asks for the data.
    bound();
    const answer = await prepared.stream();
    const writer = new ResultWriter(columnInfos(answer, statement.unnamedColumns), answer.columnTypes());
    for await (const chunk of answer) {
      if (!writer.add(chunk.getRows()))
        throw new QueryFailure(
          `The result has more than ${writer.rowLimit} rows, as many as the local mesh's Athena keeps. Add a LIMIT.`,
        );
    }
    return writer.finish();
  } catch (error) {
    throw explainEngineError(error, query.sql, statement);
  }
}

/** Lake Formation has let the caller in; what it vends is a session of the role that the location is registered with. */
function requireDataRead(table: ReadableTable, rights: Rights): void {
  if (!table.filters) return;
  for (const location of tableLocations(table, rights.contents())) {
    const role = rights.access().registeredRole(table.owner, location);
    // Simplification: a partition outside every registered location, under a table inside one, is read without asking.
    if (role !== undefined) requireRoleRead(rights, role, location);
  }
}

function recordReads({ caller, id }: Query & { id: string }, tables: ReadableTable[], rights: Rights): void {
  // A table that several names lead to counts once. Where Lake Formation does not decide, it vends nothing and knows nothing of the read.
  const read = new Map(tables.filter(table => table.filters).map(table => [table.tableArn, table]));
  for (const { owner, tableArn, linkArn } of read.values())
    rights.access().recordAccess({ caller, owner, tableArn, linkArn, queryId: id });
}
