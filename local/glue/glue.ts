import type { VirtualClock } from '../core/clock.ts';
import type { CatalogContents, CatalogGuard, EmitNative } from '../core/ports.ts';
import type { Service } from '../core/service.ts';
import { Catalog } from './catalog.ts';
import type { GlueContext } from './context.ts';
import { databaseOperations } from './database-operations.ts';
import { partitionReads } from './partition-reads.ts';
import { partitionWrites } from './partition-writes.ts';
import { letsRamShare, policyOperations } from './policy-operations.ts';
import { tableReads } from './table-reads.ts';
import { tableWrites } from './table-writes.ts';
import { versionWrites } from './version-writes.ts';

interface GlueDependencies {
  clock: VirtualClock;
  emitNative: EmitNative;
  /** Asked for at each call: Lake Formation is made after Glue. */
  guard: () => CatalogGuard;
  /** Whether the account shares anything of its catalog; then PutResourcePolicy needs EnableHybrid. Without it, none does. */
  hasCrossAccountShares?: (account: string) => boolean;
  /** Throws where somebody ordered that an entry of a batch fails, which counts as a call of the operation for one. */
  meetFaultInBatch?: (principal: string, action: string) => void;
}

export interface Glue {
  service: Service;
  contents: CatalogContents;
  /** Whether the account's catalog policy lets RAM share its resources. */
  letsRamShare: (account: string) => boolean;
}

/** The Glue Data Catalogs of all accounts. Lake Formation decides who sees and changes what; every change puts Glue's native event on the owner's bus. */
export function createGlue(dependencies: GlueDependencies): Glue {
  const catalog = new Catalog();
  const context: GlueContext = {
    catalog,
    guard: dependencies.guard,
    emitNative: dependencies.emitNative,
    now: () => Math.floor(dependencies.clock.now() / 1000),
    hasCrossAccountShares: dependencies.hasCrossAccountShares ?? (() => false),
    meetFaultInBatch: dependencies.meetFaultInBatch ?? (() => {}),
  };
  return {
    service: {
      id: 'glue',
      operations: {
        ...databaseOperations(context),
        ...tableReads(context),
        ...tableWrites(context),
        ...versionWrites(context),
        ...partitionReads(context),
        ...partitionWrites(context),
        ...policyOperations(context),
      },
    },
    contents: catalog.contents(),
    letsRamShare: account => letsRamShare(catalog.policies.get(account)?.document),
  };
}
