import { createHash } from 'node:crypto';
import { type Envelope, requestId } from '../../events/envelope.ts';
import { isInMesh } from '../mesh/mesh.ts';
import { tell } from '../telling/outbox.ts';
import { toldEvent } from '../telling/told-event.ts';
import type { TakeServices } from './take-services.ts';

/** What identifies an event for once-only: the account that AWS says sent it, and the sender's own id. */
export interface Cause {
  account: string;
  eventId: string;
}

/** Why nothing is taken from an account. */
export function notInMesh(account: string): string {
  return `Account ${account} is not in the mesh.`;
}

/** Answers an event that asks for nothing that its sender may have: `Event Refused`, once. */
export async function refuseEvent(
  services: Pick<TakeServices, 'mesh' | 'ledger' | 'outbox' | 'announcer' | 'now'>,
  envelope: Envelope,
  cause: Cause,
  reasons: string[],
): Promise<void> {
  const { account, source } = envelope;
  const at = services.now();
  const accounts = isInMesh(services.mesh, account) ? [account] : [];
  const told = toldEvent('Event Refused', [cause.account, cause.eventId], at, accounts, {
    account,
    source,
    detailType: envelope['detail-type'],
    eventId: cause.eventId,
    ...requestIdOf(envelope),
    reasons,
  });
  if ((await services.ledger.commit({ at, cause, refused: reasons, pairs: [], tell: [told] })) === 'committed')
    await tell(services, [told]);
}

/** The request that the event names, if that can be the id of one: a part of it could be another's. */
function requestIdOf({ detail }: Envelope): { requestId?: string } {
  const named = (detail as { data?: { requestId?: unknown } | null } | null)?.data?.requestId;
  const { success, data } = requestId.safeParse(named);
  return success ? { requestId: data } : {};
}

/** The sender's `eventId`; an event without one is known by what it says, so that repeating it stays silent. Never by its envelope's id. */
export function eventIdOf({ detail, 'detail-type': detailType }: Envelope): string {
  const eventId = (detail as { metadata?: { eventId?: unknown } } | null)?.metadata?.eventId;
  if (typeof eventId === 'string' && eventId.length > 0 && eventId.length <= 128) return eventId;
  return createHash('sha256')
    .update(JSON.stringify([detailType, detail]))
    .digest('hex')
    .slice(0, 32);
}
