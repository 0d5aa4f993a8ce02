import type { AccessRevocationRequestedData } from '../../events/access-revocation-requested.ts';
import type { Mesh } from '../mesh/mesh.ts';
import { type AccessRequest, type Instant, tablesOf } from './access-request.ts';
import { revoked } from './bulk-revocation.ts';
import type { StepNotes } from './record-step.ts';

export type RevocationRuling =
  | { kind: 'refused'; reasons: string[] }
  /** It has ended, or is ending, already. */
  | { kind: 'repeated' }
  | { kind: 'revoked'; request: AccessRequest; notes: Pick<StepNotes, 'about'> };

/** Decides an immediate revocation of one request's access, or of what it gives on one of its tables: by the owner's account, the consumer's, or the hub. Pure. */
export function decideRevocation(
  data: AccessRevocationRequestedData,
  account: string,
  context: { mesh: Mesh; request: AccessRequest | undefined; now: Instant },
): RevocationRuling {
  const { mesh, request, now } = context;
  const mayRevoke = request && [request.account, mesh.domains[request.domain]?.account, mesh.hub].includes(account);
  if (!request || !mayRevoke) {
    return { kind: 'refused', reasons: [`Account ${account} has no request ${data.requestId} to revoke.`] };
  }
  const table = data.table?.toLowerCase();
  if (table !== undefined && request.dropped?.includes(table)) return { kind: 'repeated' };
  const isOther =
    data.product !== undefined ||
    (data.principal !== undefined && data.principal !== request.principal) ||
    (table !== undefined && !tablesOf(request).includes(table));
  if (isOther) {
    return {
      kind: 'refused',
      reasons: [`The request ${data.requestId} is not of the principal, table or product that is named beside it.`],
    };
  }
  const step = revoked(request, { reason: data.reason, table }, now);
  return step ? { kind: 'revoked', ...step } : { kind: 'repeated' };
}
