import { isReservedWord } from './reserved-words.ts';
import { type ColumnPath, type Constant, type RowFilter, RowFilterError } from './row-filter.ts';

/** An expression must be shorter than this many characters. Source: Lake Formation Developer Guide, "PartiQL support in row filter expressions". */
const LENGTH_LIMIT = 2048;

/**
 * The filter in Lake Formation's grammar. Equal trees give equal texts, and `parseRowFilter` reads the text back as the same tree.
 * @throws RowFilterError when the text would be longer than Lake Formation takes.
 */
export function writeRowFilter(filter: RowFilter): string {
  const text = writeTerm(filter);
  if (text.length < LENGTH_LIMIT) return text;
  throw new RowFilterError(
    `written out, the row filter has ${text.length} characters; Lake Formation takes fewer than 2,048`,
    {
      hint: 'filter on a column that groups the values, or ask for fewer of them',
    },
  );
}

/** The text of a filter or a part of it, however long. */
export function writeTerm(filter: RowFilter): string {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.terms.map(writeOperand).join(filter.kind === 'and' ? ' AND ' : ' OR ');
    case 'not':
      return `NOT (${writeTerm(filter.term)})`;
    case 'compare':
      return `${writeColumn(filter.column)} ${filter.operator} ${writeConstant(filter.value)}`;
    case 'between': {
      const range = `${writeConstant(filter.low)} AND ${writeConstant(filter.high)}`;
      return `${writeColumn(filter.column)}${not(filter)} BETWEEN ${range}`;
    }
    case 'in':
      return `${writeColumn(filter.column)}${not(filter)} IN (${filter.values.map(writeConstant).join(', ')})`;
    case 'like':
      return `${writeColumn(filter.column)}${not(filter)} LIKE ${quoteString(filter.pattern)}`;
    case 'null':
      return `${writeColumn(filter.column)} IS${not(filter)} NULL`;
  }
}

export function writeConstant(constant: Constant): string {
  switch (constant.type) {
    case 'string':
      return quoteString(constant.value);
    case 'number':
      return constant.text;
    case 'boolean':
      return constant.value ? 'TRUE' : 'FALSE';
  }
}

function writeOperand(term: RowFilter): string {
  return term.kind === 'and' || term.kind === 'or' ? `(${writeTerm(term)})` : writeTerm(term);
}

function not({ isNegated }: { isNegated: boolean }): string {
  return isNegated ? ' NOT' : '';
}

function writeColumn(path: ColumnPath): string {
  return path
    .map(name => (/^[a-z_][a-z0-9_]*$/.test(name) && !isReservedWord(name) ? name : quoteName(name)))
    .join('.');
}

function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function quoteString(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
