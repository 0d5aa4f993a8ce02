import { setTimeout as sleep } from 'node:timers/promises';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { GlueClient } from '@aws-sdk/client-glue';
import { LakeFormationClient } from '@aws-sdk/client-lakeformation';
import type { AccessReader, AccessSender, OwnSide } from '../access/access-reader.ts';
import type { CatalogReader } from '../catalog/browse-catalog.ts';
import { ledgerTableName } from '../mesh/hub-roles.ts';
import { AwsAccessReader } from './access-reader.ts';
import { EventBridgeAccessSender } from './access-sender.ts';
import type { Connection } from './apply-services.ts';
import { AwsCatalogReader } from './catalog-reader.ts';
import { clientOptions, documentClient } from './clients.ts';
import { LakeFormationPermissions } from './lake-permissions.ts';
import { AwsOwnSide } from './own-side.ts';
import { type Caller, findCaller, type MeshPlace, readingConnection } from './reader-session.ts';

/** What people do with access from where they are. */
export interface AccessDesk {
  caller: Caller;
  /** @param isDirect straight on the hub's bus, as the caller itself, instead of on the default bus of its own account */
  sender(isDirect: boolean): AccessSender;
  /** Opened when it is first needed: to put an event takes no reading. @throws ReaderRoleRefusedError */
  reading(): Promise<{ access: AccessReader; catalog: CatalogReader }>;
  /** What the caller's own account has. */
  ownSide: OwnSide;
  /** Ends early when the signal comes. */
  pause(milliseconds: number, signal: AbortSignal): Promise<void>;
}

/** @param now gives ISO 8601 @throws HubUnknownError */
export async function openAccess(connection: Connection, place: MeshPlace, now: () => string): Promise<AccessDesk> {
  const caller = await findCaller(connection, place);
  const { account, hub } = caller;
  const options = { ...clientOptions, ...connection };
  const lake = new LakeFormationClient(options);
  return {
    caller,
    sender: isDirect =>
      new EventBridgeAccessSender(new EventBridgeClient(options), { ...place, account, hub, isDirect }, now),
    async reading() {
      const reading = await readingConnection(connection, place.stage, caller);
      const documents = documentClient(reading);
      const table = ledgerTableName(place.stage);
      const viewer = { account, hub };
      const permissions = account === hub ? new LakeFormationPermissions(lake, hub) : undefined;
      return {
        access: new AwsAccessReader(documents, table, viewer, permissions),
        catalog: new AwsCatalogReader(new GlueClient({ ...clientOptions, ...reading }), documents, table, viewer),
      };
    },
    ownSide: new AwsOwnSide(new GlueClient(options), lake),
    pause,
  };
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}
