/** The ledger's table as serverless.yml defines it. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { Wire } from '../../../local/core/service.ts';

const { resources } = parse(readFileSync('serverless.yml', 'utf8'), { merge: true, logLevel: 'silent' });
// Some of its resources come from mesh.yml: those are named by a variable.
const written = resources.find((part: Wire) => typeof part === 'object');

/** All that `CreateTable` needs but the name. */
export const LEDGER_DEFINITION: Wire = (({ AttributeDefinitions, KeySchema, GlobalSecondaryIndexes, BillingMode }) => ({
  AttributeDefinitions,
  KeySchema,
  GlobalSecondaryIndexes,
  BillingMode,
}))(written.Resources.Ledger.Properties);
