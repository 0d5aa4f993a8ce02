import { notInLocalMesh } from '../core/aws-error.ts';
import type { Wire } from '../core/service.ts';
import { invalidDefinition } from './errors.ts';
import type { State } from './state-types.ts';

const EVERY_STATE = ['Type', 'Comment', 'QueryLanguage', 'Output'];
const ON_THE_WAY = [...EVERY_STATE, 'Assign', 'Next', 'End'];
const FALLIBLE = [...ON_THE_WAY, 'Retry', 'Catch'];

const FIELDS: Record<string, string[]> = {
  machine: ['Comment', 'QueryLanguage', 'StartAt', 'States', 'TimeoutSeconds', 'Version'],
  block: ['Comment', 'QueryLanguage', 'StartAt', 'States', 'ProcessorConfig'],
  'choice rule': ['Condition', 'Next', 'Output', 'Assign', 'Comment'],
  retrier: [
    'ErrorEquals',
    'IntervalSeconds',
    'BackoffRate',
    'MaxAttempts',
    'MaxDelaySeconds',
    'JitterStrategy',
    'Comment',
  ],
  catcher: ['ErrorEquals', 'Next', 'Output', 'Assign', 'Comment'],
  Task: [...FALLIBLE, 'Resource', 'Arguments', 'TimeoutSeconds', 'HeartbeatSeconds'],
  Choice: [...EVERY_STATE, 'Assign', 'Choices', 'Default'],
  Wait: [...ON_THE_WAY, 'Seconds', 'Timestamp'],
  Pass: ON_THE_WAY,
  Succeed: EVERY_STATE,
  Fail: ['Type', 'Comment', 'QueryLanguage', 'Error', 'Cause'],
  Map: [...FALLIBLE, 'ItemProcessor', 'Items', 'ItemSelector', 'MaxConcurrency'],
  'distributed Map': [
    ...FALLIBLE,
    'ItemProcessor',
    'Items',
    'ItemSelector',
    'MaxConcurrency',
    'Label',
    'ToleratedFailureCount',
    'ToleratedFailurePercentage',
  ],
  Parallel: [...FALLIBLE, 'Branches', 'Arguments'],
};

/** Fields that the Amazon States Language has for JSONata states, and the local mesh has not. */
const ONLY_IN_AWS = new Set(['Credentials', 'ItemBatcher', 'ItemReader', 'ResultWriter']);

/** What only a Map of mode DISTRIBUTED may have. Source: "Using Map state in Distributed mode", Step Functions Developer Guide. */
const ONLY_DISTRIBUTED = new Set(['Label', 'ToleratedFailureCount', 'ToleratedFailurePercentage']);

/**
 * Refuses every field that will not be acted on.
 * @returns the state's type, when `kind` is 'state'
 */
export function checkFields(source: Wire, kind: 'state', path: string): State['type'];
export function checkFields(
  source: Wire,
  kind: 'machine' | 'block' | 'choice rule' | 'retrier' | 'catcher',
  path: string,
): void;
export function checkFields(source: Wire, kind: string, path: string): unknown {
  if (typeof source !== 'object' || source === null) throw invalidDefinition(path, `This is no ${kind}`);
  const type = kind === 'state' ? source.Type : kind;
  const subject = type === 'Map' && isDistributed(source, path) ? 'distributed Map' : type;
  const fields = typeof subject === 'string' && Object.hasOwn(FIELDS, subject) ? FIELDS[subject]! : undefined;
  if (!fields) throw invalidDefinition(`${path}/Type`, `There is no state of type ${JSON.stringify(subject)}`);
  for (const field of Object.keys(source)) {
    if (fields.includes(field)) continue;
    if (subject === 'Map' && ONLY_DISTRIBUTED.has(field)) {
      throw invalidDefinition(`${path}/${field}`, `${field} is for a Map of mode DISTRIBUTED`);
    }
    if (ONLY_IN_AWS.has(field)) throw notInLocalMesh(`the field ${field} of a ${subject} (${path})`);
    throw invalidDefinition(`${path}/${field}`, `A ${subject} with JSONata has no field ${field}`);
  }
  if ((source.QueryLanguage ?? 'JSONata') !== 'JSONata') {
    throw invalidDefinition(`${path}/QueryLanguage`, 'The local mesh has JSONata only');
  }
  return type;
}

/** @throws AwsError for a mode that there is not, and for child executions of another type than STANDARD */
export function isDistributed(map: Wire, path: string): boolean {
  const { Mode: mode = 'INLINE', ExecutionType: executionType } = map.ItemProcessor?.ProcessorConfig ?? {};
  const at = `${path}/ItemProcessor/ProcessorConfig`;
  if (mode === 'INLINE') {
    if (executionType !== undefined) throw invalidDefinition(at, 'An ExecutionType is for a Map of mode DISTRIBUTED');
    return false;
  }
  if (mode !== 'DISTRIBUTED') throw invalidDefinition(at, 'The Mode is INLINE or DISTRIBUTED');
  if (executionType === 'EXPRESS') throw notInLocalMesh(`child executions of type EXPRESS (${at})`);
  if (executionType !== 'STANDARD') throw invalidDefinition(at, 'The ExecutionType is STANDARD or EXPRESS');
  return true;
}
