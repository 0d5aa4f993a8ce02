import { GlueClient } from '@aws-sdk/client-glue';
import type { CatalogReader } from '../catalog/browse-catalog.ts';
import { ledgerTableName } from '../mesh/hub-roles.ts';
import type { Connection } from './apply-services.ts';
import { AwsCatalogReader } from './catalog-reader.ts';
import { clientOptions, documentClient } from './clients.ts';
import { findCaller, type MeshPlace, readingConnection } from './reader-session.ts';

/**
 * The central catalog for whoever calls: with its own credentials in the hub's account, otherwise as the hub's reader role.
 * @throws HubUnknownError, ReaderRoleRefusedError
 */
export async function openCatalog(connection: Connection, place: MeshPlace): Promise<CatalogReader> {
  const caller = await findCaller(connection, place);
  const reading = await readingConnection(connection, place.stage, caller);
  const { account, hub } = caller;
  return new AwsCatalogReader(
    new GlueClient({ ...clientOptions, ...reading }),
    documentClient(reading),
    ledgerTableName(place.stage),
    { account, hub },
  );
}
