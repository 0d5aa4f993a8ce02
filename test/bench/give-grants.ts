/** Grants as they are once a request's journey is over, without the journey: in the ledger, in Lake Formation, and in the consumer's catalog. */
import { LakeFormationClient } from '@aws-sdk/client-lakeformation';
import { administratorOf, glueOf, HUB } from '../../local/story/actors.ts';
import { type AccessRequest, accountOf, dueAt, type Instant } from '../../shared/access/access-request.ts';
import { cellFilter } from '../../shared/access/entitlement.ts';
import type { Transition } from '../../shared/access/ledger.ts';
import { afterSettling, afterTransition, newPair } from '../../shared/access/pair-record.ts';
import { documentClient, perAccount } from '../../shared/aws/clients.ts';
import { GlueConsumerLinks } from '../../shared/aws/consumer-links.ts';
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

export interface GivenIn {
  endpoint: string;
  now: Instant;
  /** The account of the tables' domain. */
  owner: string;
  /** In the ledger alone: for what is only to be there while other things are measured. */
  isLedgerOnly?: boolean;
}

export async function giveGrants(
  { endpoint, now, owner, isLedgerOnly = false }: GivenIn,
  grants: readonly GivenGrant[],
): Promise<void> {
  const hub = administratorOf(endpoint, HUB);
  const ledger = new LedgerTable(documentClient(hub), 'trellis-local-ledger');
  const lakeClients = perAccount(account => new LakeFormationClient(administratorOf(endpoint, account)));
  const lake = new LakeFormationPermissions(lakeClients(HUB), HUB);
  const glueClients = perAccount(account => glueOf(administratorOf(endpoint, account)));
  const links = new GlueConsumerLinks(glueClients, lakeClients, { account: HUB, region: hub.region });
  let next = 0;
  const giveSome = async () => {
    for (let given = grants[next++]; given; given = grants[next++]) {
      const { principal, table, columns } = given;
      const filter = cellFilter(principal, columns, null);
      await ledger.commit(givenTransition(given, now, owner));
      if (isLedgerOnly) continue;
      await lake.createFilter(table, filter);
      await lake.grant({ principal, table }, filter);
      await links.ensure({ principal, table });
    }
  };
  await Promise.all(Array.from({ length: CALLS_AT_ONCE }, giveSome));
}

/** One write for what a journey does in several: the request's way, and what the look-again found. */
function givenTransition(given: GivenGrant, now: Instant, owner: string): Transition {
  const { requestId, principal, table, columns, expiresAt } = given;
  const record = newPair({ principal, table });
  const put = { requestId, columns, rowFilter: null, expiresAt };
  const settled = afterSettling(afterTransition(record, [put]), [cellFilter(principal, columns, null)]);
  const request = grantedRequest(given, now);
  return {
    at: now,
    owner,
    request,
    requestDueAt: dueAt(request, NOTICE_MILLISECONDS),
    pairs: [{ before: { record, grants: [] }, after: { ...settled, revision: 1 }, put }],
    tell: [],
  };
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
