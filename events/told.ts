/** The events that Trellis tells, source `trellis`. Their data is checked against these schemas in the tests, not when they are sent. */
import * as z from 'zod/mini';
import { accountId, columnName, detailOf, instant, principalArn, requestId, tableName } from './envelope.ts';

const reasons = z.array(z.string());
const access = { requestId, principal: principalArn, tables: z.array(tableName), expiresAt: instant };
const terms = {
  ...access,
  columns: z.array(columnName),
  rowFilter: z.optional(z.string()),
  /** Of the description alone, which has no columns. Left out for `SELECT`. */
  permissions: z.optional(z.array(z.literal('DESCRIBE'))),
  policies: z.array(z.string()),
};
const table = { domain: z.string(), database: z.string(), table: z.string() };

const question = z.enum(['request', 'extension']);

export const endCause = z.enum(['expired', 'requested', 'policy', 'table-removed', 'offboarded']);
export type EndCause = z.infer<typeof endCause>;

/** What a reconcile finds. `more`: how many differences of a database are not told one by one. */
const driftKind = z.enum([
  'missing',
  'different',
  'extra',
  'partitions',
  'quarantine',
  'foreign',
  'database',
  'removals-held-back',
  'more',
]);

export const told = {
  'Catalog Table Synced': z.object({ ...table, changes: z.array(z.string()) }),
  'Catalog Table Removed': z.object({ ...table, changes: z.array(z.string()) }),
  'Catalog Change Quarantined': z.object({ ...table, product: z.optional(z.string()), reasons }),
  'Catalog Change Released': z.object({ ...table, product: z.optional(z.string()), reasons }),
  'Catalog Drift Detected': z.object({
    kind: driftKind,
    /** `<central database>.<table>`, a central database, or a domain. */
    subject: z.string(),
    expected: z.string(),
    found: z.string(),
    repaired: z.boolean(),
  }),
  'Access Approval Needed': z.object({
    ...terms,
    purpose: z.string(),
    question,
    answerBy: instant,
    /** Of one that waits: how many reminders are behind, this one too. */
    reminder: z.optional(z.int().check(z.positive())),
    /** Where only a direct put of a steward on the hub's bus counts. */
    decisions: z.optional(z.literal('direct')),
  }),
  'Access Granted': z.object({ ...terms, reasons, links: z.array(z.string()) }),
  'Access Narrowed': z.object({ ...terms, reasons }),
  /** With `question` `extension`: the access goes on to `expiresAt`. */
  'Access Denied': z.object({ ...terms, reasons, question: z.optional(question) }),
  'Access Extended': z.object({ ...terms, reasons }),
  'Access Expiring': z.object(access),
  'Access Revoked': z.object({
    ...access,
    cause: endCause,
    /** Where policy ended it: why, and the policies that did. */
    reasons: z.optional(reasons),
    policies: z.optional(z.array(z.string())),
  }),
  'Access Provisioning Failed': z.object({
    requestId,
    principal: principalArn,
    tables: z.array(tableName),
    step: z.string(),
    reasons,
    retryAt: instant,
  }),
  'Event Refused': z.object({
    account: accountId,
    source: z.string(),
    detailType: z.string(),
    eventId: z.optional(z.string()),
    requestId: z.optional(z.string()),
    reasons,
  }),
};

export type ToldType = keyof typeof told;
export type ToldData<T extends ToldType> = z.infer<(typeof told)[T]>;

/** The `detail` of an event that Trellis tells. */
export function toldDetail<T extends ToldType>(type: T) {
  return detailOf(told[type]);
}
