import type { Timer, VirtualClock } from '../core/clock.ts';
import type { PolicyDocument } from '../core/service.ts';
import { type MessageAttributes, md5, md5OfAttributes, type ReceivedMessage, type StoredMessage } from './message.ts';
import { accessPolicyOf, DEFAULT_ATTRIBUTES, redrivePolicyOf } from './queue-attributes.ts';
import { invalidParameter, queueError } from './queue-errors.ts';

interface Hidden {
  message: StoredMessage;
  timer: Timer;
  /** Not yet visible for the first time, rather than received by someone. */
  isDelayed: boolean;
}

export interface OutgoingMessage {
  body: string;
  attributes: MessageAttributes;
  systemAttributes?: Record<string, string>;
  senderId: string;
  /** The queue's DelaySeconds unless given. */
  delaySeconds?: number | undefined;
}

/** One standard queue. INVARIANT: a message is in exactly one of visible and hidden; a hidden one has a timer on the virtual clock. */
export class Queue {
  readonly arn: string;
  readonly account: string;
  readonly name: string;
  readonly createdAt: number;
  readonly tags: Record<string, string> = {};
  modifiedAt: number;
  purgedAt: number | undefined;
  #attributes: Record<string, string>;
  /** Read once: every delivery asks for them, and IAM makes each document ready once. */
  #documents: ReturnType<typeof documentsOf>;
  readonly #clock: VirtualClock;
  readonly #find: (queueArn: string) => Queue | undefined;
  /** In the order in which they became visible. */
  readonly #visible = new Map<string, StoredMessage>();
  readonly #hidden = new Map<string, Hidden>();
  readonly #listeners = new Set<() => void>();

  /** @param find how the queue reaches its dead-letter queue, which may be made, or go, later. */
  constructor(
    identity: { arn: string; account: string; name: string },
    attributes: Record<string, string>,
    clock: VirtualClock,
    find: (queueArn: string) => Queue | undefined,
  ) {
    this.arn = identity.arn;
    this.account = identity.account;
    this.name = identity.name;
    this.#attributes = { ...DEFAULT_ATTRIBUTES, ...attributes };
    this.#documents = documentsOf(this.#attributes);
    this.#clock = clock;
    this.#find = find;
    this.createdAt = clock.now();
    this.modifiedAt = this.createdAt;
  }

  get policy(): PolicyDocument | undefined {
    return this.#documents.policy;
  }

  get deadLetterTargetArn(): string | undefined {
    return this.#documents.redrive?.deadLetterTargetArn;
  }

