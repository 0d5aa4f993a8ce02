import * as z from 'zod/mini';

/**
 * Glue's two native events, best effort, in any order, without a version: hints of where to look.
 * Shapes: AWS Glue Developer Guide, "Automating AWS Glue with EventBridge". One event may name many tables; accept any `typeOfChange`.
 */
export const catalogDatabaseChanged = {
  source: 'aws.glue',
  detailType: 'Glue Data Catalog Database State Change',
  detail: z.object({
    databaseName: z.string().check(z.minLength(1)),
    typeOfChange: z.string(),
    changedTables: z.optional(z.array(z.string())),
  }),
};

export const catalogTableChanged = {
  source: 'aws.glue',
  detailType: 'Glue Data Catalog Table State Change',
  detail: z.object({
    databaseName: z.string().check(z.minLength(1)),
    typeOfChange: z.string(),
    tableName: z.string().check(z.minLength(1)),
    /** Values as text, `[1, 2021-05-23 00:00:00, SNAPSHOT]`: a hint at most. */
    changedPartitions: z.optional(z.array(z.string())),
  }),
};
