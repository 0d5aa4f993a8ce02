import { AwsError } from '../core/aws-error.ts';
import type { Caller, Operation, Wire } from '../core/service.ts';
import { accessThroughLinks } from './access.ts';
import type { GlueContext } from './context.ts';
import { errorDetail, invalidInput, notFound } from './glue-errors.ts';
import { readCatalogId, readList, readName } from './inputs.ts';
import { type FoundTable, findTableThroughLinks } from './lookup.ts';

const VERSIONS_PER_BATCH = 100;

/** Simplification: Lake Formation's guide names no permission for these; they ask for ALTER, like the update that made the version. */
export function versionWrites(context: GlueContext): Record<string, Operation> {
  const access =
    (action: string): Operation['access'] =>
    (input, call) =>
      accessThroughLinks(context, action, call, {
        owner: readCatalogId(input, call.caller.account),
        database: readName(input, 'DatabaseName'),
        table: readName(input, 'TableName'),
      });
  const tableToChange = (input: Wire, caller: Caller) => {
    const owner = readCatalogId(input, caller.account);
    const database = readName(input, 'DatabaseName');
    const found = findTableThroughLinks(context, caller, owner, database, readName(input, 'TableName'));
    context.guard().requireTable(caller, found.owner, found.database, found.name, 'ALTER');
    return found;
  };
  return {
    DeleteTableVersion: {
      access: access('DeleteTableVersion'),
      run(input, { caller }) {
        deleteVersion(tableToChange(input, caller), readName(input, 'VersionId'));
        return {};
      },
    },
    BatchDeleteTableVersion: {
      // The batch takes the single action too (Service Authorization Reference, "API operations defined by Glue").
      access: async (input, call) => [
        ...(await access('BatchDeleteTableVersion')(input, call)),
        ...(await access('DeleteTableVersion')(input, call)),
      ],
      run(input, { caller }) {
        const found = tableToChange(input, caller);
        const Errors: Wire[] = [];
        for (const id of readList(input, 'VersionIds', VERSIONS_PER_BATCH)) {
          try {
            deleteVersion(found, String(id));
          } catch (error) {
            if (!(error instanceof AwsError)) throw error;
            Errors.push({ TableName: found.name, VersionId: String(id), ErrorDetail: errorDetail(error) });
          }
        }
        return { Errors };
      },
    },
  };
}

/** Simplification: the current version cannot be deleted; AWS's documentation leaves open what happens to it. */
function deleteVersion({ stored }: FoundTable, id: string): void {
  if (stored.table.VersionId === id) throw invalidInput('Cannot delete the current version of a table.');
  const at = stored.archived.findIndex(version => version.VersionId === id);
  if (at < 0) throw notFound('Table version not found.');
  stored.archived.splice(at, 1);
}
