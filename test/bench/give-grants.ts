/** Grants as they are once a request's journey is over, without the journey: in the ledger, in Lake Formation, and in the consumer's catalog. */
import { LakeFormationClient } from '@aws-sdk/client-lakeformation';
import { administratorOf, glueOf, HUB } from '../../local/story/actors.ts';
import {
  type AccessRequest,
  type ActiveGrant,
  accountOf,
  dueAt,
  type Instant,
} from '../../shared/access/access-request.ts';
import { desiredFilter } from '../../shared/access/entitlement.ts';
import { afterSettling, afterTransition } from '../../shared/access/pair-record.ts';
import { documentClient } from '../../shared/aws/clients.ts';
import { GlueConsumerLinks } from '../../shared/aws/consumer-links.ts';
import { LakeFormationPermissions } from '../../shared/aws/lake-permissions.ts';
import { LedgerTable } from '../../shared/aws/ledger-table.ts';

const CALLS_AT_ONCE = 16;
const NOTICE_MILLISECONDS = 7 * 86_400_000;

export interface GivenGrant {
  requestId: string;
  principal: string;
  table: string;
  columns: string[];
  expiresAt: Instant;
  /** That its end comes was told already: next due is the end itself. */
  isEndTold: boolean;
}

/** @param owner the account of the tables' domain */
export async function giveGrants(
  { endpoint, now, owner }: { endpoint: string; now: Instant; owner: string },
  grants: readonly GivenGrant[],
): Promise<void> {
  const hub = administratorOf(endpoint, HUB);
  const ledger = new LedgerTable(documentClient(hub), 'trellis-local-ledger');
  const lake = new LakeFormationPermissions(new LakeFormationClient(hub), HUB);
  const links = new GlueConsumerLinks(
    account => glueOf(administratorOf(endpoint, account)),
    account => new LakeFormationClient(administratorOf(endpoint, account)),
    { account: HUB, region: hub.region },
  );
  let next = 0;
  const giveSome = async () => {
    for (let given = grants[next++]; given; given = grants[next++]) {
      const { principal, table, columns, requestId, expiresAt } = given;
      const pair = { principal, table };
      const put: ActiveGrant = { requestId, columns, rowFilter: null, expiresAt };
      const before = await ledger.loadPair(pair);
      const active = [...before.grants, put];
      const filter = desiredFilter(principal, active);
      if (!filter) throw new TypeError('A grant gives something.');
      const settled = afterSettling(afterTransition(before.record, active), filter);
      const request = grantedRequest(given, now);
      await ledger.commit({
        at: now,
        owner,
        request,
        requestDueAt: dueAt(request, NOTICE_MILLISECONDS),
        // One write for what a journey does in two: the transition, and what the look-again found.
        pairs: [{ before, after: { ...settled, revision: before.record.revision + 1 }, put }],
        tell: [],
      });
      await lake.createFilter(table, filter);
      await lake.grant(pair, filter);
      await links.ensure(pair);
    }
  };
  await Promise.all(Array.from({ length: CALLS_AT_ONCE }, giveSome));
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
