/** A query's result, kept compact, given out as `GetQueryResults` has it: every value as text. */
import {
  DuckDBDecimalType,
  type DuckDBResult,
  type DuckDBType,
  DuckDBTypeId,
  type DuckDBValue,
} from '@duckdb/node-api';
import { textOf } from './value-text.ts';

/** `ColumnInfo` of the Athena API. */
export interface ColumnInfo {
  CatalogName: 'hive';
  SchemaName: '';
  TableName: '';
  Name: string;
  Label: string;
  Type: string;
  Precision: number;
  Scale: number;
  Nullable: 'UNKNOWN';
  CaseSensitive: boolean;
}

export type Row = (string | null)[];

/** Rows that a result may have. Simplification: Athena has no limit. */
const ROW_LIMIT = 100_000;

/** Rows are kept as JSON text, some hundreds or thousands together. */
interface Block {
  firstRow: number;
  rowCount: number;
  rows: Buffer;
}

export class ResultSet {
  readonly columns: ColumnInfo[];
  readonly rowCount: number;
  readonly byteCount: number;
  readonly #blocks: Block[];

  constructor(columns: ColumnInfo[], blocks: Block[]) {
    this.columns = columns;
    this.#blocks = blocks;
    this.rowCount = blocks.reduce((rows, block) => rows + block.rowCount, 0);
    this.byteCount = blocks.reduce((bytes, block) => bytes + block.rows.length, 0);
  }

  /** At most `count` rows from `start` (from 0, the header not counted). */
  rows(start: number, count: number): Row[] {
    const end = start + count;
    return this.#blocks
      .filter(block => block.firstRow < end && block.firstRow + block.rowCount > start)
      .flatMap(({ rows, firstRow }) =>
        (JSON.parse(rows.toString()) as Row[]).slice(Math.max(0, start - firstRow), end - firstRow),
      );
  }
}

export class ResultWriter {
  readonly rowLimit = ROW_LIMIT;
  readonly #columns: ColumnInfo[];
  readonly #types: DuckDBType[];
  readonly #blocks: Block[] = [];
  #rowCount = 0;

  constructor(columns: ColumnInfo[], types: DuckDBType[]) {
    this.#columns = columns;
    this.#types = types;
  }

  /** False when the result has become too large. */
  add(values: DuckDBValue[][]): boolean {
    const rows = values.map(row => row.map((value, index) => textOf(value, this.#types[index]!)));
    this.#blocks.push({ firstRow: this.#rowCount, rowCount: rows.length, rows: Buffer.from(JSON.stringify(rows)) });
    this.#rowCount += rows.length;
    return this.#rowCount <= ROW_LIMIT;
  }

  finish(): ResultSet {
    return new ResultSet(this.#columns, this.#blocks);
  }
}

/** Athena's names of types, and the precision that it tells with them. */
const TYPES: Partial<Record<DuckDBTypeId, [name: string, precision: number]>> = {
  [DuckDBTypeId.BOOLEAN]: ['boolean', 0],
  [DuckDBTypeId.TINYINT]: ['tinyint', 3],
  [DuckDBTypeId.SMALLINT]: ['smallint', 5],
  [DuckDBTypeId.INTEGER]: ['integer', 10],
  [DuckDBTypeId.BIGINT]: ['bigint', 19],
  // DuckDB sums whole numbers up in 128 bits, Trino in 64.
  [DuckDBTypeId.HUGEINT]: ['bigint', 19],
  [DuckDBTypeId.UBIGINT]: ['bigint', 19],
  [DuckDBTypeId.FLOAT]: ['float', 17],
  [DuckDBTypeId.DOUBLE]: ['double', 17],
  [DuckDBTypeId.BLOB]: ['varbinary', 1073741824],
  [DuckDBTypeId.DATE]: ['date', 0],
  [DuckDBTypeId.TIME]: ['time', 3],
  [DuckDBTypeId.TIMESTAMP]: ['timestamp', 3],
  [DuckDBTypeId.TIMESTAMP_TZ]: ['timestamp with time zone', 3],
  [DuckDBTypeId.INTERVAL]: ['interval day to second', 0],
  [DuckDBTypeId.LIST]: ['array', 0],
  [DuckDBTypeId.MAP]: ['map', 0],
  [DuckDBTypeId.STRUCT]: ['row', 0],
};

/** `unnamed`: indexes of columns that the query gives no name, which are `_col0`, `_col1`, … by their place. */
export function columnInfos(answer: DuckDBResult, unnamed: ReadonlySet<number>): ColumnInfo[] {
  const types = answer.columnTypes();
  return answer.columnNames().map((given, index) => {
    const name = unnamed.has(index) ? `_col${index}` : given;
    const type = types[index]!;
    const [Type, Precision] =
      type instanceof DuckDBDecimalType ? ['decimal', type.width] : (TYPES[type.typeId] ?? ['varchar', 2147483647]);
    return {
      CatalogName: 'hive',
      SchemaName: '',
      TableName: '',
      Name: name,
      Label: name,
      Type: Type as string,
      Precision: Precision as number,
      Scale: type instanceof DuckDBDecimalType ? type.scale : 0,
      Nullable: 'UNKNOWN',
      CaseSensitive: Type === 'varchar',
    };
  });
}
