/** Grants as they are once a request's journey is over, without the journey. */
import { LakeFormationClient } from '@aws-sdk/client-lakeformation';
import { administratorOf, HUB } from '../../local/story/actors.ts';
import { type AccessRequest, accountOf, dueAt, type Instant } from '../../shared/access/access-request.ts';
import { cellFilter } from '../../shared/access/entitlement.ts';
import { afterSettling, afterTransition, newPair } from '../../shared/access/pair-record.ts';
import { documentClient } from '../../shared/aws/clients.ts';
import { LakeFormationPermissions } from '../../shared/aws/lake-permissions.ts';
import { LedgerTable } from '../../shared/aws/ledger-table.ts';

const CALLS_AT_ONCE = 16;
const NOTICE_MILLISECONDS = 7 * 86_400_000;

export interface GivenGrant {
  requestId: string;
  /** Who has nothing on the table yet. */
  principal: string;
  table: string;
  columns: string[];
  expiresAt: Instant;
  /** That its end comes was told already: next due is the end itself. */
  isEndTold: boolean;
}

export interface LedgerOfGrants {
  endpoint: string;
  now: Instant;
  /** The account of the tables' domain. */
  owner: string;
  /** Lake Formation has them already; otherwise the next sweep gives them. */
  isSettled: boolean;
}

/** Into the ledger. */
export async function recordGrants(
  { endpoint, now, owner, isSettled }: LedgerOfGrants,
  grants: readonly GivenGrant[],
): Promise<void> {
  const ledger = new LedgerTable(documentClient(administratorOf(endpoint, HUB)), 'trellis-local-ledger');
  await forEach(grants, async given => {
    const { requestId, principal, table, columns, expiresAt } = given;
    const record = newPair({ principal, table });
    const put = { requestId, columns, rowFilter: null, expiresAt };
    const approved = afterTransition(record, [put]);
    const after = isSettled ? afterSettling(approved, [cellFilter(principal, columns, null)]) : approved;
    const request = grantedRequest(given, now);
    await ledger.commit({
      at: now,
      owner,
      request,
      requestDueAt: dueAt(request, NOTICE_MILLISECONDS),
      // One write for what a journey does in several: the request's way, and what the look-again found.
      pairs: [{ before: { record, grants: [] }, after: { ...after, revision: 1 }, put }],
      tell: [],
    });
  });
}

/** Into Lake Formation, as Trellis puts them there. */
export async function permitGrants(endpoint: string, grants: readonly GivenGrant[]): Promise<void> {
  const lake = new LakeFormationPermissions(new LakeFormationClient(administratorOf(endpoint, HUB)), HUB);
  await forEach(grants, async ({ principal, table, columns }) => {
    const filter = cellFilter(principal, columns, null);
    await lake.createFilter(table, filter);
    await lake.grant({ principal, table }, filter);
  });
}

async function forEach<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const workOnSome = async () => {
    while (next < items.length) await work(items[next++]!);
  };
  await Promise.all(Array.from({ length: CALLS_AT_ONCE }, workOnSome));
}

function grantedRequest(given: GivenGrant, now: Instant): AccessRequest {
  const { requestId, principal, table, columns, expiresAt, isEndTold } = given;
  return {
    requestId,
    account: accountOf(principal),
    principal,
    domain: table.slice(0, table.indexOf('_')),
    purpose: 'delay-study',
    terms: [{ table, columns, rowFilter: null }],
    expiresAt,
    policies: ['aviation.public-is-automatic'],
    fingerprint: requestId,
    state: { status: 'granted', grantedAt: now, approvedAt: now, ...(isEndTold && { expiringToldAt: now }) },
    version: 1,
  };
}
