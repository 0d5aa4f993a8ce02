/** A row filter as a condition in DuckDB's SQL. */
import type { ColumnPath, Constant, RowFilter } from './row-filter.ts';

/**
 * The condition, safe to put into a statement: names and strings are quoted, nothing else comes from the text but digits.
 * Null behaves as in Athena: a comparison with null keeps no row.
 */
export function rowFilterToSql(filter: RowFilter): string {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.terms.map(term => `(${rowFilterToSql(term)})`).join(filter.kind === 'and' ? ' AND ' : ' OR ');
    case 'not':
      return `NOT (${rowFilterToSql(filter.term)})`;
    case 'compare':
      return `${columnSql(filter.column)} ${filter.operator} ${constantSql(filter.value)}`;
    case 'between':
      return `${columnSql(filter.column)} ${not(filter)}BETWEEN ${constantSql(filter.low)} AND ${constantSql(filter.high)}`;
    case 'in':
      return `${columnSql(filter.column)} ${not(filter)}IN (${filter.values.map(constantSql).join(', ')})`;
    case 'like':
      return `${columnSql(filter.column)} ${not(filter)}LIKE ${quoteString(filter.pattern)}`;
    case 'null':
      return `${columnSql(filter.column)} IS ${not(filter)}NULL`;
  }
}

function not(predicate: { negated: boolean }): string {
  return predicate.negated ? 'NOT ' : '';
}

function columnSql([column, ...fields]: ColumnPath): string {
  const whole = `"${column.replaceAll('"', '""')}"`;
  // Not `a.b`: DuckDB may take `a` for a table.
  return fields.reduce((inner, field) => `struct_extract(${inner}, ${quoteString(field)})`, whole);
}

function constantSql(constant: Constant): string {
  switch (constant.type) {
    case 'string':
      return quoteString(constant.value);
    case 'number':
      return constant.text;
    case 'boolean':
      return constant.value ? 'TRUE' : 'FALSE';
  }
}

function quoteString(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