  /** The value of a numeric attribute: seconds or bytes. */
  number(attribute: string): number {
    return Number(this.#attributes[attribute]);
  }

  setAttributes(attributes: Record<string, string>): void {
    this.#attributes = { ...this.#attributes, ...attributes };
    this.#documents = documentsOf(this.#attributes);
    this.modifiedAt = this.#clock.now();
  }

  /** All attributes as GetQueueAttributes answers them. */
  attributes(): Record<string, string> {
    this.#dropExpired();
    const delayed = [...this.#hidden.values()].filter(hidden => hidden.isDelayed).length;
    const set = Object.entries(this.#attributes).filter(([, value]) => value !== '');
    return {
      ...Object.fromEntries(set),
      ...(this.#attributes.KmsMasterKeyId ? { SqsManagedSseEnabled: 'false' } : {}),
      QueueArn: this.arn,
      CreatedTimestamp: String(Math.floor(this.createdAt / 1000)),
      LastModifiedTimestamp: String(Math.floor(this.modifiedAt / 1000)),
      ApproximateNumberOfMessages: String(this.#visible.size),
      ApproximateNumberOfMessagesNotVisible: String(this.#hidden.size - delayed),
      ApproximateNumberOfMessagesDelayed: String(delayed),
    };
  }

  /** Calls the listener whenever a message becomes visible. The returned function ends it. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  send(outgoing: OutgoingMessage): StoredMessage {
    const message: StoredMessage = {
      id: crypto.randomUUID(),
      body: outgoing.body,
      attributes: outgoing.attributes,
      sentSystemAttributes: outgoing.systemAttributes ?? {},
      senderId: outgoing.senderId,
      sentAt: this.#clock.now(),
      receiveCount: 0,
      firstReceivedAt: undefined,
      receiptHandle: undefined,
      deadLetterSourceArn: undefined,
    };
    const delaySeconds = outgoing.delaySeconds ?? this.number('DelaySeconds');
    if (delaySeconds > 0) this.#hide(message, this.#in(delaySeconds), true);
    else this.#show(message);
    return message;
  }

  /**
   * Takes up to `max` visible messages and hides them. A message that was received `maxReceiveCount` times goes to the dead-letter
   * queue instead, as long as that exists.
   * Simplification: it keeps its receive count there.
   */
  receive(max: number, visibilitySeconds = this.number('VisibilityTimeout')): ReceivedMessage[] {
    const { redrive } = this.#documents;
    const deadLetters = redrive && this.#find(redrive.deadLetterTargetArn);
    const hiddenUntil = this.#in(visibilitySeconds);
    const received: ReceivedMessage[] = [];
    const stillVisible: StoredMessage[] = [];
    for (const message of this.#visible.values()) {
      if (received.length === max) break;
      this.#visible.delete(message.id);
      if (this.#isExpired(message)) continue;
      if (deadLetters && message.receiveCount >= redrive.maxReceiveCount) {
        deadLetters.#show({ ...message, receiptHandle: undefined, deadLetterSourceArn: this.arn });
        continue;
      }
      message.receiveCount += 1;
      message.firstReceivedAt ??= this.#clock.now();
      message.receiptHandle = receiptHandle(this.arn, message.id);
      received.push(toReceived(message, message.receiptHandle));
      if (visibilitySeconds > 0) this.#hide(message, hiddenUntil, false);
      else stillVisible.push(message);
    }
    for (const message of stillVisible) this.#show(message);
    return received;
  }

  /** Deletes the message unless it was received again since: then, as when it is gone already, nothing happens. */
  delete(handle: string): void {
    const id = this.#messageIdOf(handle);
    const message = this.#hidden.get(id)?.message ?? this.#visible.get(id);
    if (message?.receiptHandle === handle) this.#remove(id);
  }

  /** Sets how long a received message stays hidden, counted from now. */
  changeVisibility(handle: string, seconds: number): void {
    const id = this.#messageIdOf(handle);
    const hidden = this.#hidden.get(id);
    if (!hidden && !this.#visible.has(id)) {
      throw invalidParameter(
        'ReceiptHandle',
        handle,
        'Message does not exist or is not available for visibility timeout change.',
      );
    }
    if (hidden?.message.receiptHandle !== handle) {
      throw queueError('MessageNotInflight', 'The message referred to is not in flight.');
    }
    this.#remove(id);
    if (seconds > 0) this.#hide(hidden.message, this.#in(seconds), false);
    else this.#show(hidden.message);
  }

  /** Takes the oldest visible message off the queue for good: for moving it elsewhere. */
  take(): StoredMessage | undefined {
    this.#dropExpired();
    const first = this.#visible.values().next().value;
    if (first) this.#visible.delete(first.id);
    return first;
  }

  putBack(message: StoredMessage): void {
    this.#show(message);
  }

  clear(): void {
    for (const { timer } of this.#hidden.values()) timer.cancel();
    this.#hidden.clear();
    this.#visible.clear();
  }

  #show(message: StoredMessage): void {
    this.#visible.set(message.id, message);
    for (const listener of [...this.#listeners]) listener();
  }

  /** @param until by the clock: one instant for what was received together, so that it comes back together */
  #hide(message: StoredMessage, until: number, isDelayed: boolean): void {
    const timer = this.#clock.at(until, () => {
      this.#hidden.delete(message.id);
      if (!this.#isExpired(message)) this.#show(message);
    });
    this.#hidden.set(message.id, { message, timer, isDelayed });
  }

  #in(seconds: number): number {
    return this.#clock.now() + seconds * 1000;
  }

  #remove(id: string): void {
    this.#hidden.get(id)?.timer.cancel();
    this.#hidden.delete(id);
    this.#visible.delete(id);
  }

  /** A message in a dead-letter queue keeps the time at which it was first sent. Source: SQS Developer Guide, dead-letter queues. */
  #isExpired(message: StoredMessage): boolean {
    return message.sentAt + this.number('MessageRetentionPeriod') * 1000 <= this.#clock.now();
  }

  #dropExpired(): void {
    for (const message of this.#visible.values()) if (this.#isExpired(message)) this.#remove(message.id);
    for (const { message } of this.#hidden.values()) if (this.#isExpired(message)) this.#remove(message.id);
  }

  #messageIdOf(handle: string): string {
    const [queueArn, id] = Buffer.from(String(handle), 'base64').toString().split(' ');
    if (queueArn !== this.arn || !id) {
      throw queueError('ReceiptHandleIsInvalid', `The input receipt handle "${handle}" is not a valid receipt handle.`);
    }
    return id;
  }
}

function documentsOf(attributes: Record<string, string>) {
  return { policy: accessPolicyOf(attributes), redrive: redrivePolicyOf(attributes) };
}

/** New for each receive. */
function receiptHandle(queueArn: string, messageId: string): string {
  return Buffer.from(`${queueArn} ${messageId} ${crypto.randomUUID()}`).toString('base64');
}

function toReceived(message: StoredMessage, handle: string): ReceivedMessage {
  const digest = md5OfAttributes(message.attributes);
  return {
    MessageId: message.id,
    ReceiptHandle: handle,
    MD5OfBody: md5(message.body),
    Body: message.body,
    Attributes: {
      ...message.sentSystemAttributes,
      SenderId: message.senderId,
      SentTimestamp: String(Math.floor(message.sentAt)),
      ApproximateReceiveCount: String(message.receiveCount),
      ApproximateFirstReceiveTimestamp: String(Math.floor(message.firstReceivedAt ?? message.sentAt)),
      ...(message.deadLetterSourceArn ? { DeadLetterQueueSourceArn: message.deadLetterSourceArn } : {}),
    },
    MessageAttributes: message.attributes,
    ...(digest ? { MD5OfMessageAttributes: digest } : {}),
  };
}
