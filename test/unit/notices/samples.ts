import type { Envelope } from '../../../events/envelope.ts';
import type { ToldData, ToldType } from '../../../events/told.ts';
import { type Notice, noticesOf } from '../../../shared/notices/notice.ts';

export const ANALYST = 'arn:aws:iam::444444444444:role/Analyst';

/** What the hub's bus hands over. */
export function told<T extends ToldType>(type: T, data: ToldData<T>, eventId = 'e-1'): Envelope {
  return {
    id: '1',
    source: 'trellis',
    'detail-type': type,
    account: '111111111111',
    time: '2026-11-21T09:00:00Z',
    region: 'us-east-1',
    resources: [],
    detail: { metadata: { eventId }, data },
  } as Envelope;
}

const access = {
  requestId: 'birds-1',
  principal: ANALYST,
  tables: ['aviation_ops.birdstrikes'],
  expiresAt: '2026-12-21T09:00:00.000Z',
};

export const TERMS = { ...access, columns: ['flight_date', 'cost_total'], policies: ['aviation.readable'] };

export const needed = (more: Partial<ToldData<'Access Approval Needed'>> = {}) =>
  told('Access Approval Needed', {
    ...TERMS,
    purpose: 'safety-study',
    question: 'request',
    answerBy: '2026-11-28T09:00:00.000Z',
    ...more,
  });
export const expiring = (more: Partial<ToldData<'Access Expiring'>> = {}) =>
  told('Access Expiring', { ...access, ...more });
export const revoked = (more: Partial<ToldData<'Access Revoked'>> = {}) =>
  told('Access Revoked', { ...access, cause: 'expired', ...more });

export const narrowed = (more: Partial<ToldData<'Access Narrowed'>> = {}) =>
  told('Access Narrowed', { ...TERMS, reasons: ['aviation_ops.flights was revoked: over'], ...more });

export const noticeOf = (event: Envelope): Notice => noticesOf(event)[0]!;
