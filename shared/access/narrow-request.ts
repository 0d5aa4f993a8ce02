import { fewReasons } from '../telling/told-event.ts';
import type { AccessRequest, Instant, TableTerms } from './access-request.ts';

/** What is left of a request of which something is taken away. */
export interface WhatIsLeft {
  terms: TableTerms[];
  policies?: string[];
}

/**
 * A request of which something is taken away before its end: columns, or whole tables. What it gave of those is gone from the ledger with this step; Lake
 * Formation follows, and then it is told. Pure.
 * @throws TypeError for one that gives nothing
 */
export function narrowed(
  request: AccessRequest,
  left: WhatIsLeft,
  reasons: readonly string[],
  at: Instant,
): AccessRequest {
  const { state } = request;
  const isLeft = (table: string) => left.terms.some(each => each.table === table);
  const gone = request.terms.map(({ table }) => table).filter(table => !isLeft(table));
  const dropped = [...(request.dropped ?? []), ...gone];
  const after = { ...request, ...left, version: request.version + 1, ...(dropped.length > 0 && { dropped }) };
  // Not provisioned yet: what is left of it is, from the beginning.
  if (state.status === 'approved')
    return {
      ...after,
      state: { ...state, attempts: 0, retryAt: at, reasons: fewReasons([...state.reasons, ...reasons]) },
    };
  if (state.status !== 'granted') throw new TypeError(`The request ${request.requestId} gives nothing to narrow.`);
  // What was narrowed before may not be told yet.
  const narrowing = { since: at, reasons: fewReasons([...(state.narrowing?.reasons ?? []), ...reasons]) };
  return { ...after, state: { ...state, narrowing } };
}

/** The request without one of its tables; undefined where that leaves nothing of it. */
export function withoutTable(request: AccessRequest, table: string): WhatIsLeft | undefined {
  const terms = request.terms.filter(each => each.table !== table);
  return terms.length > 0 ? { terms } : undefined;
}

/** The request once Lake Formation has followed what it dropped. */
export function withoutDropped({ dropped: _, ...request }: AccessRequest): AccessRequest {
  return request;
}
