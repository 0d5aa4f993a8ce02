import type * as z from 'zod/mini';
import { accessDecisionMade } from '../../events/access-decision-made.ts';
import { accessExtensionRequested } from '../../events/access-extension-requested.ts';
import { accessRequested } from '../../events/access-requested.ts';
import { accessRevocationRequested } from '../../events/access-revocation-requested.ts';
import type { Envelope } from '../../events/envelope.ts';
import { isInMesh } from '../mesh/mesh.ts';
import { LedgerConflictError } from './ledger.ts';
import { type Cause, eventIdOf, notInMesh, refuseEvent } from './refuse-event.ts';
import { takeAnswer, takeRevocation } from './take-answer.ts';
import { takeExtension } from './take-extension.ts';
import { type RequestReading, takeRequest } from './take-request.ts';
import type { TakeServices } from './take-services.ts';

/**
 * Takes one event of source `trellis.access` and does what it asks, once: whatever is wrong with it is answered, never thrown.
 * @param begun what `beginReading` began
 * @throws the fault of a service: the event is delivered again.
 */
export async function takeAccessEvent(
  services: TakeServices,
  envelope: Envelope,
  begun?: Promise<RequestReading>,
): Promise<void> {
  const cause = { account: envelope.account, eventId: eventIdOf(envelope) };
  for (let attempt = 1; ; attempt++) {
    try {
      return await dispatch(services, envelope, cause, attempt === 1 ? begun : undefined);
    } catch (fault) {
      if (!(fault instanceof LedgerConflictError) || attempt === CONFLICT_ATTEMPTS) throw fault;
    }
  }
}

const CONFLICT_ATTEMPTS = 5;

async function dispatch(
  services: TakeServices,
  envelope: Envelope,
  cause: Cause,
  begun: Promise<RequestReading> | undefined,
): Promise<void> {
  if (!isInMesh(services.mesh, envelope.account))
    return refuseEvent(services, envelope, cause, [notInMesh(envelope.account)]);
  switch (envelope['detail-type']) {
    case accessRequested.detailType:
      return parsed(services, envelope, cause, accessRequested.detail, detail =>
        takeRequest(services, envelope, cause, detail.data, begun),
      );
    case accessDecisionMade.detailType:
      return parsed(services, envelope, cause, accessDecisionMade.detail, detail =>
        takeAnswer(services, envelope, cause, detail.data),
      );
    case accessExtensionRequested.detailType:
      return parsed(services, envelope, cause, accessExtensionRequested.detail, detail =>
        takeExtension(services, envelope, cause, detail.data),
      );
    case accessRevocationRequested.detailType:
      return parsed(services, envelope, cause, accessRevocationRequested.detail, detail =>
        takeRevocation(services, envelope, cause, detail.data),
      );
    default:
      return refuseEvent(services, envelope, cause, [
        `${envelope['detail-type']} is no event that Trellis takes from ${envelope.source}.`,
      ]);
  }
}

async function parsed<T extends z.ZodMiniType>(
  services: TakeServices,
  envelope: Envelope,
  cause: Cause,
  schema: T,
  take: (detail: z.infer<T>) => Promise<void>,
): Promise<void> {
  const result = schema.safeParse(envelope.detail);
  if (result.success) return take(result.data);
  const reasons = result.error.issues.map(issue => `${issue.path.join('.') || 'detail'}: ${issue.message}`);
  return refuseEvent(services, envelope, cause, reasons);
}
