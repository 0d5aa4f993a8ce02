import type { AccessRequest, Instant } from '../../shared/access/access-request.ts';
import type { BulkRevocation } from '../../shared/access/bulk-revocation.ts';
import { LedgerConflictError } from '../../shared/access/ledger.ts';
import type { BulkRevocations, ClaimedRevocation, RevocationProgress } from '../../shared/access/revoke-in-bulk.ts';
import type { Mesh } from '../../shared/mesh/mesh.ts';
import type { ToldEvent } from '../../shared/telling/told-event.ts';
import type { KeptRevocation, MemoryLedger } from './memory-ledger.ts';

/** Revocations of many in memory, under the conditions of `shared/aws/bulk-revocation-table.ts`. They lie in the ledger, whose transactions keep them. */
export class MemoryRevocations implements BulkRevocations {
  /** Requests on a page of the indexes by holder and owner, open or not. */
  pageSize = 2;
  readonly #ledger: MemoryLedger;
  readonly #mesh: Mesh;

  constructor(ledger: MemoryLedger, mesh: Mesh) {
    this.#ledger = ledger;
    this.#mesh = mesh;
  }

  async claim(revocationId: string, now: Instant, until: Instant): Promise<ClaimedRevocation | undefined> {
    const stored = this.#ledger.revocations.get(revocationId);
    if (!stored || stored.value.doneAt !== undefined) return undefined;
    stored.value.startedAt ??= now;
    stored.value.claim += 1;
    stored.dueAt = until;
    const { revocation, startedAt, claim, progress } = structuredClone(stored.value);
    return { revocation, startedAt: startedAt ?? now, claim, ...(progress && { progress }) };
  }

  async openRequests({ among, principal }: BulkRevocation, from: string | undefined) {
    const accountOf = ({ account, domain }: AccessRequest) =>
      among.who === 'holder' ? account : this.#mesh.domains[domain]?.account;
    const all = [...this.#ledger.requests.values()].map(({ value }) => value);
    const indexed = all.filter(request => accountOf(request) === among.account);
    const start = Number(from ?? 0);
    const requests = structuredClone(indexed.slice(start, start + this.pageSize))
      .filter(({ state }) => ['waiting', 'approved', 'granted'].includes(state.status))
      .filter(request => principal === undefined || request.principal === principal);
    const end = start + this.pageSize;
    return end < indexed.length ? { requests, next: String(end) } : { requests };
  }

  async saveProgress(claimed: ClaimedRevocation, progress: RevocationProgress, dueAt: Instant): Promise<void> {
    const stored = this.#mine(claimed);
    stored.value.progress = structuredClone(progress);
    stored.dueAt = dueAt;
  }

  async finish(claimed: ClaimedRevocation, doneAt: Instant, tell: readonly ToldEvent[]): Promise<void> {
    const stored = this.#mine(claimed);
    await this.#ledger.commit({ at: doneAt, pairs: [], tell: [...tell] });
    stored.value.doneAt = doneAt;
    stored.dueAt = undefined;
  }

  #mine({ revocation, claim }: ClaimedRevocation): { value: KeptRevocation; dueAt: Instant | undefined } {
    const stored = this.#ledger.revocations.get(revocation.revocationId);
    if (stored?.value.claim === claim && stored.value.doneAt === undefined) return stored;
    throw new LedgerConflictError(`The revocation ${revocation.revocationId}`);
  }
}
