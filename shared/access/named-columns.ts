/**
 * How the columns of several tables are named in one list: `<table>.<column>` for one table's, or the column's own name for every table that has it.
 */

/** Whether a name in a list means a table's column. */
export function isColumnNamed(names: readonly string[], table: string, column: string): boolean {
  return names.some(name => {
    const lower = name.toLowerCase();
    return lower === column || lower === columnOfTable(table, column);
  });
}

/** The names that mean no column of any of the tables. */
export function unknownColumns(
  names: readonly string[],
  tables: readonly { table: string; columns: readonly { name: string }[] }[],
): string[] {
  return names.filter(
    name => !tables.some(({ table, columns }) => columns.some(column => isColumnNamed([name], table, column.name))),
  );
}

export function columnOfTable(table: string, column: string): string {
  return `${table}.${column}`;
}

/** All columns of a request's tables, in one list; of a single table by their own names. */
export function columnList(terms: readonly { table: string; columns: readonly string[] }[]): string[] {
  return terms.flatMap(({ table, columns }) =>
    terms.length > 1 ? columns.map(column => columnOfTable(table, column)) : columns,
  );
}
