import type { Wire } from '../core/service.ts';
import { parseConclusion } from './conclusion.ts';
import { parseCatch, parseRetry } from './error-handling.ts';
import { invalidDefinition } from './errors.ts';
import { checkFields, isDistributed } from './fields.ts';
import { parseResource } from './resources.ts';
import type { ChoiceRule, DistributedMode, Machine, State, StateBase, StatesBlock } from './state-types.ts';
import { compileTemplate } from './templates.ts';

/** What expressions may refer to before a state has a result, and when it has. */
const BEFORE = ['input', 'context'] as const;
const AFTER = ['input', 'result', 'context'] as const;

/** All that is checked across a whole machine while it is read. */
interface Reading {
  names: Set<string>;
  /** Variables that the scopes around assign: an inner scope cannot assign them. */
  outerVariables: Set<string>;
  /** Of distributed Maps. */
  labels: Set<string>;
}

/**
 * Reads a definition in the Amazon States Language, with JSONata only. Expressions are compiled here, once.
 * @throws AwsError InvalidDefinition for what AWS refuses too, and for any other query language; NotImplementedInLocalMesh for what only AWS has.
 */
export function parseDefinition(text: string): Machine {
  let definition: Wire;
  try {
    definition = JSON.parse(text);
  } catch (error) {
    throw invalidDefinition(
      '/',
      `The definition is not JSON: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  if (typeof definition !== 'object' || definition === null)
    throw invalidDefinition('/', 'The definition is not an object');
  if (definition.QueryLanguage !== 'JSONata') {
    throw invalidDefinition(
      '/QueryLanguage',
      `The local mesh runs state machines with "QueryLanguage": "JSONata" at the top only, not ${JSON.stringify(definition.QueryLanguage ?? 'JSONPath')}`,
    );
  }
  checkFields(definition, 'machine', '');
  const timeout = definition.TimeoutSeconds;
  if (timeout !== undefined && !(Number.isInteger(timeout) && timeout >= 1)) {
    throw invalidDefinition('/TimeoutSeconds', 'TimeoutSeconds is a whole number of seconds, 1 or more');
  }
  const block = parseBlock(definition, '', { names: new Set(), outerVariables: new Set(), labels: new Set() });
  return { ...block, timeoutSeconds: timeout };
}

function parseBlock(block: Wire, path: string, reading: Reading): StatesBlock {
  const source: Record<string, Wire> = block?.States;
  if (typeof source !== 'object' || source === null || Object.keys(source).length === 0) {
    throw invalidDefinition(`${path}/States`, 'There must be at least one state');
  }
  if (typeof block.StartAt !== 'string' || !Object.hasOwn(source, block.StartAt)) {
    throw invalidDefinition(
      `${path}/StartAt`,
      `MISSING_TRANSITION_TARGET: ${JSON.stringify(block.StartAt)} is no state`,
    );
  }
  const assigned = new Set(reading.outerVariables);
  for (const [name, state] of Object.entries(source)) {
    for (const variable of assignedIn(state)) {
      if (reading.outerVariables.has(variable)) {
        throw invalidDefinition(`${path}/States/${name}/Assign`, `An outer scope assigns the variable ${variable}`);
      }
      assigned.add(variable);
    }
  }
  const inner = { ...reading, outerVariables: assigned };
  const states = new Map<string, State>();
  for (const [name, state] of Object.entries(source)) {
    const at = `${path}/States/${name}`;
    if (reading.names.has(name))
      throw invalidDefinition(at, 'DUPLICATE_STATE_NAME: names are unique in the whole definition');
    if (name.length > 80) throw invalidDefinition(at, 'The name of a state has at most 80 characters');
    reading.names.add(name);
    states.set(name, parseState(name, state, at, inner));
  }
  checkTransitions(states, block.StartAt, `${path}/States`);
  return { startAt: block.StartAt, states };
}

function parseInnerBlock(block: Wire, path: string, reading: Reading): StatesBlock {
  checkFields(block, 'block', path);
  return parseBlock(block, path, reading);
}

function assignedIn(state: Wire): string[] {
  const holders = [state, ...asArray(state?.Choices), ...asArray(state?.Catch)];
  return holders.flatMap(holder => Object.keys(holder?.Assign ?? {}));
}

function asArray(value: Wire): Wire[] {
  return Array.isArray(value) ? value : [];
}

function parseState(name: string, state: Wire, path: string, reading: Reading): State {
  const type = checkFields(state, 'state', path);
  const hasResult = type === 'Task' || type === 'Parallel' || type === 'Map';
  const base: StateBase = {
    name,
    ...parseConclusion(state, path, hasResult ? AFTER : BEFORE),
    next: parseNext(state, type, path),
    retry: parseRetry(state.Retry, `${path}/Retry`),
    catches: parseCatch(state.Catch, `${path}/Catch`),
  };
  const optional = (field: string) =>
    state[field] === undefined ? undefined : compileTemplate(state[field], `${path}/${field}`, BEFORE);
  switch (type) {
    case 'Pass':
    case 'Succeed':
      return { ...base, type };
    case 'Fail':
      return { ...base, type, error: optional('Error'), cause: optional('Cause') };
    case 'Wait':
      if ((state.Seconds === undefined) === (state.Timestamp === undefined)) {
        throw invalidDefinition(path, 'A Wait has either Seconds or Timestamp');
      }
      return { ...base, type, seconds: optional('Seconds'), timestamp: optional('Timestamp') };
    case 'Choice':
      return { ...base, type, choices: parseChoices(state, path), otherwise: state.Default };
    case 'Task': {
      const { TimeoutSeconds: timeout, HeartbeatSeconds: heartbeat } = state;
      if (typeof timeout === 'number' && typeof heartbeat === 'number' && heartbeat >= timeout) {
        throw invalidDefinition(`${path}/HeartbeatSeconds`, 'HeartbeatSeconds must be less than TimeoutSeconds');
      }
      const resource = parseResource(state.Resource, `${path}/Resource`);
      if (
        resource.kind === 'lambda-invoke' &&
        (state.Arguments?.InvocationType ?? 'RequestResponse') !== 'RequestResponse'
      ) {
        throw invalidDefinition(
          `${path}/Arguments/InvocationType`,
          `The local mesh's lambda:invoke waits for the answer; it does not have InvocationType ${state.Arguments.InvocationType}`,
        );
      }
      return {
        ...base,
        type,
        resource,
        resourceArn: state.Resource,
        args: optional('Arguments'),
        timeoutSeconds: optional('TimeoutSeconds'),
        heartbeatSeconds: optional('HeartbeatSeconds'),
      };
    }
    case 'Parallel': {
      if (asArray(state.Branches).length === 0) throw invalidDefinition(`${path}/Branches`, 'A Parallel has branches');
      const branches = state.Branches.map((branch: Wire, index: number) =>
        parseInnerBlock(branch, `${path}/Branches[${index}]`, reading),
      );
      return { ...base, type, branches, args: optional('Arguments') };
    }
    case 'Map':
      return {
        ...base,
        type,
        processor: parseInnerBlock(state.ItemProcessor, `${path}/ItemProcessor`, reading),
        items: optional('Items'),
        selector: optional('ItemSelector'),
        maxConcurrency: optional('MaxConcurrency'),
        distributed: isDistributed(state, path)
          ? {
              label: parseLabel(state.Label, `${path}/Label`, reading.labels),
              toleratedFailureCount: optional('ToleratedFailureCount'),
              toleratedFailurePercentage: optional('ToleratedFailurePercentage'),
            }
          : undefined,
      };
  }
}

