import type { Statement } from './statement.ts';

/** Why a query ends as FAILED: the text that people see as its StateChangeReason. */
export class QueryFailure extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(reason, options);
    this.name = 'QueryFailure';
  }
}

/** `line N:M`, both from 1, of a byte offset in the query, as Trino tells it. */
export function lineAndColumn(sql: string, byteOffset: number): string {
  const lines = Buffer.from(sql).subarray(0, byteOffset).toString().split('\n');
  return `line ${lines.length}:${lines.at(-1)!.length + 1}`;
}

export function columnNotFound(sql: string, byteOffset: number, column: string): QueryFailure {
  return new QueryFailure(
    `COLUMN_NOT_FOUND: ${lineAndColumn(sql, byteOffset)}: Column '${column}' cannot be resolved or requester is not authorized to access requested resources`,
  );
}

export function notHad(what: string): QueryFailure {
  return new QueryFailure(`NOT_SUPPORTED: The local mesh's Athena does not have ${what}. See docs/local-mesh.md.`);
}

interface EngineError {
  exception_type: string;
  exception_message: string;
  /** A byte offset, as text. */
  position?: string;
  name?: string;
  error_subtype?: string;
}

/** Says an error of the engine (DuckDB, `errors_as_json`) in Athena's words. What is not the query's fault comes back as it is. */
export function explainEngineError(error: unknown, sql: string, statement: Statement): unknown {
  const engine = error instanceof Error ? readEngineError(error.message) : undefined;
  if (!engine) return error;
  const message = engine.exception_message.split('\n')[0]!;
  const at = engine.position === undefined ? undefined : Number(engine.position);
  const where = at === undefined ? '' : `${lineAndColumn(sql, at)}: `;
  switch (engine.exception_type.toLowerCase()) {
    case 'binder': {
      const column = missingColumn(engine, message);
      if (column === undefined || at === undefined) return new QueryFailure(`SYNTAX_ERROR: ${where}${message}`);
      return columnNotFound(sql, at, statement.columns.find(({ position }) => position === at)?.name ?? column);
    }
    case 'parser':
    case 'catalog':
      return new QueryFailure(`SYNTAX_ERROR: ${where}${message}`);
    case 'conversion':
      return new QueryFailure(`INVALID_CAST_ARGUMENT: ${message}`);
    case 'out of range':
      return new QueryFailure(`NUMERIC_VALUE_OUT_OF_RANGE: ${message}`);
    case 'invalid input':
      return new QueryFailure(`INVALID_FUNCTION_ARGUMENT: ${message}`);
    case 'out of memory':
      return new QueryFailure('EXCEEDED_MEMORY_LIMIT: Query exhausted resources at this scale factor');
    case 'not implemented':
      return new QueryFailure(`NOT_SUPPORTED: ${where}${message}`);
    default:
      return new Error(message, { cause: error });
  }
}

/** Says an error of the engine over a table's files in Athena's words. */
export function explainTableError(error: unknown, table: string): unknown {
  const engine = error instanceof Error ? readEngineError(error.message) : undefined;
  return engine ? new QueryFailure(`HIVE_BAD_DATA: ${table}: ${engine.exception_message.split('\n')[0]}`) : error;
}

function missingColumn(engine: EngineError, message: string): string | undefined {
  if (engine.error_subtype === 'COLUMN_NOT_FOUND') return engine.name;
  const [, column, table] =
    /does not have a column named "(.+)"$/.exec(message) ?? /^Referenced table "(.+)" not found!/.exec(message) ?? [];
  return column ?? table;
}

function readEngineError(text: string): EngineError | undefined {
  if (!text.startsWith('{')) return undefined;
  const parsed: Partial<EngineError> = JSON.parse(text);
  if (typeof parsed.exception_type !== 'string' || typeof parsed.exception_message !== 'string') return undefined;
  return { ...parsed, exception_type: parsed.exception_type, exception_message: parsed.exception_message };
}
