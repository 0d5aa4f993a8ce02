import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { SCHEMA_VERSION } from '../../events/schema-version.ts';
import type { AccessEvent, AccessSender } from '../access/access-reader.ts';

export interface SendingPlace {
  stage: string;
  account: string;
  hub: string;
  /** Straight on the hub's bus. */
  isDirect: boolean;
}

/** Puts on the default bus of the caller's account, whose rule forwards to the hub; from the hub itself, whose rule forwards native events alone, on the hub's bus. */
export class EventBridgeAccessSender implements AccessSender {
  readonly #client: EventBridgeClient;
  readonly #place: SendingPlace;
  readonly #now: () => string;

  constructor(client: EventBridgeClient, place: SendingPlace, now: () => string) {
    this.#client = client;
    this.#place = place;
    this.#now = now;
  }

  async send({ detailType, data }: AccessEvent, eventId: string): Promise<void> {
    const metadata = { eventId, occurredAt: this.#now(), schemaVersion: SCHEMA_VERSION };
    const bus = await this.#bus();
    const Entry = {
      Source: 'trellis.access',
      DetailType: detailType,
      Detail: JSON.stringify({ metadata, data }),
      ...(bus !== undefined && { EventBusName: bus }),
    };
    const { Entries: [answer] = [] } = await this.#client.send(new PutEventsCommand({ Entries: [Entry] }));
    // EventBridge answers 200 with the entries that it did not take. Source: EventBridge API reference, PutEvents.
    if (!answer?.EventId) throw new EventNotPutError(answer?.ErrorCode, answer?.ErrorMessage, bus);
  }

  /** Undefined: the default bus of the caller's account. */
  async #bus(): Promise<string | undefined> {
    const { stage, account, hub, isDirect } = this.#place;
    if (!isDirect && account !== hub) return undefined;
    return `arn:aws:events:${await this.#client.config.region()}:${hub}:event-bus/trellis-${stage}`;
  }
}

/** EventBridge did not take the event: nothing happens because of it. */
export class EventNotPutError extends Error {
  override name = 'EventNotPutError';

  constructor(code = 'no EventId', message = '', bus = 'the default bus of this account') {
    super(`The event was not taken by ${bus}: ${code}${message && `: ${message}`}. Nothing was changed.`);
  }
}
