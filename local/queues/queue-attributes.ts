import { notInLocalMesh } from '../core/aws-error.ts';
import type { PolicyDocument } from '../core/service.ts';
import { queueError } from './queue-errors.ts';

/** What a queue has unless it is set; seconds and bytes. Source: SQS API reference, CreateQueue. */
export const DEFAULT_ATTRIBUTES: Record<string, string> = {
  VisibilityTimeout: '30',
  MaximumMessageSize: '1048576',
  MessageRetentionPeriod: '345600',
  DelaySeconds: '0',
  ReceiveMessageWaitTimeSeconds: '0',
  SqsManagedSseEnabled: 'true',
};

/** Smallest and largest value. Source: SQS API reference, SetQueueAttributes. */
const RANGES: Record<string, readonly [number, number]> = {
  VisibilityTimeout: [0, 43_200],
  MaximumMessageSize: [1_024, 1_048_576],
  MessageRetentionPeriod: [60, 1_209_600],
  DelaySeconds: [0, 900],
  ReceiveMessageWaitTimeSeconds: [0, 20],
  KmsDataKeyReusePeriodSeconds: [60, 86_400],
};

/** Simplification: RedriveAllowPolicy and the encryption settings are kept and shown, nothing more. */
const DOCUMENTS = new Set(['Policy', 'RedrivePolicy', 'RedriveAllowPolicy']);
const TEXTS = new Set(['KmsMasterKeyId', 'SqsManagedSseEnabled']);

export interface RedrivePolicy {
  deadLetterTargetArn: string;
  maxReceiveCount: number;
}

/**
 * Checks attributes that a caller sets. An empty value of a document removes it.
 * @throws InvalidAttributeName, InvalidAttributeValue; FIFO queues are not in the local mesh.
 */
export function requireValidAttributes(attributes: Record<string, string>): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (name === 'FifoQueue' && value === 'false') continue;
    if (name === 'FifoQueue') throw notInLocalMesh('SQS FIFO queues');
    const range = RANGES[name];
    if (!range && !DOCUMENTS.has(name) && !TEXTS.has(name)) {
      throw queueError('InvalidAttributeName', `Unknown Attribute ${name}.`);
    }
    const isValid = range ? isWithin(value, range) : !DOCUMENTS.has(name) || isDocument(name, value);
    if (!isValid) throw queueError('InvalidAttributeValue', `Invalid value for the parameter ${name}.`);
  }
}

export function redrivePolicyOf(attributes: Record<string, string>): RedrivePolicy | undefined {
  if (!attributes.RedrivePolicy) return undefined;
  const { deadLetterTargetArn, maxReceiveCount } = JSON.parse(attributes.RedrivePolicy);
  return { deadLetterTargetArn, maxReceiveCount: Number(maxReceiveCount) };
}

export function accessPolicyOf(attributes: Record<string, string>): PolicyDocument | undefined {
  return attributes.Policy ? JSON.parse(attributes.Policy) : undefined;
}

function isWithin(value: string, [low, high]: readonly [number, number]): boolean {
  return /^\d+$/.test(value) && Number(value) >= low && Number(value) <= high;
}

function isDocument(name: string, value: string): boolean {
  if (value === '') return true;
  let document: unknown;
  try {
    document = JSON.parse(value);
  } catch {
    return false;
  }
  if (typeof document !== 'object' || document === null) return false;
  if (name === 'Policy') return 'Statement' in document;
  if (name !== 'RedrivePolicy') return true;
  const { deadLetterTargetArn, maxReceiveCount } = document as Record<string, unknown>;
  // Source: SQS Developer Guide, dead-letter queues: maxReceiveCount is 1 to 1,000.
  return typeof deadLetterTargetArn === 'string' && isWithin(String(maxReceiveCount), [1, 1_000]);
}
