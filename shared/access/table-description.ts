/** A central table as a request sees it. */
export interface TableDescription {
  /** `<central database>.<table>` */
  table: string;
  domain: string;
  database: string;
  /** In the table's order, partition keys last, as Athena shows them. */
  columns: DescribedColumn[];
  /** Since when the table is gone at its source, ISO 8601: it stays for a grace period, and nobody new is let in. */
  missingSince?: string;
}

/** The table's own name, without its database: what policies know it by. */
export function ownName({ table }: Pick<TableDescription, 'table'>): string {
  return table.slice(table.indexOf('.') + 1);
}

export interface DescribedColumn {
  name: string;
  /** Glue's type, for example `bigint`. */
  type: string;
  /** From the column parameter `trellis.classification`; empty for an unlabelled column. */
  labels: string[];
  isPartitionKey: boolean;
}

/** The central catalog, for reading. */
export interface CentralCatalog {
  /** @returns undefined when the catalog says that there is no such table. */
  describe(table: string): Promise<TableDescription | undefined>;
}
