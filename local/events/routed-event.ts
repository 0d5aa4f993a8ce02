/** An event on its way through buses: parsed once, written as JSON once. */
import type { EventEnvelope } from '../core/ports.ts';
import { REGION } from '../core/service.ts';

export interface RoutedEvent {
  envelope: EventEnvelope;
  /** The envelope as JSON. It holds the sender's own text of the detail, so that numbers beyond a double's precision survive. */
  text: string;
  /** The event's time in milliseconds since 1970: finer than the envelope's, which has whole seconds. */
  time: number;
  /** When EventBridge got it: its age for retries counts from here. */
  receivedAt: number;
  /** A rule of another bus sent it here. */
  isForwarded: boolean;
}

export interface NewEvent {
  id: string;
  source: string;
  detailType: string;
  /** The account that the event comes from; forwarding keeps it. */
  account: string;
  time: number;
  resources: string[];
  detail: EventEnvelope['detail'];
  /** The detail as JSON. */
  detailText: string;
}

export function routedEvent(event: NewEvent, receivedAt: number): RoutedEvent {
  const head: Omit<EventEnvelope, 'detail'> = {
    version: '0',
    id: event.id,
    'detail-type': event.detailType,
    source: event.source,
    account: event.account,
    time: wholeSeconds(event.time),
    region: REGION,
    resources: event.resources,
  };
  const text = `${JSON.stringify(head).slice(0, -1)},"detail":${event.detailText}}`;
  return { envelope: { ...head, detail: event.detail }, text, time: event.time, receivedAt, isForwarded: false };
}

/** An archived event sent again: it has `replay-name`, and its age begins anew. */
export function replayedEvent(text: string, time: number, replayName: string, receivedAt: number): RoutedEvent {
  const marked = `${text.slice(0, -1)},"replay-name":${JSON.stringify(replayName)}}`;
  return { envelope: JSON.parse(marked), text: marked, time, receivedAt, isForwarded: false };
}

/** As in the envelope's `time`: `2019-01-16T18:08:48Z`. */
export function wholeSeconds(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, -5)}Z`;
}
