/**
 * Somebody has to answer, or loses access: tells those who subscribed to the domain's or the account's topic, all that came together in one message.
 *
 * Trigger: the notify queue, which the hub's bus fills with what Trellis tells. Touches: the topics, the idempotency table. A message that was
 * published by a process that died before it could note so is published again; no other is.
 */
import type { SQSEvent } from 'aws-lambda';
import { envelope } from '../events/envelope.ts';
import { notifyServices } from '../shared/lambda/notify-services.ts';
import { onQueue } from '../shared/lambda/on-queue.ts';
import { onceFor } from '../shared/lambda/once-for.ts';
import { type Notice, noticesOf } from '../shared/notices/notice.ts';
import { notify } from '../shared/notices/notify.ts';
import { Round } from '../shared/notices/round.ts';

const services = notifyServices();
const once = onceFor('notify');
const rounds = new WeakMap<SQSEvent, Round<Notice>>();

function roundOf(batch: SQSEvent): Round<Notice> {
  const round = rounds.get(batch) ?? new Round(batch.Records.length, (notices: Notice[]) => notify(services, notices));
  rounds.set(batch, round);
  return round;
}

export const handler = onQueue(async (record, context, batch) =>
  roundOf(batch).take(
    () => noticesOf(envelope.parse(JSON.parse(record.body))),
    ({ eventId, topic }, tell) => once(`${eventId}#${topic}`, context, tell),
  ),
);
