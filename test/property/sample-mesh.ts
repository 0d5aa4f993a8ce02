import type { Envelope } from '../../events/envelope.ts';
import type { PolicyEngine } from '../../shared/access/policy.ts';
import type { CentralCatalog, TableDescription } from '../../shared/access/table-description.ts';
import type { Mesh } from '../../shared/mesh/mesh.ts';

export const HUB = '111111111111';
export const AVIATION = '222222222222';
export const ANALYTICS = '444444444444';
export const FORECAST = '555555555555';

/** One domain that publishes, two accounts that read. */
export const MESH: Mesh = {
  stage: 'test',
  hub: HUB,
  organization: 'o-test',
  domains: {
    aviation: {
      account: AVIATION,
      databases: '*',
      prefixes: ['s3://aviation/'],
      stewards: [
        `arn:aws:iam::${AVIATION}:role/Steward`,
        `arn:aws:iam::${AVIATION}:role/Deputy`,
        // Reads the tables of others, and may not decide on that itself.
        `arn:aws:iam::${ANALYTICS}:role/Analyst`,
      ],
      policies: 'policies/aviation',
      decisions: 'events',
    },
  },
  consumers: { analytics: { account: ANALYTICS }, forecast: { account: FORECAST } },
  graceHours: 24,
  noticeHours: 168,
  answerWithinHours: 168,
  caps: { inferredRemovalShare: 0.1 },
  piiPurposes: [],
};

export const STEWARD = `arn:aws:iam::${AVIATION}:role/Steward`;
export const PRINCIPALS = [
  `arn:aws:iam::${ANALYTICS}:role/Analyst`,
  `arn:aws:iam::${ANALYTICS}:role/Regional`,
  `arn:aws:iam::${FORECAST}:user/model`,
] as const;
export const TABLES = ['aviation_ops.flights', 'aviation_ops.airports'] as const;
export const COLUMNS = ['origin', 'destination', 'delay'] as const;

export function description(table: string): TableDescription {
  return {
    table,
    domain: 'aviation',
    database: 'ops',
    columns: COLUMNS.map(name => ({
      name,
      type: name === 'delay' ? 'bigint' : 'string',
      labels: ['public'],
      isPartitionKey: false,
    })),
  };
}

export const CATALOG: CentralCatalog = {
  describe: async table => (TABLES.some(known => known === table) ? description(table) : undefined),
};

/** Grants what is asked for the purpose `reporting` at once, leaves the purpose `research` to the owner, and denies all else. */
export const POLICIES: PolicyEngine = {
  decideRequest({ purpose, columns }) {
    const names = columns.map(column => column.name);
    const common = { columns: names, refusedColumns: [], policies: [`on-${purpose}`] };
    switch (purpose) {
      case 'reporting':
        return { ...common, outcome: 'automatic', reasons: [] };
      case 'research':
        return { ...common, outcome: 'owner', reasons: ['the owner decides on research'] };
      default:
        return { ...common, outcome: 'denied', columns: [], reasons: [`nobody may read for ${purpose}`] };
    }
  },
  decideApproval({ question }) {
    const names = question.columns.map(column => column.name);
    return { outcome: 'approved', columns: names, refusedColumns: [], reasons: [], policies: ['on-approval'] };
  },
  decideAgain({ question }) {
    const names = question.columns.map(column => column.name);
    return { columns: names, refusedColumns: [], reasons: [], policies: [`on-${question.purpose}`] };
  },
};

export function envelope(
  account: string,
  detailType: string,
  time: string,
  eventId: string,
  data: Record<string, unknown>,
): Envelope {
  return {
    id: `envelope-of-${eventId}`,
    source: 'trellis.access',
    'detail-type': detailType,
    account,
    time,
    region: 'us-east-1',
    detail: { metadata: { eventId }, data },
  };
}
