import type { CatalogGuard, EmitNative } from '../core/ports.ts';
import { REGION } from '../core/service.ts';
import type { Catalog } from './catalog.ts';

/** What every operation of Glue works with. */
export interface GlueContext {
  catalog: Catalog;
  guard: () => CatalogGuard;
  emitNative: EmitNative;
  /** Whole seconds since 1970: Glue's times have no fraction, so that a table dropped and made again within one second shows the same CreateTime. */
  now: () => number;
  /** Whether Lake Formation shares anything of the account's catalog with other accounts. */
  hasCrossAccountShares: (account: string) => boolean;
  /** Throws where somebody ordered that an entry of a batch fails. */
  meetFaultInBatch: (principal: string, action: string) => void;
}

const arn = (account: string, resource: string) => `arn:aws:glue:${REGION}:${account}:${resource}`;
export const catalogArn = (account: string) => arn(account, 'catalog');
export const databaseArn = (account: string, database: string) => arn(account, `database/${database}`);
export const tableArn = (account: string, database: string, table: string) =>
  arn(account, `table/${database}/${table}`);
