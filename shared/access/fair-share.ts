/**
 * Who has sent more than its share for now. An account's surplus of one kind of event waits apart, so that ten thousand requests of one account
 * do not keep the others waiting, nor its own revocations. Nothing is refused for it, as a burst may be work that has piled up elsewhere.
 *
 * Kept in the process: each of the few that take events allows a share of its own, which costs no call.
 */
export class FairShare {
  readonly #most: number;
  readonly #refillMilliseconds: number;
  readonly #left = new Map<string, { left: number; at: number }>();

  /** @param most at once; and so many again, evenly, in the time after */
  constructor(most: number, refillMilliseconds: number) {
    this.#most = most;
    this.#refillMilliseconds = refillMilliseconds;
  }

  /** Whether one more of the sender is within its share, which it then uses up. @param now milliseconds since 1970 */
  takes(sender: string, now: number): boolean {
    const { left, at } = this.#left.get(sender) ?? { left: this.#most, at: now };
    const regained = (Math.max(now - at, 0) * this.#most) / this.#refillMilliseconds;
    const available = Math.min(left + regained, this.#most);
    const isWithin = available >= 1;
    this.#left.set(sender, { left: isWithin ? available - 1 : available, at: now });
    return isWithin;
  }
}

const KINDS = ['Access Requested', 'Access Decision Made', 'Access Extension Requested', 'Access Revocation Requested'];

/** Whose share an event counts for: its account's, of its kind. What is of no kind is all one. */
export function senderOf({ account, 'detail-type': detailType }: { account: string; 'detail-type': string }): string {
  return `${account} ${KINDS.includes(detailType) ? detailType : 'other'}`;
}
