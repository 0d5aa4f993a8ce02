/** What of an event a target gets: all of it, a constant, a part (`InputPath`), or a template (`InputTransformer`). */
import type { Wire } from '../core/service.ts';
import { type RoutedEvent, wholeSeconds } from './routed-event.ts';
import { invalid } from './validation.ts';

type ReadPath = (event: Wire) => Wire;

/** Compiles a target's input into a function of the event. Throws ValidationException for what AWS refuses. */
export function compileInput(target: Wire, rule: { name: string; arn: string }): (event: RoutedEvent) => string {
  const given = ['Input', 'InputPath', 'InputTransformer'].filter(name => target[name] !== undefined);
  if (given.length > 1) {
    throw invalid(`Only one of Input, InputPath, or InputTransformer must be provided for target ${target.Id}.`);
  }
  if (target.Input !== undefined) return constant(target);
  if (target.InputPath !== undefined && target.InputPath !== '$') return part(target);
  if (target.InputTransformer !== undefined) return template(target, rule);
  return event => event.text;
}

function constant(target: Wire): () => string {
  const text = String(target.Input);
  try {
    JSON.parse(text);
  } catch {
    throw invalid(`Parameter Input for target ${target.Id} is not valid. Reason: JSON syntax error.`);
  }
  return () => text;
}

function part(target: Wire): (event: RoutedEvent) => string {
  const read = compilePath(target.InputPath, target.Id);
  // A path that the event does not have gives null. Source: EventBridge user guide, eb-transform-target-input ("matched part").
  return event => JSON.stringify(read(event.envelope) ?? null);
}

const STEP = /\.([A-Za-z0-9_-]+)|\[(\d+)\]|\['((?:[^'\\]|\\.)*)'\]|\["((?:[^"\\]|\\.)*)"\]/y;

/**
 * The JSONPath that EventBridge takes for inputs: names and indices from `$`.
 * Simplification: no wildcards, slices or filters; they are refused.
 */
function compilePath(path: Wire, targetId: string): ReadPath {
  const text = String(path);
  const refusal = invalid(`Invalid path ${text} in the input of target ${targetId}.`);
  if (!text.startsWith('$') || text.length > 256) throw refusal;
  const steps: (string | number)[] = [];
  STEP.lastIndex = 1;
  while (STEP.lastIndex < text.length) {
    const step = STEP.exec(text);
    if (!step) throw refusal;
    const quoted = step[3] ?? step[4];
    steps.push(step[2] !== undefined ? Number(step[2]) : (step[1] ?? quoted!.replace(/\\(.)/g, '$1')));
  }
  return event => {
    let value = event;
    for (const step of steps) {
      if (value === null || typeof value !== 'object' || !Object.hasOwn(value, step)) return undefined;
      value = value[step];
    }
    return value;
  };
}

type Variable = (event: RoutedEvent) => Wire;

/** A piece of a template: text, or a variable and whether it stands inside a JSON string. */
type Piece = string | { variable: Variable; inString: boolean };

/**
 * `<name>` in a template stands for the value at its path: as JSON where a JSON value is expected, as bare text inside a JSON string.
 * A template that is not JSON itself is one text, and the target gets it as a JSON string. Source: EventBridge user guide, eb-transform-target-input.
 */
function template(target: Wire, rule: { name: string; arn: string }): (event: RoutedEvent) => string {
  const { InputPathsMap: paths = {}, InputTemplate: text } = target.InputTransformer;
  if (typeof text !== 'string' || text.length < 1 || text.length > 8192) {
    throw invalid(`Parameter InputTemplate for target ${target.Id} is not valid.`);
  }
  const names = Object.keys(paths);
  if (names.length > 100) throw invalid(`Parameter InputPathsMap for target ${target.Id} has more than 100 members.`);
  const variables = new Map<string, Variable>([
    ['aws.events.rule-arn', () => rule.arn],
    ['aws.events.rule-name', () => rule.name],
    ['aws.events.event.ingestion-time', event => wholeSeconds(event.receivedAt)],
    ['aws.events.event.json', event => event.envelope],
    // Without the detail. Source: as above, "Predefined variables".
    ['aws.events.event', ({ envelope: { detail: _, ...rest } }) => rest],
  ]);
  for (const name of names) {
    if (name.startsWith('AWS') || name.startsWith('aws')) throw invalid(`InputPathsMap may not define ${name}.`);
    const read = compilePath(paths[name], target.Id);
    variables.set(name, event => read(event.envelope));
  }
  const isJson = /^\s*(["{[]|<[^>]*>\s*$)/.test(text);
  const pieces = readTemplate(text, variables, isJson, target.Id);
  if (isJson) requireJson(pieces, target.Id);
  return event => {
    const filled = pieces.map(piece => (typeof piece === 'string' ? piece : fill(piece, event, isJson))).join('');
    return isJson ? filled : JSON.stringify(filled);
  };
}

function readTemplate(text: string, variables: Map<string, Variable>, isJson: boolean, targetId: string): Piece[] {
  const pieces: Piece[] = [];
  let inString = false;
  let plain = '';
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    const name = character === '<' ? /^<([A-Za-z0-9_.-]+)>/.exec(text.slice(at, at + 260))?.[1] : undefined;
    if (name !== undefined) {
      const variable = variables.get(name);
      if (!variable) {
        throw invalid(`Invalid InputTemplate for target ${targetId} : [Placeholder ${name} is not defined].`);
      }
      pieces.push(plain, { variable, inString: inString || !isJson });
      plain = '';
      at += name.length + 1;
      continue;
    }
    if (character === '\\' && inString) plain += character + (text[++at] ?? '');
    else {
      if (character === '"') inString = !inString;
      plain += character;
    }
  }
  pieces.push(plain);
  return pieces;
}

/** Simplification: EventBridge also takes some templates that are not JSON once filled in; here they are refused when they are put. */
function requireJson(pieces: Piece[], targetId: string): void {
  const sample = pieces.map(piece => (typeof piece === 'string' ? piece : piece.inString ? '' : 'null')).join('');
  try {
    JSON.parse(sample);
  } catch {
    throw invalid(`Invalid InputTemplate for target ${targetId} : [it is not valid JSON].`);
  }
}

/** A path that the event does not have leaves an empty text. */
function fill({ variable, inString }: Exclude<Piece, string>, event: RoutedEvent, isJson: boolean): string {
  const value = variable(event) ?? '';
  if (!inString) return JSON.stringify(value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return isJson ? JSON.stringify(text).slice(1, -1) : text;
}
