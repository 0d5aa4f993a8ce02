/**
 * How the ledger lies in its DynamoDB table: partition key `pk`, sort key `sk`, time to live `ttl`, and three indexes: `due` (hash `due`, range
 * `dueAt`), `holder` and `owner` (hash the attribute of that name, range `pk`).
 *
 *     request#<id>                request              where the request stands
 *     request#<id>                step#<version>       every step that it took, never changed
 *     table#<central table>       lease                who works on the table's permissions
 *     table#<central table>       pair#<principal>     applied, desiredVersion, settledVersion, and the active grants
 *     table#<central table>       missing              gone at its source: when it goes from the central catalog too
 *     table#<central table>       closed               nobody is granted anything on it any more, and what there is ends
 *     table#<central table>       share-back           whose turn it is to look at its standing grants, until that is done
 *     table#<central table>       redecide             its active grants are to be decided again, and how far that is
 *     partitions#<domain>         <db>.<table>         who looks at a table's partitions, and what changed last (producer's names)
 *     quarantine#<domain>         <db>.<table>         why a table is kept out that has no central table to say so
 *     told#<event id>             told                 an event that waits to be told
 *     seen#<account>#<event id>   seen                 an event that has had its effect, or was refused, and why
 *     reconcile#<run>             run                  one reconcile: what was asked, and what came of it
 *     reconcile#<run>             part#<domain>#<db>   what it found in one database (producer's name)
 *     reconcile#<run>             held#<domain>        removals that it held back
 *     leaving#domain#<name>       leaving              a domain that leaves the mesh: what the worker is to take away, and how far it is
 *     leaving#account#<id>        leaving              the same for an account
 *     leaving#domain#<name>       tables               the part of it that the writer of the central catalog does
 *     leaving#domain#<name>       table#<central>      a central table that goes: kept until all that the ledger has of it is gone too
 *     revocation#<account>#<event id>  revocation      a revocation of many, by its event: what it selects, and how far that is
 *     share-back#<domain>         wanted               who has standing grants on all of its tables, and how far that is with the tables there are
 *     redecide#<domain>           grants               the active grants on all of its tables are to be decided again, and how far that is
 *     mesh                        current              the mesh and its policies, as applied, and for which domains they are to be decided again
 *
 * The index `due` holds only what something is due for, and of a request its `status`: one query finds all the sweep's work. Its single partition takes 1,000 writes a second
 * (DynamoDB guide, "Partitions and data distribution"), well above what the access events of a mesh come to.
 *
 * Requests and pairs carry two accounts: `holder`, the account that reads or asks to, and `owner`, that of the table's domain. By their indexes an
 * account finds what concerns it, and the reader role's policy lets it ask for nothing else. They project what accounts may see: the token of
 * a waiting state machine is not in them.
 */
import type { Pair } from '../access/access-request.ts';
import type { LeavingThing } from '../mesh/apply-leaving.ts';

export interface Key {
  pk: string;
  sk: string;
}

export const DUE_INDEX = 'due';
/** The index's only partition. */
export const DUE = 'due';
/** By the account that reads, or asks to. */
export const HOLDER_INDEX = 'holder';
/** By the account of the domain that owns the table. */
export const OWNER_INDEX = 'owner';

export function requestKey(requestId: string): Key {
  return { pk: `request#${requestId}`, sk: 'request' };
}

export function stepKey(requestId: string, version: number): Key {
  return { pk: `request#${requestId}`, sk: `step#${String(version).padStart(6, '0')}` };
}

/** What the sort keys of all of a request's steps begin with. */
export function stepPrefix(requestId: string): Key {
  return { pk: `request#${requestId}`, sk: 'step#' };
}

export function leaseKey(table: string): Key {
  return { pk: `table#${table}`, sk: 'lease' };
}

export function missingKey(table: string): Key {
  return { pk: `table#${table}`, sk: 'missing' };
}

export function closedKey(table: string): Key {
  return { pk: `table#${table}`, sk: 'closed' };
}

export function pairKey({ table, principal }: Pair): Key {
  return { pk: `table#${table}`, sk: `pair#${principal}` };
}

/** What the sort keys of all pairs on a table begin with. */
export function pairPrefix(table: string): Key {
  return { pk: `table#${table}`, sk: 'pair#' };
}

/** What the sort keys of all pairs of an account's principals on a table begin with. */
export function accountPrefix(account: string): string {
  return `pair#arn:aws:iam::${account}:`;
}

export function toldKey(eventId: string): Key {
  return { pk: `told#${eventId}`, sk: 'told' };
}

export function seenKey(account: string, eventId: string): Key {
  return { pk: `seen#${account}#${eventId}`, sk: 'seen' };
}

/** `database` and `table` are the producer's own names. Without a table: the beginning of the keys of all of the database's tables. */
export function partitionsKey(domain: string, database: string, table = ''): Key {
  return { pk: `partitions#${domain}`, sk: `${database}.${table}` };
}

/** `database` and `table` are the producer's own names. Without a table: as above. */
export function quarantineKey(domain: string, database: string, table = ''): Key {
  return { pk: `quarantine#${domain}`, sk: `${database}.${table}` };
}

export function leavingKey(thing: LeavingThing): Key {
  return { pk: `leaving#${thing.kind}#${thing.kind === 'domain' ? thing.domain : thing.account}`, sk: 'leaving' };
}

export function revocationKey(revocationId: string): Key {
  return { pk: `revocation#${revocationId}`, sk: 'revocation' };
}

export function turnKey(table: string): Key {
  return { pk: `table#${table}`, sk: 'share-back' };
}

export function shareBackKey(domain: string): Key {
  return { pk: `share-back#${domain}`, sk: 'wanted' };
}

export function redecideKey(table: string): Key {
  return { pk: `table#${table}`, sk: 'redecide' };
}

export function redecideDomainKey(domain: string): Key {
  return { pk: `redecide#${domain}`, sk: 'grants' };
}

/** The central tables of a domain that leaves. */
export function leavingTablesKey(domain: string): Key {
  return { pk: `leaving#domain#${domain}`, sk: 'tables' };
}

/** One of them. Without a table: the beginning of the keys of all. */
export function leavingTableKey(domain: string, table = ''): Key {
  return { pk: `leaving#domain#${domain}`, sk: `table#${table}` };
}

export const meshKey: Key = { pk: 'mesh', sk: 'current' };

export function runKey(run: string): Key {
  return { pk: `reconcile#${run}`, sk: 'run' };
}

/** Without a domain: what the keys of all parts begin with. */
export function runPartKey(run: string, domain?: string, database?: string): Key {
  return { pk: `reconcile#${run}`, sk: domain === undefined ? 'part#' : `part#${domain}#${database}` };
}

/** Without a domain: what the keys of all begin with. */
export function runHeldBackKey(run: string, domain = ''): Key {
  return { pk: `reconcile#${run}`, sk: `held#${domain}` };
}
