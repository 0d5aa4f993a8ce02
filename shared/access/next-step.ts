import { type AccessRequest, type Instant, noticeAt } from './access-request.ts';

/** What is due for a request now. State machines and the sweep ask the same question, so either alone is enough. */
export type NextStep =
  | { kind: 'wait'; until: Instant | undefined }
  /** The owner let the time pass. */
  | { kind: 'deny-unanswered' }
  | { kind: 'provision' }
  | { kind: 'tell-expiring' }
  /** Bring Lake Formation up to narrowed terms and say so. */
  | { kind: 'narrow' }
  | { kind: 'end' }
  /** Its account or its domain has left the mesh. */
  | { kind: 'deny-left' }
  | { kind: 'end-left' }
  /** Take the access away and say so. */
  | { kind: 'withdraw' };

/** @param noticeMilliseconds how long before its end a grant is announced as expiring */
export function nextStep(request: AccessRequest, now: Instant, noticeMilliseconds: number): NextStep {
  const { state, expiresAt } = request;
  switch (state.status) {
    case 'waiting':
      return now >= state.answerBy ? { kind: 'deny-unanswered' } : { kind: 'wait', until: state.answerBy };
    case 'approved':
      if (now >= expiresAt) return { kind: 'end' };
      return state.attempts === 0 || now >= state.retryAt
        ? { kind: 'provision' }
        : { kind: 'wait', until: state.retryAt };
    case 'granted': {
      if (now >= expiresAt) return { kind: 'end' };
      if (state.narrowing) return { kind: 'narrow' };
      if (state.expiringToldAt !== undefined) return { kind: 'wait', until: expiresAt };
      const notice = noticeAt(request, noticeMilliseconds);
      return now >= notice ? { kind: 'tell-expiring' } : { kind: 'wait', until: notice };
    }
    case 'ending':
      return { kind: 'withdraw' };
    case 'ended':
    case 'denied':
      return { kind: 'wait', until: undefined };
  }
}
