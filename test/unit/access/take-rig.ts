import type { Envelope } from '../../../events/envelope.ts';
import { takeAccessEvent } from '../../../shared/access/take-access-event.ts';
import type { TakeServices } from '../../../shared/access/take-services.ts';
import type { Mesh } from '../../../shared/mesh/mesh.ts';
import type { ToldEvent } from '../../../shared/telling/told-event.ts';
import { MemoryLedger } from '../../property/memory-ledger.ts';
import { CATALOG, envelope, MESH, POLICIES } from '../../property/sample-mesh.ts';
import { NOW } from './samples.ts';

/** What taking events needs, in memory; its clock stands still. */
export class TakeRig {
  now = NOW;
  readonly ledger = new MemoryLedger(() => this.now);
  readonly told: ToldEvent[] = [];
  readonly services: TakeServices;
  #events = 0;

  constructor(mesh: Mesh = MESH) {
    this.services = {
      mesh,
      policies: POLICIES,
      catalog: CATALOG,
      ledger: this.ledger,
      leaving: { among: async () => [] },
      outbox: this.ledger,
      announcer: {
        announce: async events => {
          this.told.push(...events);
          return [];
        },
      },
      processes: {
        start: async () => {},
        wake: async () => {},
        enforceNow: async () => {},
        workNow: async () => {},
      },
      now: () => this.now,
    };
  }

  event(account: string, type: string, data: Record<string, unknown>): Envelope {
    return envelope(account, type, this.now, `event ${this.#events++}`, data);
  }

  /** @returns what was told because of the event */
  async take(event: Envelope): Promise<ToldEvent[]> {
    const before = this.told.length;
    await takeAccessEvent(this.services, event);
    return this.told.slice(before);
  }

  status(requestId: string): string | undefined {
    return this.ledger.requests.get(requestId)?.value.state.status;
  }
}

/** Why an event was refused; empty where it was not. */
export function refusalIn(told: readonly ToldEvent[]): string {
  const refused = told.find((event): event is ToldEvent<'Event Refused'> => event.type === 'Event Refused');
  return refused?.data.reasons.join(' ') ?? '';
}
