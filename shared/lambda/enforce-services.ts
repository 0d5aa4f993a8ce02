import { setTimeout as sleep } from 'node:timers/promises';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { LakeFormationClient } from '@aws-sdk/client-lakeformation';
import { RAMClient } from '@aws-sdk/client-ram';
import { STSClient } from '@aws-sdk/client-sts';
import type { Context } from 'aws-lambda';
import type { EnforceServices } from '../access/enforce-request.ts';
import {
  clientOptions,
  documentClient,
  perAccount,
  spokeCredentials,
  spokeGlue,
  spokeLakeFormation,
} from '../aws/clients.ts';
import { GlueConsumerLinks } from '../aws/consumer-links.ts';
import { EventBridgeAnnouncer } from '../aws/event-announcer.ts';
import { LakeFormationPermissions } from '../aws/lake-permissions.ts';
import { LedgerTable } from '../aws/ledger-table.ts';
import { MeshTable } from '../aws/mesh-table.ts';
import { OutboxTable } from '../aws/outbox-table.ts';
import { RamResourceShares } from '../aws/resource-shares.ts';
import { meshCache } from './applied-mesh-cache.ts';
import { now } from './clock.ts';
import { hubSettings, setting } from './environment.ts';
import { report } from './logger.ts';

/** What enforcing needs, made once for each process. The invocation's own end bounds the leases that it takes. */
export function enforceServices(): (context: Context) => Promise<EnforceServices> {
  const ledgerTable = setting('LEDGER_TABLE');
  const hub = hubSettings();
  const documents = documentClient();
  const mesh = meshCache(new MeshTable(documents, ledgerTable));
  const credentials = spokeCredentials(new STSClient(clientOptions), 'trellis-access');
  const spokeRam = perAccount(account => new RAMClient({ ...clientOptions, credentials: credentials(account) }));
  const services = {
    ledger: new LedgerTable(documents, ledgerTable),
    lake: new LakeFormationPermissions(new LakeFormationClient(clientOptions), hub.account),
    links: new GlueConsumerLinks(spokeGlue(credentials), spokeLakeFormation(credentials), hub),
    shares: new RamResourceShares(new RAMClient(clientOptions), spokeRam, hub),
    outbox: new OutboxTable(documents, ledgerTable, now),
    announcer: new EventBridgeAnnouncer(new EventBridgeClient(clientOptions), hub, report),
    report,
    now,
    newHolder: () => crypto.randomUUID(),
    pause: (milliseconds: number) => sleep(milliseconds),
  };
  return async context => ({
    ...services,
    mesh: (await mesh()).mesh,
    // A second more: the process is dead by then.
    deadline: () => new Date(Date.now() + context.getRemainingTimeInMillis() + 1000).toISOString(),
  });
}
