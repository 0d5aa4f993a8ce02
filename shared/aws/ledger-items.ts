import type { ActiveGrant } from '../access/access-request.ts';
import type { PairChange } from '../access/ledger.ts';
import { HOLDER_INDEX, OWNER_INDEX } from './ledger-keys.ts';

/** Puts an item into the indexes by account. An owner that is not known is left as it was. */
export function accountsSet(holder: string, owner: string | undefined) {
  return {
    expression: owner === undefined ? '#holder = :holder' : '#holder = :holder, #owner = :owner',
    // `owner` is a reserved word of DynamoDB's.
    names: { '#holder': HOLDER_INDEX, ...(owner !== undefined && { '#owner': OWNER_INDEX }) },
    values: { ':holder': holder, ...(owner !== undefined && { ':owner': owner }) },
  };
}

export function grantsAfter({ before, put, remove }: PairChange): ActiveGrant[] {
  const kept = before.grants.filter(({ requestId }) => requestId !== remove && requestId !== put?.requestId);
  return put ? [...kept, put] : kept;
}
