import type { CatalogReader, ReadingGrant, Viewer } from '../../../shared/catalog/browse-catalog.ts';
import type { KeptOutTable, PartitionsState } from '../../../shared/catalog/describe-table.ts';
import type { NotedChange } from '../../../shared/catalog/table-marks.ts';
import type { SnapshotColumn, TableContent } from '../../../shared/catalog/table-snapshot.ts';

export const HUB = '111111111111';
export const AVIATION = '222222222222';
export const ANALYTICS = '444444444444';
export const NOW = '2026-11-21T12:00:00.000Z';

/** A column with labels, as Glue has it. */
export function column(Name: string, labels?: string, Comment?: string): SnapshotColumn {
  return {
    Name,
    Type: 'string',
    ...(Comment && { Comment }),
    ...(labels !== undefined && { Parameters: { 'trellis.classification': labels } }),
  };
}

export function noted(kind: NotedChange['kind'], at: string, ...what: string[]): NotedChange {
  return { at, by: 'a delivery', kind, what };
}

interface Given {
  description?: string;
  columns?: SnapshotColumn[];
  keys?: SnapshotColumn[];
  changes?: NotedChange[];
  domain?: string;
  account?: string;
  parameters?: Record<string, string>;
}

/** A central table as catalog-sync leaves it. */
export function central(Name: string, given: Given = {}): TableContent {
  const { description, columns = [column('id', 'public')], keys = [], changes = [], parameters } = given;
  return {
    Name,
    ...(description && { Description: description }),
    Parameters: {
      'trellis.domain': given.domain ?? 'aviation',
      'trellis.source_account': given.account ?? AVIATION,
      'trellis.changes': JSON.stringify(changes),
      ...parameters,
    },
    PartitionKeys: keys,
    StorageDescriptor: { Columns: columns, Location: `s3://trellis-aviation/${Name}/` },
  };
}

/** A catalog in memory. It counts what it is asked for. */
export class MemoryReader implements CatalogReader {
  viewer: Viewer = { account: HUB, hub: HUB };
  /** By central database; each is a list of pages. */
  readonly catalog: Record<string, TableContent[][]> = {};
  /** By `<domain>_<database>`, then by table. */
  readonly changes: Record<string, Record<string, PartitionsState>> = {};
  readonly kept: Record<string, KeptOutTable[]> = {};
  readonly given: Record<string, ReadingGrant[]> = {};
  readonly asked: string[] = [];

  async *databases() {
    const names = Object.keys(this.catalog);
    for (let at = 0; at < names.length; at += 2) yield names.slice(at, at + 2);
  }

  async *tables(database: string) {
    for (const [index, page] of (this.catalog[database] ?? []).entries()) {
      this.asked.push(`tables ${database} ${index}`);
      yield page;
    }
  }

  async table(database: string, table: string) {
    return this.catalog[database]?.flat().find(({ Name }) => Name === table);
  }

  async partitions(domain: string, database: string) {
    this.asked.push(`partitions ${domain}_${database}`);
    return new Map(Object.entries(this.changes[`${domain}_${database}`] ?? {}));
  }

  async partitionsOf(domain: string, database: string, table: string) {
    return this.changes[`${domain}_${database}`]?.[table];
  }

  async *keptOut(domain: string) {
    this.asked.push(`kept out ${domain}`);
    yield this.kept[domain] ?? [];
  }

  async keptOutOf(domain: string, database: string, table: string) {
    return this.kept[domain]?.find(one => one.database === database && one.table === table)?.quarantine;
  }

  async grants(table: string, owner: string | undefined) {
    this.asked.push(`grants ${table} of ${owner}`);
    return this.given[table] ?? [];
  }
}
