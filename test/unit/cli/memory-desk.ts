import type {
  AccessEvent,
  AccessReader,
  AccessStep,
  EventAnswer,
  OwnFinding,
} from '../../../shared/access/access-reader.ts';
import type { AccessRequest, Pair } from '../../../shared/access/access-request.ts';
import { desiredEntries } from '../../../shared/access/entitlement.ts';
import { newPair, type PairReading } from '../../../shared/access/pair-record.ts';
import type { ActualAccess } from '../../../shared/access/plan-converge.ts';
import type { AccessDesk } from '../../../shared/aws/open-access.ts';
import type { Caller } from '../../../shared/aws/reader-session.ts';
import { MemoryReader } from '../catalog-search/memory-reader.ts';

/** A ledger and a hub in memory: `onSend` is what the hub does with an event. */
export class MemoryDesk implements AccessDesk, AccessReader {
  caller: Caller;
  viewer: AccessReader['viewer'];
  readonly ledger = new Map<string, AccessRequest>();
  readonly answers = new Map<string, EventAnswer>();
  readonly pairs: PairReading[] = [];
  readonly catalog = new MemoryReader();
  readonly sent: { event: AccessEvent; eventId: string; isDirect: boolean }[] = [];
  stepsOf: Record<string, AccessStep[]> = {};
  found: ActualAccess | undefined;
  own: OwnFinding[] = [];
  waited = 0;
  isReadable = true;
  onSend: (event: AccessEvent, eventId: string) => void = () => {};
  onPause: () => void = () => {};

  constructor(caller: Caller) {
    this.caller = caller;
    this.viewer = { account: caller.account, hub: caller.hub };
  }

  sender(isDirect: boolean) {
    return {
      send: async (event: AccessEvent, eventId: string) => {
        this.sent.push({ event, eventId, isDirect });
        this.onSend(event, eventId);
      },
    };
  }

  async reading() {
    if (!this.isReadable) throw new Error('The reader role is not yours.');
    return { access: this as AccessReader, catalog: this.catalog };
  }

  ownSide = { look: async () => this.own };

  pause = async (milliseconds: number) => {
    this.waited += milliseconds;
    this.onPause();
  };

  request = async (requestId: string) => this.ledger.get(requestId);
  answerTo = async (eventId: string) => this.answers.get(eventId);
  steps = async (requestId: string) => this.stepsOf[requestId] ?? [];
  actual = async () => this.found;

  async *requests() {
    for (const request of this.ledger.values()) yield [request];
  }

  async pair({ principal, table }: Pair) {
    return this.pairs.find(({ record }) => record.principal === principal && record.table === table);
  }

  /** A settled pair with these grants. */
  give(pair: Pair, grants: PairReading['grants']): void {
    // As it is once all is settled.
    const applied = Object.fromEntries(desiredEntries(pair.principal, grants).map(entry => [entry.name, entry]));
    this.pairs.push({ record: { ...newPair(pair), applied }, grants });
  }
}
