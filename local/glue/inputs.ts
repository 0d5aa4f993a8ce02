/** The members that Glue's inputs have, and no others. Source: the Glue service model (TableInput, DatabaseInput, PartitionInput). */
import { z } from 'zod';
import { notInLocalMesh } from '../core/aws-error.ts';
import type { GlueDatabase, GlueTable } from '../core/ports.ts';
import { REGION, type Wire } from '../core/service.ts';
import { brokenConstraint, invalidInput } from './glue-errors.ts';

const text = (longest: number) => z.string().max(longest).optional();
const name = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}\t]*$/u);
/** Database and table names are folded to lower case when they are stored (Glue API reference, TableInput). */
const foldedName = name.transform(folded => folded.toLowerCase());
const parameters = z.record(z.string(), z.string().max(512_000)).optional();
const account = z.string().regex(/^\d{12}$/, 'is not an account id');

const column = z.strictObject({ Name: name, Type: text(131_072), Comment: text(255), Parameters: parameters });

// What Glue always answers, given or not: Compressed, NumberOfBuckets, SortColumns, StoredAsSubDirectories (primitive members).
const storageDescriptor = z.strictObject({
  Columns: z.array(column).optional(),
  Location: text(2056),
  AdditionalLocations: z.array(z.string()).optional(),
  InputFormat: text(128),
  OutputFormat: text(128),
  Compressed: z.boolean().default(false),
  NumberOfBuckets: z.number().int().default(0),
  SerdeInfo: z
    .strictObject({ Name: name.optional(), SerializationLibrary: name.optional(), Parameters: parameters })
    .optional(),
  BucketColumns: z.array(z.string()).optional(),
  SortColumns: z.array(z.strictObject({ Column: name, SortOrder: z.number().int().min(0).max(1) })).default([]),
  Parameters: parameters,
  SkewedInfo: z
    .strictObject({
      SkewedColumnNames: z.array(z.string()).optional(),
      SkewedColumnValues: z.array(z.string()).optional(),
      SkewedColumnValueLocationMaps: parameters,
    })
    .optional(),
  StoredAsSubDirectories: z.boolean().default(false),
  SchemaReference: z.looseObject({}).optional(),
});

const tableInput = z.strictObject({
  Name: foldedName,
  Description: text(2048),
  Owner: name.optional(),
  LastAccessTime: z.number().optional(),
  LastAnalyzedTime: z.number().optional(),
  Retention: z.number().int().min(0).default(0),
  StorageDescriptor: storageDescriptor.optional(),
  PartitionKeys: z.array(column).optional(),
  ViewOriginalText: text(409_600),
  ViewExpandedText: text(409_600),
  TableType: text(255),
  Parameters: parameters,
  TargetTable: z
    .strictObject({ CatalogId: account, DatabaseName: foldedName, Name: foldedName, Region: name.optional() })
    .optional(),
});

const databaseInput = z.strictObject({
  Name: foldedName,
  Description: text(2048),
  LocationUri: z.string().min(1).max(1024).optional(),
  Parameters: parameters,
  CreateTableDefaultPermissions: z.array(z.looseObject({})).optional(),
  TargetDatabase: z.strictObject({ CatalogId: account, DatabaseName: foldedName, Region: name.optional() }).optional(),
});

const partitionInput = z.strictObject({
  Values: z.array(z.string().max(1024)),
  LastAccessTime: z.number().optional(),
  LastAnalyzedTime: z.number().optional(),
  StorageDescriptor: storageDescriptor.optional(),
  Parameters: parameters,
});

export type PartitionInput = z.infer<typeof partitionInput>;

type ReadTable = Pick<GlueTable, 'Name'> & Partial<GlueTable>;

/** By the inputs of calls under way, which ask IAM for the table's name before they use the rest. */
const readTables = new WeakMap<object, ReadTable>();

/**
 * A copy of the input with names in lower case, the same for the same input. Throws InvalidInputException for members that a TableInput has
 * not.
 */
export function readTableInput(input: Wire): Readonly<ReadTable> {
  const known = readTables.get(input);
  if (known) return known;
  if (input?.ViewDefinition) throw notInLocalMesh('Glue views of several dialects (ViewDefinition)');
  const table = read(tableInput, 'TableInput', input) as ReadTable;
  requireThisRegion(table.TargetTable?.Region);
  readTables.set(input, table);
  return table;
}

export function readDatabaseInput(input: Wire): Omit<GlueDatabase, 'CatalogId' | 'CreateTime'> {
  if (input?.FederatedDatabase) throw notInLocalMesh('federated databases');
  const database = read(databaseInput, 'DatabaseInput', input);
  requireThisRegion(database.TargetDatabase?.Region);
  return database as Omit<GlueDatabase, 'CatalogId' | 'CreateTime'>;
}

export function readPartitionInput(input: Wire): PartitionInput {
  return read(partitionInput, 'PartitionInput', input);
}

function requireThisRegion(region: string | undefined): void {
  if (region !== undefined && region !== REGION) throw notInLocalMesh(`resource links to other Regions (${region})`);
}

function read<T>(shape: z.ZodType<T>, member: string, input: Wire): T {
  if (input === undefined || input === null) throw brokenConstraint(member, 'not be null');
  const result = shape.safeParse(input);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const where = [member, ...issue.path].join('.');
  throw invalidInput(
    issue.code === 'unrecognized_keys'
      ? `Unknown parameter in ${where}: ${issue.keys.map(key => `"${key}"`).join(', ')}`
      : `${where}: ${issue.message}`,
  );
}

/** A required name, in lower case as Glue stores and finds it. */
export function readName(input: Wire, member: string): string {
  const value: unknown = input?.[member];
  if (typeof value !== 'string') throw brokenConstraint(member, 'not be null');
  if (value.length < 1 || value.length > 255) throw brokenConstraint(member, 'have length between 1 and 255');
  return value.toLowerCase();
}

/** A required list. `longest` as the service model says. */
export function readList(input: Wire, member: string, longest: number): Wire[] {
  const value: unknown = input?.[member];
  if (!Array.isArray(value)) throw brokenConstraint(member, 'not be null');
  if (value.length > longest) throw brokenConstraint(member, `have length less than or equal to ${longest}`);
  return value;
}

/** The account whose catalog is meant: `CatalogId`, or the caller's own. */
export function readCatalogId(input: Wire, callerAccount: string): string {
  const id: unknown = input?.CatalogId ?? callerAccount;
  if (typeof id === 'string' && /^\d{12}$/.test(id)) return id;
  throw notInLocalMesh(`catalogs other than an account's own (CatalogId ${JSON.stringify(id)})`);
}

/** Refuses what only transactions and time travel of governed tables had. */
export function refuseTimeTravel(input: Wire): void {
  for (const member of ['TransactionId', 'QueryAsOfTime'])
    if (input?.[member] !== undefined) throw notInLocalMesh(`governed tables (${member})`);
}