/**
 * Unique in the definition, at most 40 characters; one is made where none is given.
 * Source: "Using Map state in Distributed mode", Step Functions Developer Guide.
 */
function parseLabel(given: unknown, path: string, labels: Set<string>): DistributedMode['label'] {
  if (given === undefined) return crypto.randomUUID();
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it refuses.
  if (typeof given !== 'string' || !/^[^\s<>{}[\]?*"#%\\^|~`$&,;:/\u0000-\u001f\u007f-\u009f]{1,40}$/.test(given)) {
    throw invalidDefinition(
      path,
      'A Label has 1 to 40 characters, none of them a space, a wildcard, a bracket or special',
    );
  }
  if (labels.has(given)) throw invalidDefinition(path, `Another Map of the definition has the Label ${given}`);
  labels.add(given);
  return given;
}

function parseChoices(state: Wire, path: string): ChoiceRule[] {
  if (asArray(state.Choices).length === 0) throw invalidDefinition(`${path}/Choices`, 'A Choice has at least one rule');
  return state.Choices.map((rule: Wire, index: number) => {
    const at = `${path}/Choices[${index}]`;
    checkFields(rule, 'choice rule', at);
    if (typeof rule.Next !== 'string') throw invalidDefinition(`${at}/Next`, 'A choice rule names the next state');
    const condition = compileTemplate(rule.Condition, `${at}/Condition`, BEFORE);
    if ('constant' in condition && typeof condition.constant !== 'boolean') {
      throw invalidDefinition(`${at}/Condition`, 'A Condition is a JSONata expression {% … %}');
    }
    return { condition, next: rule.Next, ...parseConclusion(rule, at, BEFORE) };
  });
}

function parseNext(state: Wire, type: State['type'], path: string): string | undefined {
  if (type === 'Choice' || type === 'Succeed' || type === 'Fail') return undefined;
  if ((typeof state.Next === 'string') === (state.End === true)) {
    throw invalidDefinition(path, 'A state has either "Next" or "End": true');
  }
  return state.Next;
}

function checkTransitions(states: Map<string, State>, startAt: string, path: string): void {
  const reached = new Set([startAt]);
  for (const name of reached) {
    const state = states.get(name)!;
    const targets = [state.next, ...state.catches.map(catcher => catcher.next)];
    if (state.type === 'Choice') targets.push(state.otherwise, ...state.choices.map(choice => choice.next));
    for (const target of targets) {
      if (target === undefined) continue;
      if (!states.has(target))
        throw invalidDefinition(`${path}/${name}`, `MISSING_TRANSITION_TARGET: ${target} is no state`);
      reached.add(target);
    }
  }
  const unreached = [...states.keys()].find(name => !reached.has(name));
  if (unreached)
    throw invalidDefinition(`${path}/${unreached}`, 'MISSING_TRANSITION_TARGET: The state is not reachable');
}
