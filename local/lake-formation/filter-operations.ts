/** The operations on data cells filters. */
import { AwsError } from '../core/aws-error.ts';
import type { CatalogContents, GlueTable } from '../core/ports.ts';
import type { Access, Call, Operation } from '../core/service.ts';
import type { Authority } from './authority.ts';
import {
  type CellsFilter,
  cellsFilterToWire,
  type FilterIdentity,
  parseCellsFilter,
  parseFilterIdentity,
} from './cells-filter.ts';
import type { Lake, Lakes } from './lake.ts';
import { page } from './pages.ts';
import type { Permission } from './permissions.ts';
import { accessDenied, invalidInput, missingOrHidden, parseResource } from './resource.ts';

export function filterOperations(parts: {
  contents: () => CatalogContents;
  lakes: Lakes;
  authority: Authority;
}): Record<string, Operation> {
  const { contents, lakes, authority } = parts;
  const only = (action: string) => (): Access[] => [{ action: `lakeformation:${action}`, resource: '*' }];

  const requireTable = ({ owner, database, table }: FilterIdentity): GlueTable => {
    const found = contents().table(owner, database, table);
    if (!found) throw notFound('Table not found.');
    return found;
  };
  const requireMayFilter = ({ caller }: Call, { owner, database, table }: FilterIdentity) => {
    if (!authority.mayFilter(caller, lakes.of(owner), database, table)) throw missingOrHidden();
  };
  const requireFilter = ({ owner, database, table, name }: FilterIdentity): CellsFilter => {
    const filter = lakes.of(owner).filter(database, table, name);
    if (!filter) throw notFound('Data cells filter not found.');
    return filter;
  };
  /** Whether the caller holds one of the permissions on the filter itself. Source: Developer Guide, "Granting data filter permissions". */
  const holds = ({ caller }: Call, lake: Lake, filter: CellsFilter, permissions: Permission[]): boolean =>
    authority
      .onTable(caller, lake, filter.database, filter.table)
      .some(
        grant =>
          grant.resource.kind === 'filter' &&
          grant.resource.filter === filter.name &&
          permissions.some(permission => grant.permissions.has(permission)),
      );

  return {
    CreateDataCellsFilter: {
      access: only('CreateDataCellsFilter'),
      run: (input, call) => {
        const identity = parseFilterIdentity(input.TableData);
        const table = requireTable(identity);
        requireMayFilter(call, identity);
        const filter = parseCellsFilter(input.TableData, table);
        const lake = lakes.of(identity.owner);
        if (lake.filter(identity.database, identity.table, identity.name)) {
          throw new AwsError('AlreadyExistsException', 'Data cells filter already exists.');
        }
        lake.putFilter(filter);
        return {};
      },
    },

    UpdateDataCellsFilter: {
      access: only('UpdateDataCellsFilter'),
      run: (input, call) => {
        const identity = parseFilterIdentity(input.TableData);
        requireMayFilter(call, identity);
        const before = requireFilter(identity);
        const { VersionId: version } = input.TableData;
        if (version !== undefined && version !== before.versionId) {
          throw new AwsError(
            'ConcurrentModificationException',
            'The data cells filter has another version. Please retry in a short while.',
          );
        }
        lakes.of(identity.owner).putFilter(parseCellsFilter(input.TableData, requireTable(identity)));
        return {};
      },
    },

    GetDataCellsFilter: {
      access: only('GetDataCellsFilter'),
      run: (input, call) => {
        const identity = parseFilterIdentity(input, call.caller.account);
        const lake = lakes.of(identity.owner);
        const filter = lake.filter(identity.database, identity.table, identity.name);
        const sees = authority.mayFilter(call.caller, lake, identity.database, identity.table);
        if (!sees && !(filter && holds(call, lake, filter, ['DESCRIBE', 'DROP']))) throw missingOrHidden();
        return { DataCellsFilter: cellsFilterToWire(requireFilter(identity)) };
      },
    },

    /** Its grants go with it; they do not stop it. */
    DeleteDataCellsFilter: {
      access: only('DeleteDataCellsFilter'),
      run: (input, call) => {
        const identity = parseFilterIdentity(input, call.caller.account);
        const lake = lakes.of(identity.owner);
        const filter = lake.filter(identity.database, identity.table, identity.name);
        const may = authority.mayFilter(call.caller, lake, identity.database, identity.table);
        if (!may && !(filter && holds(call, lake, filter, ['DROP']))) {
          throw accessDenied('Insufficient Lake Formation permission(s): Required Drop on the data cells filter');
        }
        lake.removeFilter(requireFilter(identity));
        return {};
      },
    },

    ListDataCellsFilter: {
      access: only('ListDataCellsFilter'),
      run: (input, call) => {
        const asked = input.Table ? parseResource({ Table: input.Table }, call.caller.account) : undefined;
        const lake = lakes.of(asked?.owner ?? call.caller.account);
        const resource = asked?.resource;
        if (resource && !('table' in resource)) throw invalidInput('Table is required.');
        const filters = resource ? lake.filtersOf(resource.database, resource.table) : lake.allFilters();
        const visible = filters.filter(
          filter =>
            authority.mayFilter(call.caller, lake, filter.database, filter.table) ||
            holds(call, lake, filter, ['DESCRIBE', 'DROP']),
        );
        const position = ({ database, table, name }: CellsFilter) => JSON.stringify([database, table, name]);
        const sorted = visible.sort((a, b) => (position(a) < position(b) ? -1 : 1));
        const { entries, nextToken } = page(sorted, position, input);
        return {
          DataCellsFilters: entries.map(cellsFilterToWire),
          ...(nextToken === undefined ? {} : { NextToken: nextToken }),
        };
      },
    },
  };
}

function notFound(message: string): AwsError {
  return new AwsError('EntityNotFoundException', message);
}
