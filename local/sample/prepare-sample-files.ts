import { createHash } from 'node:crypto';
import { constants, existsSync } from 'node:fs';
import { copyFile, cp, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { engineType, quoteName, quoteText } from '../athena/column-types.ts';
import type { DataFiles } from '../athena/data-files.ts';
import { SAMPLE_DATABASES, type SampleTable } from './tables.ts';

// The package exports no path to its data, so it is found where npm puts it.
const PACKAGES = join(import.meta.dirname, '../../node_modules');
const PACKAGE_FILE = join(PACKAGES, 'vega-datasets/package.json');
const SOURCES = join(PACKAGES, 'vega-datasets/data');
const CACHE = join(PACKAGES, '.cache/trellis-sample');

/**
 * Puts the sample's Parquet files where the tables have their locations. They are made once for a version of the package and of the tables' definitions,
 * and copied from a cache beside the packages after that.
 */
export async function prepareSampleFiles(files: DataFiles): Promise<void> {
  const cached = await cachedFiles();
  for (const table of allTables()) {
    const folder = files.folderOf(table.location);
    // The copy shares its blocks with the cache where the file system can do that.
    await cp(join(cached, folderName(table)), folder, { recursive: true, mode: constants.COPYFILE_FICLONE });
  }
}

/** The folder of the made files, one folder a table; makes it when it is not there. */
async function cachedFiles(): Promise<string> {
  const { version } = JSON.parse(await readFile(PACKAGE_FILE, 'utf8'));
  const definitions = createHash('sha256').update(JSON.stringify(SAMPLE_DATABASES)).digest('hex').slice(0, 12);
  const folder = join(CACHE, `${version}-${definitions}`);
  if (existsSync(folder)) return folder;
  await mkdir(CACHE, { recursive: true });
  // Made aside and moved, so that a folder that is there is whole, and two boots at once do no harm.
  const making = await mkdtemp(join(CACHE, 'making-'));
  await makeFiles(making);
  try {
    await rename(making, folder);
  } catch (error) {
    await rm(making, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

async function makeFiles(root: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:', { memory_limit: '256MB', threads: '2' });
  const connection = await instance.connect();
  try {
    for (const table of allTables()) await makeTable(connection, table, join(root, folderName(table)));
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

async function makeTable(connection: DuckDBConnection, table: SampleTable, folder: string): Promise<void> {
  const source = join(SOURCES, table.source);
  await mkdir(folder, { recursive: true });
  // Parquet with the table's own columns needs no second encoding.
  if (table.source.endsWith('.parquet')) return copyFile(source, join(folder, 'data.parquet'));
  const [key] = table.partitionKeys;
  if (!key) return writeParquet(connection, table, folder, 'true');
  const values = await connection.runAndReadAll(
    `SELECT DISTINCT ${quoteName(key.Name)} FROM ${sourceRows(table)} ORDER BY ALL`,
  );
  for (const [value] of values.getRows()) {
    const partition = join(folder, `${key.Name}=${value}`);
    await mkdir(partition);
    await writeParquet(connection, table, partition, `${quoteName(key.Name)} = ${quoteText(String(value))}`);
  }
}

async function writeParquet(connection: DuckDBConnection, table: SampleTable, folder: string, rows: string) {
  const headers = await connection.runAndReadAll(
    `SELECT column_name FROM (DESCRIBE SELECT * FROM ${sourceRows(table)})`,
  );
  const headerOf = new Map(headers.getRows().map(([header]) => [snakeCase(String(header)), String(header)]));
  const columns = table.columns.map(
    ({ Name, Type }) => `CAST(${quoteName(headerOf.get(Name) ?? Name)} AS ${engineType(Type)}) AS ${quoteName(Name)}`,
  );
  await connection.run(
    `COPY (SELECT ${columns.join(', ')} FROM ${sourceRows(table)} WHERE ${rows})
     TO ${quoteText(join(folder, 'data.parquet'))} (FORMAT parquet, COMPRESSION zstd)`,
  );
}

function sourceRows(table: SampleTable): string {
  return `read_csv(${quoteText(join(SOURCES, table.source))}, header = true)`;
}

/** `Cost Total $` as `cost_total`. */
function snakeCase(header: string): string {
  return header
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_|_$/g, '');
}

function allTables(): SampleTable[] {
  return SAMPLE_DATABASES.flatMap(database => database.tables);
}

/** `s3://bucket/a/b/` as `bucket/a/b`. */
function folderName({ location }: SampleTable): string {
  return location.slice('s3://'.length).replace(/\/$/, '').split('/').join(sep);
}
