import { isInMesh } from '../mesh/mesh.ts';
import { tell } from '../telling/outbox.ts';
import { type ToldEvent, toldEvent } from '../telling/told-event.ts';
import { type AccessRequest, type Instant, laterBy } from './access-request.ts';
import { type BulkRevocation, isSelected, revoked, selectorOf } from './bulk-revocation.ts';
import { type EnforceServices, enforceRequest, inTurn, takeStep } from './enforce-request.ts';
import { whatLeft } from './offboarding-step.ts';

/** How far a worker is: passes over all that there is, until one that began late enough finds nothing. */
export interface RevocationProgress {
  /** Whether anything was ever found. */
  hasFound: boolean;
  passBegan: Instant;
  foundInPass: number;
  /** Where the pass goes on; undefined at its beginning. */
  from?: string;
}

/** A revocation taken up by this worker. */
export interface ClaimedRevocation {
  revocation: BulkRevocation;
  /** When a worker took it up for the first time. */
  startedAt: Instant;
  progress?: RevocationProgress;
  /** Goes up with each claim: whoever claims later makes what the one before keeps count no more. */
  claim: number;
}

export interface BulkRevocations {
  /** Takes a revocation up, and keeps others from it until `until`; undefined when there is none, or nothing left to do. */
  claim(revocationId: string, now: Instant, until: Instant): Promise<ClaimedRevocation | undefined>;
  /** A page of requests that wait or give something, from an index: one may be shown as it was, and one of the last moments be missing. */
  openRequests(
    revocation: BulkRevocation,
    from: string | undefined,
  ): Promise<{ requests: AccessRequest[]; next?: string }>;
  /** Keeps how far it is, and when to go on. @throws LedgerConflictError when another has claimed it since */
  saveProgress(claimed: ClaimedRevocation, progress: RevocationProgress, dueAt: Instant): Promise<void>;
  /** Nothing is left: kept with what is to be told of it. @throws LedgerConflictError when another has claimed it since */
  finish(claimed: ClaimedRevocation, doneAt: Instant, tell: readonly ToldEvent[]): Promise<void>;
}

export interface BulkServices extends EnforceServices {
  revocations: BulkRevocations;
}

/**
 * Ends all that a revocation selects: each request takes its step in the ledger, by which it gives nothing any more, and is then due by itself until
 * it is taken away and told. So many a minute that other work on the queue is not held up. Safe to repeat, to run twice at once, and to lose at any
 * point. Done is what a pass found nothing of that began when nobody could still be writing what was decided before the revocation was sent.
 *
 * @throws LedgerConflictError when another took it up meanwhile; the fault of the ledger. It stays due.
 */
export async function revokeInBulk(services: BulkServices, revocationId: string): Promise<void> {
  const { revocations, now } = services;
  const claimedAt = now();
  const claimed = await revocations.claim(revocationId, claimedAt, laterBy(claimedAt, MINUTE));
  if (!claimed) return;
  const { revocation, startedAt } = claimed;
  const stopAt = laterBy(services.deadline(), -WORK_MILLISECONDS);
  const certainAt = laterBy(startedAt, DECIDED_BEFORE_MILLISECONDS);
  const ending: string[] = [];
  let taken = 0;
  const before = claimed.progress;
  // A pass begins when somebody begins it, which may be sooner than it was due.
  let progress = before?.from === undefined ? newPass(before?.hasFound ?? false, claimedAt) : before;
  let dueAt: Instant | undefined;
  while (dueAt === undefined) {
    const { requests, next } = await revocations.openRequests(revocation, progress.from);
    const selected = requests.filter(request => isSelected(revocation, request, services.mesh));
    if (selected.length > 0 && !progress.hasFound) {
      // Before the first step: whoever goes on after a crash knows that there was something.
      progress = { ...progress, hasFound: true };
      await revocations.saveProgress(claimed, progress, laterBy(claimedAt, MINUTE));
    }
    const failed = await each(selected, stopAt, services, async ({ requestId }) => {
      if (await revokeOne(services, revocation, requestId)) ending.push(requestId);
    });
    taken += selected.length;
    const foundInPass = progress.foundInPass + selected.length;
    if (now() >= stopAt) dueAt = now();
    else if (next !== undefined) {
      progress = { ...progress, foundInPass, from: next };
      if (taken >= REQUESTS_A_MINUTE) dueAt = laterBy(claimedAt, MINUTE);
    } else {
      if (foundInPass === 0 && progress.passBegan >= certainAt) return finish(services, claimed, progress);
      dueAt = failed > 0 || before?.from !== undefined ? laterBy(claimedAt, MINUTE) : later(certainAt, now());
      progress = newPass(progress.hasFound, dueAt);
    }
  }
  await revocations.saveProgress(claimed, progress, dueAt);
  await each(ending, stopAt, services, requestId => enforceRequest(services, requestId));
}

