import type { ActiveGrant } from './access-request.ts';

/**
 * Stands where other grants name their request: nobody asked for a standing grant, `mesh.yml` does (`shareBack`). No request can have this id:
 * theirs have no blank (`events/access-requested.ts`).
 */
export const SHARE_BACK = 'share back';

/** All of a table, as long as `mesh.yml` asks for it. @param columns all that the table has now, partition keys too */
export function standingGrant(columns: readonly string[]): ActiveGrant {
  return { requestId: SHARE_BACK, columns: [...columns], rowFilter: null, expiresAt: null };
}

export function isStanding({ requestId }: Pick<ActiveGrant, 'requestId'>): boolean {
  return requestId === SHARE_BACK;
}
