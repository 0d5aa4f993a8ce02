import type { AccessReader, AccessStep } from './access-reader.ts';
import { type AccessRequest, type Instant, type RequestState, tablesOf } from './access-request.ts';
import { openExtension } from './open-question.ts';

export type Status = RequestState['status'];

/** What can be asked for beside a request's own status. `open`: what waits, or gives access. */
const GROUPS = {
  open: ['waiting', 'approved', 'granted', 'ending'],
  active: ['approved', 'granted'],
  all: ['waiting', 'approved', 'granted', 'ending', 'ended', 'denied'],
} as const satisfies Record<string, readonly Status[]>;

export const STATUSES = ['open', 'active', ...GROUPS.all, 'all'] as const;

/** The statuses that a word of `STATUSES` stands for. */
export function statusesOf(word: (typeof STATUSES)[number]): readonly Status[] {
  return word in GROUPS ? GROUPS[word as keyof typeof GROUPS] : [word as Status];
}

export interface AccessQuery {
  principal?: string;
  /** A central table. */
  table?: string;
  domain?: string;
  statuses: readonly Status[];
}

/** What was asked, and where it stood at the instant that is looked at. */
export type RequestAt = Pick<
  AccessRequest,
  'requestId' | 'account' | 'principal' | 'domain' | 'purpose' | 'terms' | 'expiresAt' | 'policies' | 'state'
>;

/**
 * The requests that meet the query, as they are now, by principal, table and end.
 * @param onProgress told after every page how many requests were looked at
 */
export async function listAccess(
  reader: AccessReader,
  query: AccessQuery,
  onProgress: (looked: number) => void = () => {},
): Promise<AccessRequest[]> {
  const found: AccessRequest[] = [];
  let looked = 0;
  for await (const page of reader.requests()) {
    looked += page.length;
    onProgress(looked);
    found.push(...page.filter(request => isMeant(request, query) && hasStatus(request, query.statuses)));
  }
  return found.sort(inOrder);
}

/** Requests whose steps are read side by side. */
const SIDE_BY_SIDE = 16;

/** Who could read at an instant, by the steps in the ledger. `ending`: Trellis was taking the access away, and it may have been there still. */
export async function listAccessAt(
  reader: AccessReader,
  { principal, table, domain }: Omit<AccessQuery, 'statuses'>,
  at: Instant,
  onProgress: (looked: number) => void = () => {},
): Promise<RequestAt[]> {
  const query = { ...(principal && { principal }), ...(table && { table }), ...(domain && { domain }) };
  const found: RequestAt[] = [];
  let looked = 0;
  for await (const page of reader.requests()) {
    const candidates = page.filter(request => isMeant(request, query) && mayHaveRead(request, at));
    for (let start = 0; start < candidates.length; start += SIDE_BY_SIDE) {
      const some = candidates.slice(start, start + SIDE_BY_SIDE);
      const then = await Promise.all(
        some.map(async request => requestAt(request, await reader.steps(request.requestId), at)),
      );
      found.push(...then.filter(request => request !== undefined));
    }
    looked += page.length;
    onProgress(looked);
  }
  return found.sort(inOrder);
}

/** A request as it was at an instant, if it gave access then. */
export function requestAt(request: AccessRequest, steps: readonly AccessStep[], at: Instant): RequestAt | undefined {
  const step = steps.findLast(one => one.at <= at);
  if (!step || !READING.has(step.state.status)) return undefined;
  const { requestId, account, principal, domain, purpose } = request;
  const { state, terms, expiresAt, policies } = step;
  return { requestId, account, principal, domain, purpose, state, terms, expiresAt, policies };
}

const READING = new Set<Status>(['approved', 'granted', 'ending']);

/** What is granted and asked for a later end waits, too. */
function hasStatus(request: AccessRequest, statuses: readonly Status[]): boolean {
  return (
    statuses.includes(request.state.status) || (statuses.includes('waiting') && openExtension(request) !== undefined)
  );
}

/** Spares the steps of what never gave access, and of what had ended before. */
function mayHaveRead({ state }: AccessRequest, at: Instant): boolean {
  if (state.status === 'denied' || state.status === 'waiting') return false;
  return state.status !== 'ended' || state.endedAt > at;
}

function isMeant(request: AccessRequest, { principal, table, domain }: Omit<AccessQuery, 'statuses'>): boolean {
  if (principal !== undefined && request.principal !== principal) return false;
  if (domain !== undefined && request.domain !== domain) return false;
  return table === undefined || tablesOf(request).includes(table);
}

function inOrder(a: RequestAt, b: RequestAt): number {
  const [left, right] = [a, b].map(({ principal, terms, expiresAt, requestId }) =>
    [principal, terms[0]?.table ?? '', expiresAt, requestId].join('\n'),
  ) as [string, string];
  return left < right ? -1 : left > right ? 1 : 0;
}