/** At half of it twenty functions have time for others. Requests of the page on which it is reached are ended too. */
const REQUESTS_A_MINUTE = 300;
const AT_ONCE = 8;
/** What one request needs before the process ends. */
const WORK_MILLISECONDS = 25_000;
const MINUTE = 60_000;

/**
 * How long a decision that was made before may still come into the ledger, and into its indexes: whoever decides has a minute
 * (`access-intake` in serverless.yml), and a call that it sent may land a minute later.
 */
const DECIDED_BEFORE_MILLISECONDS = 2 * MINUTE;

function newPass(hasFound: boolean, passBegan: Instant): RevocationProgress {
  return { hasFound, passBegan, foundInPass: 0 };
}

/** @returns whether the request gives less by this, or nothing any more, and something is to be taken away */
async function revokeOne(services: BulkServices, revocation: BulkRevocation, requestId: string): Promise<boolean> {
  let isEnding = false;
  await inTurn(services, async () => {
    const request = await services.ledger.loadRequest(requestId);
    // What rests on what has left ends by that.
    if (!request || whatLeft(services.mesh, request) !== undefined) return;
    if (!isSelected(revocation, request, services.mesh)) return;
    const at = services.now();
    const step = revoked(request, revocation, at);
    if (!step) return;
    await takeStep(services, request, step.request, { ...step.notes, at, because: revocation.cause });
    isEnding = step.request.state.status !== 'denied';
    if (!isEnding && request.taskToken !== undefined) await services.wake?.(request.taskToken);
  });
  return isEnding;
}

/** Does the work for each, some at once, while there is time. What fails is reported, and found again. @returns how many failed */
async function each<T>(
  all: readonly T[],
  stopAt: Instant,
  services: BulkServices,
  work: (one: T) => Promise<unknown>,
): Promise<number> {
  let next = 0;
  let failed = 0;
  const worker = async () => {
    for (let one = all[next++]; one !== undefined && services.now() < stopAt; one = all[next++]) {
      try {
        await work(one);
      } catch (fault) {
        failed++;
        services.report('One of many that are revoked is tried again', fault);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, all.length) }, worker));
  return failed;
}

/** Its sender is answered where there was nothing to end: everything else is told of each request. */
async function finish(
  services: BulkServices,
  claimed: ClaimedRevocation,
  { hasFound }: RevocationProgress,
): Promise<void> {
  const { revocation } = claimed;
  const { cause, source, detailType, sentAt } = revocation;
  const at = services.now();
  const accounts = isInMesh(services.mesh, cause.account) ? [cause.account] : [];
  const nothing = `There is no access of ${selectorOf(revocation)} from before ${sentAt} that account ${cause.account} may end. Nothing was ended: look at the names.`;
  const told = toldEvent('Event Refused', [cause.account, cause.eventId], at, accounts, {
    account: cause.account,
    source,
    detailType,
    eventId: cause.eventId,
    reasons: [nothing],
  });
  const tells = hasFound ? [] : [told];
  await services.revocations.finish(claimed, at, tells);
  await tell(services, tells);
}

function later(a: Instant, b: Instant): Instant {
  return a > b ? a : b;
}
