/** The events that Glue puts on the catalog owner's default bus. Shapes: Glue Developer Guide, "Automating Glue with EventBridge". */
import { databaseArn, type GlueContext, tableArn } from './context.ts';

type DatabaseChange = 'CreateDatabase' | 'DeleteDatabase' | 'CreateTable' | 'DeleteTable' | 'BatchDeleteTable';

type TableChange =
  | 'UpdateTable'
  | 'CreatePartition'
  | 'BatchCreatePartition'
  | 'UpdatePartition'
  | 'BatchUpdatePartition'
  | 'DeletePartition'
  | 'BatchDeletePartition';

export function tellDatabaseChange(
  context: GlueContext,
  owner: string,
  database: string,
  typeOfChange: DatabaseChange,
  changedTables: string[] = [],
): void {
  context.emitNative(owner, {
    source: 'aws.glue',
    'detail-type': 'Glue Data Catalog Database State Change',
    resources:
      changedTables.length > 0
        ? changedTables.map(table => tableArn(owner, database, table))
        : [databaseArn(owner, database)],
    detail: { databaseName: database, typeOfChange, changedTables },
  });
}

/** `changed`: the values of each partition that changed. The event has them as text, `[1, 2021-05-23 00:00:00, SNAPSHOT]`. */
export function tellTableChange(
  context: GlueContext,
  owner: string,
  database: string,
  table: string,
  typeOfChange: TableChange,
  changed: string[][] = [],
): void {
  context.emitNative(owner, {
    source: 'aws.glue',
    'detail-type': 'Glue Data Catalog Table State Change',
    resources: [tableArn(owner, database, table)],
    detail: {
      databaseName: database,
      typeOfChange,
      tableName: table,
      changedPartitions: changed.map(values => `[${values.join(', ')}]`),
    },
  });
}
