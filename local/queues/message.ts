import { createHash } from 'node:crypto';
import { queueError } from './queue-errors.ts';

/** A message attribute as on the wire: `BinaryValue` is base64. */
export interface MessageAttribute {
  DataType: string;
  StringValue?: string;
  BinaryValue?: string;
}

export type MessageAttributes = Record<string, MessageAttribute>;

/** A message as a queue keeps it. Times are milliseconds since 1970. */
export interface StoredMessage {
  readonly id: string;
  readonly body: string;
  readonly attributes: MessageAttributes;
  /** `AWSTraceHeader` and `MessageGroupId`, as sent. */
  readonly sentSystemAttributes: Record<string, string>;
  readonly senderId: string;
  readonly sentAt: number;
  receiveCount: number;
  firstReceivedAt: number | undefined;
  /** Of the latest receive: the only one that still deletes the message. */
  receiptHandle: string | undefined;
  deadLetterSourceArn: string | undefined;
}

/** A message as ReceiveMessage answers it. */
export interface ReceivedMessage {
  MessageId: string;
  ReceiptHandle: string;
  MD5OfBody: string;
  Body: string;
  Attributes: Record<string, string>;
  MessageAttributes: MessageAttributes;
  MD5OfMessageAttributes?: string;
}

export function md5(text: string): string {
  return createHash('md5').update(text, 'utf8').digest('hex');
}

/**
 * The digest that clients compare. Attributes by name, each as name, data type, one byte for the kind of value (1 text, 2 binary)
 * and value, with four bytes of length before name, type and value.
 * Source: SQS Developer Guide, "Calculating the MD5 message digest for message attributes".
 */
export function md5OfAttributes(attributes: MessageAttributes): string | undefined {
  const names = Object.keys(attributes).sort();
  if (names.length === 0) return undefined;
  const hash = createHash('md5');
  const add = (bytes: Buffer) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    hash.update(length).update(bytes);
  };
  for (const name of names) {
    const attribute = attributes[name]!;
    const isBinary = attribute.DataType.startsWith('Binary');
    add(Buffer.from(name));
    add(Buffer.from(attribute.DataType));
    hash.update(Buffer.of(isBinary ? 2 : 1));
    add(isBinary ? Buffer.from(attribute.BinaryValue ?? '', 'base64') : Buffer.from(attribute.StringValue ?? ''));
  }
  return hash.digest('hex');
}

/** The characters that a message may have. Source: SQS API reference, SendMessage. */
const ALLOWED = /^[\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]*$/u;

/** Throws what SendMessage answers for a body or attributes that SQS does not take. */
export function requireSendable(body: unknown, attributes: MessageAttributes, maximumBytes: number): void {
  if (typeof body !== 'string' || body === '') {
    throw queueError('MissingParameter', 'The request must contain the parameter MessageBody.');
  }
  if (!ALLOWED.test(body)) {
    throw queueError(
      'InvalidMessageContents',
      'Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF.',
    );
  }
  const entries = Object.entries(attributes);
  // Source: SQS API reference, "Each message can have up to 10 attributes".
  if (entries.length > 10) {
    throw queueError(
      'InvalidParameterValue',
      `Number of message attributes [${entries.length}] exceeds the allowed maximum [10].`,
    );
  }
  for (const [name, attribute] of entries) requireAttribute(name, attribute);
  if (sizeOf(body, attributes) > maximumBytes) {
    throw queueError(
      'InvalidParameterValue',
      `One or more parameters are invalid. Reason: Message must be shorter than ${maximumBytes} bytes.`,
    );
  }
}

/** Bytes that count against the queue's MaximumMessageSize. */
export function sizeOf(body: string, attributes: MessageAttributes): number {
  let size = Buffer.byteLength(body);
  for (const [name, { DataType, StringValue = '', BinaryValue = '' }] of Object.entries(attributes)) {
    size += Buffer.byteLength(name + DataType + StringValue) + Buffer.byteLength(BinaryValue, 'base64');
  }
  return size;
}

function requireAttribute(name: string, attribute: MessageAttribute): void {
  const kind = attribute.DataType?.split('.')[0];
  if (kind !== 'String' && kind !== 'Number' && kind !== 'Binary') {
    throw queueError(
      'InvalidParameterValue',
      `The message attribute '${name}' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.`,
    );
  }
  const value = kind === 'Binary' ? attribute.BinaryValue : attribute.StringValue;
  if (!value) {
    throw queueError(
      'InvalidParameterValue',
      `The message attribute '${name}' must contain non-empty message attribute value for message attribute type '${attribute.DataType}'.`,
    );
  }
  if (kind === 'Number' && Number.isNaN(Number(value))) {
    throw queueError(
      'InvalidParameterValue',
      `Can't cast the value of message (user) attribute '${name}' to a number.`,
    );
  }
}
