import { GetTableCommand, type GlueClient } from '@aws-sdk/client-glue';
import { labelsOf } from '../access/labels.ts';
import type { CentralCatalog, DescribedColumn, TableDescription } from '../access/table-description.ts';
import { DOMAIN_PARAMETER, readMarks } from '../catalog/table-marks.ts';
import { isError } from './aws-errors.ts';
import { toContent } from './glue-tables.ts';

/** The central catalog, read to decide requests. */
export class GlueCentralCatalog implements CentralCatalog {
  readonly #glue: GlueClient;

  constructor(glue: GlueClient) {
    this.#glue = glue;
  }

  async describe(table: string): Promise<TableDescription | undefined> {
    const [DatabaseName = '', Name = ''] = table.split('.');
    try {
      const { Table } = await this.#glue.send(new GetTableCommand({ DatabaseName, Name }));
      const content = Table && toContent(Table);
      // A table that somebody put there by hand has no domain, and no owner who could decide.
      const domain = content?.Parameters[DOMAIN_PARAMETER];
      if (!content || !domain) return undefined;
      const column =
        (isPartitionKey: boolean) =>
        (one: (typeof content.PartitionKeys)[number]): DescribedColumn => {
          return {
            name: one.Name,
            type: one.Type ?? 'string',
            labels: labelsOf(one.Parameters).labels,
            isPartitionKey,
          };
        };
      const { missingSince } = readMarks(content.Parameters);
      return {
        table,
        domain,
        ...(missingSince !== undefined && { missingSince }),
        database: DatabaseName.slice(domain.length + 1),
        columns: [...content.StorageDescriptor.Columns.map(column(false)), ...content.PartitionKeys.map(column(true))],
      };
    } catch (error) {
      if (isError(error, 'EntityNotFoundException')) return undefined;
      throw error;
    }
  }
}
