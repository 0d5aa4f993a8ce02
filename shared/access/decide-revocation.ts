import type { AccessRevocationRequestedData } from '../../events/access-revocation-requested.ts';
import type { Mesh } from '../mesh/mesh.ts';
import type { AccessRequest, Instant } from './access-request.ts';

export type RevocationRuling =
  | { kind: 'refused'; reasons: string[] }
  /** It has ended, or is ending, already. */
  | { kind: 'repeated' }
  | { kind: 'revoked'; request: AccessRequest };

/** Decides an immediate revocation of one request's access: by the owner's account, the consumer's, or the hub. Pure. */
export function decideRevocation(
  data: AccessRevocationRequestedData,
  account: string,
  context: { mesh: Mesh; request: AccessRequest | undefined; now: Instant },
): RevocationRuling {
  const { mesh, request, now } = context;
  if (data.requestId === undefined) {
    return {
      kind: 'refused',
      reasons: ['Revoking all of a principal or of a product is not done yet. Name one requestId.'],
    };
  }
  const mayRevoke = request && [request.account, mesh.domains[request.domain]?.account, mesh.hub].includes(account);
  if (!request || !mayRevoke) {
    return { kind: 'refused', reasons: [`Account ${account} has no request ${data.requestId} to revoke.`] };
  }
  if (data.product !== undefined || (data.principal !== undefined && data.principal !== request.principal)) {
    return {
      kind: 'refused',
      reasons: [`The request ${data.requestId} is not of the principal or product that is named beside it.`],
    };
  }
  const version = request.version + 1;
  switch (request.state.status) {
    case 'approved':
    case 'granted':
      return {
        kind: 'revoked',
        request: { ...request, version, state: { status: 'ending', cause: 'requested', since: now } },
      };
    case 'waiting': {
      const reasons = [`Withdrawn: ${data.reason}`];
      return { kind: 'revoked', request: { ...request, version, state: { status: 'denied', deniedAt: now, reasons } } };
    }
    case 'ending':
    case 'ended':
    case 'denied':
      return { kind: 'repeated' };
  }
}
