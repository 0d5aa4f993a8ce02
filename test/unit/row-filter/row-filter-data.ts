/** The row filters of test/data, and the table that they are asked of. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { checkRowFilter, type FilteredColumn } from '../../../shared/access/row-filter/check-row-filter.ts';
import { parseRowFilter } from '../../../shared/access/row-filter/parse-row-filter.ts';
import { type RowFilter, RowFilterError } from '../../../shared/access/row-filter/row-filter.ts';
import { writeRowFilter } from '../../../shared/access/row-filter/write-row-filter.ts';

type Text = string | (string | { text: string; times: number })[];

interface DataFile {
  table: { columns: Record<string, string>; partitionKeys: Record<string, string>; keptBack: string[] };
  filters: {
    filter: Text;
    written?: Text;
    keeps?: 'nothing' | 'everything';
    duckdb?: 'differs';
    refused?: Text;
    at?: number;
    nearest?: string;
  }[];
}

const file: DataFile = parse(readFileSync(new URL('../../data/row-filters.yml', import.meta.url), 'utf8'));
const { columns, partitionKeys, keptBack } = file.table;

export const COLUMNS: FilteredColumn[] = [
  ...Object.entries(columns).map(([name, type]) => ({ name, type, isPartitionKey: false })),
  ...Object.entries(partitionKeys).map(([name, type]) => ({ name, type, isPartitionKey: true })),
];
const READABLE = new Set(Object.keys(columns).filter(name => !keptBack.includes(name)));

export interface Accepted {
  name: string;
  filter: string;
  written: string;
  keeps: 'nothing' | 'everything' | 'some';
  /** DuckDB's SQL has it as it is asked, too. */
  isCommonSql: boolean;
}

export interface Refused {
  name: string;
  filter: string;
  refused: string;
  at: number | undefined;
  nearest: string | undefined;
}

export const ACCEPTED: Accepted[] = file.filters.flatMap(({ filter, written, keeps, duckdb }) =>
  written === undefined
    ? []
    : [{ ...named(filter), written: whole(written), keeps: keeps ?? 'some', isCommonSql: duckdb === undefined }],
);

export const REFUSED: Refused[] = file.filters.flatMap(({ filter, refused, at, nearest }) =>
  refused === undefined ? [] : [{ ...named(filter), refused: whole(refused), at, nearest }],
);

export const COUNT = file.filters.length;

/** The tree of a filter that the table can have. */
export function treeOf(text: string): RowFilter {
  const tree = parseRowFilter(text);
  checkRowFilter(tree, COLUMNS, READABLE);
  writeRowFilter(tree);
  return tree;
}

export function refusalOf(text: string): RowFilterError {
  try {
    treeOf(text);
  } catch (error) {
    if (error instanceof RowFilterError) return error;
    throw error;
  }
  throw new Error(`accepted: ${text.slice(0, 80)}`);
}

function whole(text: Text): string {
  if (typeof text === 'string') return text;
  return text.map(part => (typeof part === 'string' ? part : part.text.repeat(part.times))).join('');
}

function named(filter: Text): { name: string; filter: string } {
  const text = whole(filter);
  return { filter: text, name: JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}...` : text) };
}
