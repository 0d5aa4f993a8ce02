/** Which permissions there are, and which fit which resource. */
import type { ColumnDefinition } from '../core/ports.ts';
import type { Resource } from './resource.ts';

export type Permission =
  | 'ALL'
  | 'ALTER'
  | 'CREATE_DATABASE'
  | 'CREATE_TABLE'
  | 'DATA_LOCATION_ACCESS'
  | 'DELETE'
  | 'DESCRIBE'
  | 'DROP'
  | 'INSERT'
  | 'SELECT';

/**
 * Source: Developer Guide, "Lake Formation permissions per resource type". In each list ALL, where there is one, stands for the others.
 * Simplification: the catalog has CREATE_DATABASE only; catalogs within the catalog are not there.
 */
const FITTING = {
  catalog: ['CREATE_DATABASE'],
  database: ['ALL', 'ALTER', 'CREATE_TABLE', 'DESCRIBE', 'DROP'],
  table: ['ALL', 'ALTER', 'DELETE', 'DESCRIBE', 'DROP', 'INSERT', 'SELECT'],
  view: ['ALL', 'DESCRIBE', 'DROP', 'SELECT'],
  link: ['DESCRIBE', 'DROP'],
  columns: ['SELECT'],
  columnsOfLink: [],
  filter: ['DESCRIBE', 'DROP', 'SELECT'],
  location: ['DATA_LOCATION_ACCESS'],
} as const satisfies Record<string, readonly Permission[]>;

/**
 * The table or database that a resource is or lies in, as far as it matters here; undefined for the catalog and locations.
 * Of all tables of a database it is the database.
 */
export type CatalogObject =
  | {
      TargetTable?: object;
      TargetDatabase?: object;
      TableType?: string;
      PartitionKeys?: ColumnDefinition[];
      StorageDescriptor?: { Columns?: ColumnDefinition[] };
    }
  | undefined;

export function isLink(object: CatalogObject): boolean {
  return object !== undefined && (object.TargetTable !== undefined || object.TargetDatabase !== undefined);
}

export function isView(object: CatalogObject): boolean {
  return object !== undefined && object.TableType === 'VIRTUAL_VIEW';
}

export function fittingPermissions(resource: Resource, object: CatalogObject): readonly Permission[] {
  switch (resource.kind) {
    case 'database':
      return isLink(object) ? FITTING.link : FITTING.database;
    case 'table':
      if (isLink(object)) return FITTING.link;
      return isView(object) ? FITTING.view : FITTING.table;
    case 'columns':
      return isLink(object) ? FITTING.columnsOfLink : FITTING.columns;
    default:
      return FITTING[resource.kind];
  }
}
