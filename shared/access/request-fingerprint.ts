import { createHash } from 'node:crypto';
import type { AccessRequestedData } from '../../events/access-requested.ts';

/** The same for a request that says the same, whatever the order of its members, columns or tables. */
export function requestFingerprint(data: AccessRequestedData, account: string): string {
  const said = {
    account,
    requestId: data.requestId,
    principal: data.principal,
    product: data.product,
    tables: data.tables?.toSorted(),
    columns: data.columns?.toSorted(),
    rowFilter: data.rowFilter,
    permissions: data.permissions?.toSorted(),
    purpose: data.purpose,
    expiresAt: data.expiresAt,
    durationDays: data.durationDays,
  };
  return createHash('sha256').update(JSON.stringify(said)).digest('hex').slice(0, 32);
}
