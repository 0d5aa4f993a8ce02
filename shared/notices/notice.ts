import type { Envelope } from '../../events/envelope.ts';
import { type ToldData, type ToldType, toldDetail } from '../../events/told.ts';
import { accountOf } from '../access/access-request.ts';

/** Something that Trellis told, and that people are to read: what is told of it to one topic. */
export type Notice = { eventId: string; topic: TopicName } & (
  | ({ kind: 'approval-needed' } & ToldData<'Access Approval Needed'>)
  | ({ kind: 'expiring' } & ToldData<'Access Expiring'>)
  | ({ kind: 'narrowed' } & ToldData<'Access Narrowed'>)
  | ({ kind: 'revoked' } & ToldData<'Access Revoked'>)
);

/** The end of a topic's name: a domain's, which its stewards read, or an account's, which those who have grants there read. */
export type TopicName = `domain-${string}` | `account-${string}`;

/** What an event of source `trellis` gives people to read: a notice for each topic. @throws for an event that nobody has to read, or that is none of ours */
export function noticesOf({ source, 'detail-type': type, detail }: Envelope): Notice[] {
  if (source !== 'trellis') throw new TypeError(`Nobody is notified of events of ${source}.`);
  switch (type) {
    case 'Access Approval Needed': {
      const { eventId, data } = read('Access Approval Needed', detail);
      return domainsOf(data.tables).map(domain => ({
        eventId,
        topic: `domain-${domain}`,
        kind: 'approval-needed',
        ...data,
      }));
    }
    case 'Access Expiring': {
      const { eventId, data } = read('Access Expiring', detail);
      return [{ eventId, topic: topicOfHolder(data.principal), kind: 'expiring', ...data }];
    }
    case 'Access Narrowed': {
      const { eventId, data } = read('Access Narrowed', detail);
      return [{ eventId, topic: topicOfHolder(data.principal), kind: 'narrowed', ...data }];
    }
    case 'Access Revoked': {
      const { eventId, data } = read('Access Revoked', detail);
      return [{ eventId, topic: topicOfHolder(data.principal), kind: 'revoked', ...data }];
    }
    default:
      throw new TypeError(`Nobody is notified of ${type}.`);
  }
}

function read<T extends ToldType>(type: T, detail: unknown): { eventId: string; data: ToldData<T> } {
  const { metadata, data } = toldDetail(type).parse(detail);
  return { eventId: metadata.eventId, data: data as ToldData<T> };
}

function topicOfHolder(principal: string): TopicName {
  return `account-${accountOf(principal)}`;
}

/** A domain's name has no underscore, and begins those of its central tables (`shared/mesh/mesh.ts`). */
function domainsOf(tables: readonly string[]): string[] {
  return [...new Set(tables.map(table => table.slice(0, table.indexOf('_'))))];
}
