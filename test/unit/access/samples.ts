import type { AccessRequest, ActiveGrant, RequestState } from '../../../shared/access/access-request.ts';
import type { PairReading } from '../../../shared/access/pair-record.ts';
import { newPair } from '../../../shared/access/pair-record.ts';
import { ANALYTICS, PRINCIPALS, TABLES } from '../../property/sample-mesh.ts';

export const NOW = '2026-11-21T09:00:00.000Z';
export const END = '2026-12-21T09:00:00.000Z';
export const ANALYST = PRINCIPALS[0];
export const [FLIGHTS, AIRPORTS] = TABLES;

export function requestIn(state: RequestState, more: Partial<AccessRequest> = {}): AccessRequest {
  return {
    requestId: 'r1',
    account: ANALYTICS,
    principal: ANALYST,
    domain: 'aviation',
    purpose: 'research',
    terms: [{ table: FLIGHTS, columns: ['origin', 'delay'], rowFilter: null }],
    expiresAt: END,
    policies: ['on-research'],
    fingerprint: 'f',
    state,
    version: 1,
    ...more,
  };
}

export const WAITING = {
  status: 'waiting' as const,
  askedAt: NOW,
  answerBy: '2026-11-28T09:00:00.000Z',
} satisfies RequestState;
export const APPROVED = {
  status: 'approved' as const,
  approvedAt: NOW,
  attempts: 0,
  retryAt: NOW,
  reasons: [],
} satisfies RequestState;
export const GRANTED = { status: 'granted' as const, grantedAt: NOW } satisfies RequestState;
export const ENDING = { status: 'ending' as const, cause: 'requested' as const, since: NOW } satisfies RequestState;
export const ENDED = { status: 'ended' as const, cause: 'expired' as const, endedAt: END } satisfies RequestState;
export const DENIED = { status: 'denied' as const, deniedAt: NOW, reasons: ['no'] } satisfies RequestState;

export function grantOf(requestId: string, columns = ['origin'], rowFilter: string | null = null): ActiveGrant {
  return { requestId, columns, rowFilter, expiresAt: END };
}

export function readingOf(...grants: ActiveGrant[]): PairReading {
  return { record: newPair({ principal: ANALYST, table: FLIGHTS }), grants };
}
