import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from 'aws-lambda';
import type { InForce } from '../access/decide-again.ts';
import type { WorkServices } from '../access/do-work.ts';
import { leavingBehind } from '../access/links-left-behind.ts';
import { BulkRevocationTable } from '../aws/bulk-revocation-table.ts';
import { GlueCentralCatalog } from '../aws/central-catalog.ts';
import {
  documentClient,
  eventBridgeClient,
  glueClient,
  lakeFormationClient,
  ramClient,
  spokeCredentials,
  spokeGlue,
  spokeLakeFormation,
  spokeRam,
} from '../aws/clients.ts';
import { GlueConsumerLinks } from '../aws/consumer-links.ts';
import { DepartureLedger } from '../aws/departure-ledger.ts';
import { GlueDomainTables } from '../aws/domain-tables.ts';
import { EventBridgeAnnouncer } from '../aws/event-announcer.ts';
import { LakeFormationPermissions } from '../aws/lake-permissions.ts';
import { LedgerTable } from '../aws/ledger-table.ts';
import { MeshTable } from '../aws/mesh-table.ts';
import { OutboxTable } from '../aws/outbox-table.ts';
import { RedecisionTable } from '../aws/redecision-table.ts';
import { RamResourceShares } from '../aws/resource-shares.ts';
import { ShareBackTable } from '../aws/share-back-table.ts';
import { NoMeshError } from '../mesh/applied-mesh.ts';
import { meshCache } from './applied-mesh-cache.ts';
import { now } from './clock.ts';
import { hubSettings, setting } from './environment.ts';
import { report } from './logger.ts';
import { measure } from './metrics.ts';
import type { policyCache } from './policy-cache.ts';

/** What enforcing needs, made once for each process. The invocation's own end bounds the leases that it takes. */
export function enforceServices(): (context: Context) => Promise<WorkServices> {
  const ledgerTable = setting('LEDGER_TABLE');
  const hub = hubSettings();
  const documents = documentClient();
  const meshTable = new MeshTable(documents, ledgerTable);
  const mesh = meshCache(meshTable);
  const redecisions = new RedecisionTable(documents, ledgerTable, now);
  const credentials = spokeCredentials('trellis-access');
  const standings = new ShareBackTable(documents, ledgerTable, now);
  const glue = glueClient();
  const links = new GlueConsumerLinks(spokeGlue(credentials), spokeLakeFormation(credentials), hub);
  const services = {
    ledger: new LedgerTable(documents, ledgerTable),
    lake: new LakeFormationPermissions(lakeFormationClient(), hub.account),
    standing: standings,
    domainStandings: standings,
    catalog: new GlueCentralCatalog(glue),
    domainTables: new GlueDomainTables(glue),
    shares: new RamResourceShares(ramClient(), spokeRam(credentials), hub),
    revocations: new BulkRevocationTable(documents, ledgerTable),
    calledTables: redecisions,
    redecidedDomains: redecisions.domains,
    changedPolicies: redecisions.mesh,
    inForce: policiesInForce(meshTable),
    departures: new DepartureLedger(documents, ledgerTable),
    wake,
    outbox: new OutboxTable(documents, ledgerTable, now),
    announcer: new EventBridgeAnnouncer(eventBridgeClient(), hub, report),
    report,
    now,
    measure,
    newHolder: () => crypto.randomUUID(),
    pause: (milliseconds: number) => sleep(milliseconds),
  };
  return async context => {
    const { mesh: inForce, leaving } = await mesh();
    return {
      ...services,
      mesh: inForce,
      links: leavingBehind(links, inForce, report),
      ...(leaving && { leavingDomains: leaving.domains, leavingAccounts: leaving.accounts }),
      // A second more: the process is dead by then.
      deadline: () => new Date(Date.now() + context.getRemainingTimeInMillis() + 1000).toISOString(),
    };
  };
}

/** As they are kept now. Loads Cedar with the first call: few processes ever need it. */
function policiesInForce(meshTable: MeshTable): () => Promise<InForce> {
  let engineOf: ReturnType<typeof policyCache> | undefined;
  return async () => {
    const [applied, { policyCache }] = await Promise.all([meshTable.load(), import('./policy-cache.ts')]);
    if (!applied) throw new NoMeshError();
    engineOf ??= policyCache();
    return { mesh: applied.mesh, policies: engineOf(applied) };
  };
}

/** Loads the client with the first call: few processes ever need it. */
async function wake(taskToken: string): Promise<void> {
  const [{ sfnClient }, { wakeMachine }] = await Promise.all([
    import('../aws/sfn-client.ts'),
    import('../aws/request-processes.ts'),
  ]);
  await wakeMachine(sfnClient(), taskToken);
}
