import { accessDecisionMade } from '../events/access-decision-made.ts';
import { accessExtensionRequested } from '../events/access-extension-requested.ts';
import { accessRequested } from '../events/access-requested.ts';
import { accessRevocationRequested } from '../events/access-revocation-requested.ts';
import type { AccessEvent } from '../shared/access/access-reader.ts';
import { UsageError } from './connection.ts';
import { instantOf } from './times.ts';

const DAY = 86_400_000;

/** How long access is to last: `--until`, or `--days`. */
export interface EndOptions {
  until?: string;
  days?: number;
}

export interface TermsOptions {
  columns?: string[];
  rows?: string;
}

export interface RequestOptions extends EndOptions, TermsOptions {
  id?: string;
  principal?: string;
  purpose: string;
  describeOnly?: true;
}

export interface DecideOptions extends TermsOptions {
  as?: string;
  reason?: string;
  until?: string;
  direct?: true;
}

export interface ExtendOptions extends EndOptions {
  purpose?: string;
}

export interface RevokeOptions {
  principal?: string;
  table?: string;
  product?: string;
  reason: string;
}

/** What is known of who calls, to fill in what is not said. */
export interface Who {
  account: string;
  /** Of the session, as STS says it. */
  arn: string;
}

export function requestEvent(
  tables: readonly string[],
  requestId: string,
  options: RequestOptions,
  who: Who,
): AccessEvent {
  if ((options.until === undefined) === (options.days === undefined))
    throw new UsageError('Access ends: give either --days or --until.');
  return checked(accessRequested, {
    requestId,
    principal: principalOf(options.principal, who, '--principal'),
    // Glue has no capitals.
    tables: tables.map(table => table.toLowerCase()),
    ...termsOf(options),
    ...(options.describeOnly && { permissions: ['DESCRIBE'] }),
    purpose: options.purpose,
    ...(options.until !== undefined
      ? { expiresAt: instantOf('--until', options.until) }
      : { durationDays: options.days }),
  });
}

export function decisionEvent(requestId: string, answer: string, options: DecideOptions, who: Who): AccessEvent {
  const decision = ({ approve: 'approved', deny: 'denied' } as Record<string, string>)[answer];
  if (decision === undefined) throw new UsageError(`Decide approve or deny, not ${answer}.`);
  const { columns, rows, until } = options;
  if (decision === 'denied' && [columns, rows, until].some(narrowed => narrowed !== undefined))
    throw new UsageError('--columns, --rows and --until narrow what is approved: they do not go with deny.');
  return checked(accessDecisionMade, {
    requestId,
    decision,
    approver: principalOf(options.as, who, '--as'),
    ...(options.reason !== undefined && { reason: options.reason }),
    ...termsOf(options),
    ...(until !== undefined && { expiresAt: instantOf('--until', until) }),
  });
}

export function extensionEvent(requestId: string, { until, days, purpose }: ExtendOptions, now: string): AccessEvent {
  if ((until === undefined) === (days === undefined))
    throw new UsageError('Until when? Give either --days, from now, or --until.');
  const expiresAt =
    until !== undefined ? instantOf('--until', until) : new Date(Date.parse(now) + (days ?? 0) * DAY).toISOString();
  return checked(accessExtensionRequested, { requestId, expiresAt, ...(purpose !== undefined && { purpose }) });
}

export function revocationEvent(requestId: string | undefined, options: RevokeOptions, who: Who): AccessEvent {
  const { principal, table, product, reason } = options;
  if ((requestId ?? principal ?? table ?? product) === undefined)
    throw new UsageError('Revoke what? Name a request, or --principal, --table or --product for all of them.');
  return checked(accessRevocationRequested, {
    ...(requestId !== undefined && { requestId }),
    ...(principal !== undefined && { principal: principalOf(principal, who, '--principal') }),
    ...(table !== undefined && { table: table.toLowerCase() }),
    ...(product !== undefined && { product }),
    reason,
  });
}

function termsOf({ columns, rows }: TermsOptions) {
  return { ...(columns && { columns }), ...(rows !== undefined && { rowFilter: rows }) };
}

/**
 * The ARN of a role or a user: as written, `role/<name>` or `user/<name>` of the caller's account, or whoever calls.
 * @throws UsageError when the caller is neither (an account's root user is not)
 */
export function principalOf(written: string | undefined, { account, arn }: Who, option: string): string {
  if (written !== undefined) return /^(role|user)\/./.test(written) ? `arn:aws:iam::${account}:${written}` : written;
  // A session of a role has the role's name without its path. Source: IAM User Guide, "IAM identifiers".
  const role = /^arn:([a-z-]+):sts::(\d{12}):assumed-role\/([^/]+)\//.exec(arn);
  if (role) return `arn:${role[1]}:iam::${role[2]}:role/${role[3]}`;
  if (/:user\//.test(arn)) return arn;
  throw new UsageError(`${arn} is neither a role nor a user: say who is meant, ${option} <ARN, or role/<name>>.`);
}

interface Schema {
  detailType: string;
  detail: {
    safeParse(detail: unknown): {
      success: boolean;
      error?: { issues: readonly { path: PropertyKey[]; message: string }[] };
    };
  };
}

/** What the hub would refuse by its form alone is not sent. */
function checked({ detailType, detail }: Schema, data: Record<string, unknown>): AccessEvent {
  const { success, error } = detail.safeParse({ metadata: { eventId: 'checked' }, data });
  if (success) return { detailType, data };
  const problems = (error?.issues ?? []).map(
    ({ path, message }) => `${path.slice(1).join('.') || 'event'}: ${message}`,
  );
  throw new UsageError(problems.join('\n'));
}
