import { type AccessRequest, grantedUntil, type Instant, noticeAt } from './access-request.ts';
import { nextReminder } from './open-question.ts';

/** What is due for a request now. State machines and the sweep ask the same question, so either alone is enough. */
export type NextStep =
  | { kind: 'wait'; until: Instant | undefined }
  /** The owner let the time pass. */
  | { kind: 'deny-unanswered' }
  /** The same of an extension: the access goes on to its end. */
  | { kind: 'deny-extension' }
  /** The owner's stewards are reminded of an open question. */
  | { kind: 'remind' }
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
    case 'waiting': {
      if (now >= state.answerBy) return { kind: 'deny-unanswered' };
      const reminder = nextReminder(state);
      return reminder !== undefined && now >= reminder
        ? { kind: 'remind' }
        : { kind: 'wait', until: reminder ?? state.answerBy };
    }
    case 'approved':
      if (now >= expiresAt) return { kind: 'end' };
      return state.attempts === 0 || now >= state.retryAt
        ? { kind: 'provision' }
        : { kind: 'wait', until: state.retryAt };
    case 'granted': {
      const { extension, expiringToldAt } = state;
      // Its time ends with the access, at the latest: whoever waits for an answer hears of it before the end.
      if (extension && now >= extension.answerBy) return { kind: 'deny-extension' };
      if (now >= expiresAt) return { kind: 'end' };
      if (state.narrowing) return { kind: 'narrow' };
      if (expiringToldAt === undefined && now >= noticeAt(request, noticeMilliseconds))
        return { kind: 'tell-expiring' };
      const reminder = extension && nextReminder(extension);
      if (reminder !== undefined && now >= reminder) return { kind: 'remind' };
      return { kind: 'wait', until: grantedUntil(request, state, noticeMilliseconds) };
    }
    case 'ending':
      return { kind: 'withdraw' };
    case 'ended':
    case 'denied':
      return { kind: 'wait', until: undefined };
  }
}
