import type { AccessRequest, ActiveGrant, Pair, RequestState } from '../../../shared/access/access-request.ts';
import { createPolicyEngine } from '../../../shared/access/policy.ts';
import type { TableDescription } from '../../../shared/access/table-description.ts';
import type { Mesh } from '../../../shared/mesh/mesh.ts';
import { PROJECT } from '../policy/sample-policies.ts';

const HUB = '111111111111';
export const AVIATION = '222222222222';
const CLIMATE = '333333333333';
export const ANALYTICS = '444444444444';

export const ANALYST = `arn:aws:iam::${ANALYTICS}:role/Analyst`;
export const STEWARD = `arn:aws:iam::${AVIATION}:role/Steward`;
export const FLIGHTS = 'aviation_ops.flights';
export const pair: Pair = { principal: ANALYST, table: FLIGHTS };

const ASKED = '2026-11-21T09:00:00.500Z';
export const NOW = '2026-11-21T10:00:00.000Z';
/** 30 days after `NOW`. */
export const END = '2026-12-21T10:00:00.000Z';
const ANSWER_BY = '2026-11-28T09:00:00.500Z';

const common = { databases: '*' as const, decisions: 'events' as const };
export const mesh: Mesh = {
  stage: 'test',
  hub: HUB,
  organization: 'o-test',
  domains: {
    aviation: {
      ...common,
      account: AVIATION,
      prefixes: ['s3://aviation/'],
      // The analyst may decide on the requests of others.
      stewards: [STEWARD, ANALYST],
      policies: 'policies/aviation',
    },
    climate: { ...common, account: CLIMATE, prefixes: ['s3://climate/'], stewards: [], policies: 'policies/climate' },
  },
  consumers: { analytics: { account: ANALYTICS } },
  graceHours: 24,
  noticeHours: 168,
  answerWithinHours: 168,
  caps: { inferredRemovalShare: 0.1 },
  piiPurposes: ['safety-investigation'],
};

/** With the policies of this project. */
export const policies = createPolicyEngine(PROJECT);

/** One column of each kind, and a partition key. */
export const flights: TableDescription = {
  table: FLIGHTS,
  domain: 'aviation',
  database: 'ops',
  columns: [
    { name: 'origin', type: 'string', labels: ['public'], isPartitionKey: false },
    { name: 'delay', type: 'bigint', labels: ['public'], isPartitionKey: false },
    { name: 'tail', type: 'string', labels: ['confidential'], isPartitionKey: false },
    { name: 'pilot', type: 'string', labels: ['confidential', 'pii'], isPartitionKey: false },
    { name: 'incident', type: 'string', labels: ['restricted'], isPartitionKey: false },
    { name: 'year', type: 'int', labels: ['public'], isPartitionKey: true },
  ],
};

/** A request of each status, all else alike. */
export const states = {
  waiting: { status: 'waiting', askedAt: ASKED, answerBy: ANSWER_BY },
  approved: { status: 'approved', approvedAt: NOW, attempts: 0, retryAt: NOW, reasons: ['Fine.'] },
  granted: { status: 'granted', grantedAt: NOW },
  ending: { status: 'ending', cause: 'requested', since: NOW },
  ended: { status: 'ended', cause: 'requested', endedAt: NOW },
  denied: { status: 'denied', deniedAt: NOW, reasons: ['No.'] },
} satisfies Record<RequestState['status'], RequestState>;

export function request(state: RequestState, changes: Partial<AccessRequest> = {}): AccessRequest {
  return {
    requestId: 'r1',
    account: ANALYTICS,
    principal: ANALYST,
    domain: 'aviation',
    purpose: 'route-study',
    terms: [{ table: FLIGHTS, columns: ['origin', 'tail', 'year'], rowFilter: null }],
    expiresAt: END,
    policies: ['aviation.readable'],
    fingerprint: 'f',
    state,
    version: 1,
    ...changes,
  };
}

export function grant(requestId: string, columns: string[] = ['origin'], rowFilter: string | null = null): ActiveGrant {
  return { requestId, columns, rowFilter, expiresAt: END };
}
