import type { Measure } from '../telling/measure.ts';
import type { AccessRequest, Instant } from './access-request.ts';

/**
 * Measures a step of a request that was committed.
 * @param before undefined for a new one
 * @param at when the step was taken
 */
export function measureStep(
  measure: Measure | undefined,
  before: AccessRequest | undefined,
  { state, expiresAt }: AccessRequest,
  at: Instant,
): void {
  if (measure === undefined) return;
  if (before === undefined) {
    measure('AccessRequests', 1);
    return;
  }
  const was = before.state;
  if (was.status === 'waiting' && state.status === 'approved')
    measure('DecisionMilliseconds', elapsed(was.askedAt, state.approvedAt));
  if (was.status === 'waiting' && state.status === 'denied')
    measure('DecisionMilliseconds', elapsed(was.askedAt, state.deniedAt));
  if (was.status === 'granted' && was.extension && state.status === 'granted' && !state.extension)
    measure('DecisionMilliseconds', elapsed(was.extension.askedAt, at));
  if (was.status === 'approved' && state.status === 'granted')
    measure('GrantMilliseconds', elapsed(was.approvedAt, state.grantedAt));
  if (was.status === 'ending' && state.status === 'ended')
    measure('RevocationLatenessMilliseconds', elapsed(was.cause === 'expired' ? expiresAt : was.since, state.endedAt));
}

/** Of two clocks, that of one machine may be behind. */
function elapsed(from: Instant, to: Instant): number {
  return Math.max(0, Date.parse(to) - Date.parse(from));
}
