/**
 * The leaf conditions of EventBridge's pattern language. Their meaning and their refusals' wording are those of Event Ruler,
 * the library that EventBridge runs: github.com/aws/event-ruler, JsonRuleCompiler.java.
 */
import { AwsError } from '../core/aws-error.ts';
import type { Wire } from '../core/service.ts';
import { cidrBlock, parseIpAddress } from './ip-address.ts';

export type Leaf = string | number | boolean | null;
export type LeafTest = (value: Leaf) => boolean;

/** `absent` is the condition `{"exists": false}`: it looks for no value rather than at one. */
export type Condition = LeafTest | 'absent';

/** Numbers that `numeric` takes. Source: EventBridge user guide, "Comparison operators", numeric matching. */
const NUMERIC_LIMIT = 5e9;

export function invalidPattern(reason: string): AwsError {
  return new AwsError('InvalidEventPatternException', `Event pattern is not valid. Reason: ${reason}`);
}

/** Compiles one member of a field's array. Throws InvalidEventPatternException. */
export function compileCondition(member: Wire): Condition {
  if (Array.isArray(member)) throw invalidPattern('Match value must be String, number, true, false, or null');
  if (typeof member === 'string') return exactly(member);
  if (member === null || typeof member !== 'object') return value => value === member;
  const [operator, operand] = onlyMember(member, 'Match expression name not found');
  const compile = OPERATORS.get(operator);
  if (!compile) throw invalidPattern(`Unrecognized match type ${operator}`);
  return compile(operand);
}

const OPERATORS = new Map<string, (operand: Wire) => Condition>([
  // Event Ruler's own spelling of an exact match.
  ['exactly', operand => exactly(requireString(operand, 'exact match pattern must be a string'))],
  ['prefix', operand => affix('prefix', operand)],
  ['suffix', operand => affix('suffix', operand)],
  [
    'equals-ignore-case',
    operand => equalsIgnoreCase(requireString(operand, 'equals-ignore-case match pattern must be a string')),
  ],
  ['wildcard', operand => wildcard(requireString(operand, 'wildcard match pattern must be a string'))],
  ['exists', exists],
  ['cidr', cidr],
  ['numeric', numeric],
  ['anything-but', anythingBut],
]);

function onlyMember(object: Wire, missing: string): [string, Wire] {
  const members = Object.entries(object);
  if (members.length === 0) throw invalidPattern(missing);
  if (members.length > 1) throw invalidPattern('Only one key allowed in match expression');
  return members[0]!;
}

function requireString(operand: Wire, otherwise: string): string {
  if (typeof operand !== 'string') throw invalidPattern(otherwise);
  return operand;
}

/** A string that is an IP address matches every spelling of it, as in Event Ruler (CIDR.ipToRangeIfPossible). */
function exactly(expected: string): LeafTest {
  const address = parseIpAddress(expected);
  if (!address) return value => value === expected;
  return value => {
    if (typeof value !== 'string') return false;
    const other = parseIpAddress(value);
    return other ? other.bits === address.bits && other.value === address.value : value === expected;
  };
}

function equalsIgnoreCase(expected: string): LeafTest {
  const lower = expected.toLowerCase();
  return value => typeof value === 'string' && value.length === lower.length && value.toLowerCase() === lower;
}

function affix(kind: 'prefix' | 'suffix', operand: Wire): LeafTest {
  const method = kind === 'prefix' ? 'startsWith' : 'endsWith';
  if (operand !== null && typeof operand === 'object' && !Array.isArray(operand)) {
    const title = kind === 'prefix' ? 'Prefix' : 'Suffix';
    const [operator, text] = onlyMember(operand, `${title} expression name not found`);
    if (operator !== 'equals-ignore-case') throw invalidPattern(`Unsupported ${kind} pattern: ${operator}`);
    const lower = requireString(text, 'equals-ignore-case match pattern must be a string').toLowerCase();
    return value => typeof value === 'string' && value.toLowerCase()[method](lower);
  }
  const text = requireString(operand, `${kind} match pattern must be a string`);
  return value => typeof value === 'string' && value[method](text);
}

/**
 * `*` stands for any characters, `\*` and `\\` for themselves. Matched by scanning for the parts in turn: linear, no backtracking.
 * Simplification: EventBridge also refuses rules whose wildcards are too complex for its automaton; here they cost nothing.
 */
function wildcard(pattern: string): LeafTest {
  const parts = [''];
  for (let i = 0; i < pattern.length; i++) {
    const character = pattern[i]!;
    const next = pattern[i + 1];
    // Event Ruler counts positions in the quoted string, hence i + 1.
    if (character === '*') {
      if (next === '*') throw invalidPattern(`Consecutive wildcard characters at pos ${i + 1}`);
      parts.push('');
    } else if (character === '\\') {
      if (next !== '*' && next !== '\\') throw invalidPattern(`Invalid escape character at pos ${i + 1}`);
      parts[parts.length - 1] += next;
      i++;
    } else parts[parts.length - 1] += character;
  }
  const first = parts[0]!;
  if (parts.length === 1) return value => value === first;
  const last = parts.at(-1)!;
  const middle = parts.slice(1, -1);
  return value => {
    if (typeof value !== 'string' || value.length < first.length + last.length) return false;
    if (!value.startsWith(first) || !value.endsWith(last)) return false;
    let from = first.length;
    for (const part of middle) {
      const found = value.indexOf(part, from);
      if (found < 0) return false;
      from = found + part.length;
    }
    return from <= value.length - last.length;
  };
}

function exists(operand: Wire): Condition {
  if (typeof operand !== 'boolean') throw invalidPattern('exists match pattern must be either true or false.');
  return operand ? () => true : 'absent';
}

function cidr(operand: Wire): LeafTest {
  const text = requireString(operand, 'prefix match pattern must be a string');
  try {
    const contains = cidrBlock(text);
    return value => typeof value === 'string' && contains(value);
  } catch (error) {
    throw invalidPattern((error as Error).message);
  }
}

function numeric(operand: Wire): LeafTest {
  if (!Array.isArray(operand)) throw invalidPattern('Value of numeric must be an array.');
  const [operator, bound, upperOperator, upperBound, ...rest] = operand;
  if (typeof operator !== 'string')
    throw invalidPattern(`Invalid member in numeric match: ${JSON.stringify(operator) ?? ']'}`);
  if (!NUMERIC_COMPARISONS.has(operator)) throw invalidPattern(`Unrecognized numeric range operator: ${operator}`);
  const lower = comparison(operator === '=' ? 'equals' : operator, operator, bound);
  if (operand.length === 2) return lower;
  if (!operator.startsWith('>')) throw invalidPattern('Too many elements in numeric expression');
  if (typeof upperOperator !== 'string')
    throw invalidPattern(`Bad value in numeric range: ${JSON.stringify(upperOperator)}`);
  if (!upperOperator.startsWith('<')) throw invalidPattern(`Bad numeric range operator: ${upperOperator}`);
  if (!NUMERIC_COMPARISONS.has(upperOperator)) throw invalidPattern(`Bad numeric range operator: ${upperOperator}`);
  const upper = comparison(upperOperator, upperOperator, upperBound);
  if (rest.length > 0) throw invalidPattern('Too many terms in numeric range expression');
  if (bound >= upperBound) throw invalidPattern('Bottom must be less than top');
  return value => lower(value) && upper(value);
}

const NUMERIC_COMPARISONS = new Map<string, (value: number, bound: number) => boolean>([
  ['=', (value, bound) => value === bound],
  ['<', (value, bound) => value < bound],
  ['<=', (value, bound) => value <= bound],
  ['>', (value, bound) => value > bound],
  ['>=', (value, bound) => value >= bound],
]);

function comparison(name: string, operator: string, bound: Wire): LeafTest {
  if (typeof bound !== 'number') throw invalidPattern(`Value of ${name} must be numeric`);
  if (Math.abs(bound) > NUMERIC_LIMIT) throw invalidPattern('Value must be between -5.0E9 and 5.0E9, inclusive');
  const compare = NUMERIC_COMPARISONS.get(operator)!;
  return value => typeof value === 'number' && Math.abs(value) <= NUMERIC_LIMIT && compare(value, bound);
}

/** Holds for every value but those named, whatever its type: `null` and numbers satisfy `{"anything-but": "text"}`. */
function anythingBut(operand: Wire): LeafTest {
  if (operand !== null && typeof operand === 'object' && !Array.isArray(operand)) return anythingButExpression(operand);
  if (Array.isArray(operand)) {
    if (operand.some(value => typeof value !== 'string' && typeof value !== 'number')) {
      throw invalidPattern('Inside anything but list, start|null|boolean is not supported.');
    }
    if (new Set(operand.map(value => typeof value)).size !== 1) {
      throw invalidPattern(
        'Inside anything but list, either all values are number or string, mixed type is not supported',
      );
    }
    const excluded = new Set<Leaf>(operand);
    return value => !excluded.has(value);
  }
  if (typeof operand !== 'string' && typeof operand !== 'number') throw anythingButOperand();
  return value => value !== operand;
}

function anythingButOperand(): AwsError {
  return invalidPattern('Value of anything-but must be an array or single string/number value.');
}

const ANYTHING_BUT = new Map<string, { refusal: string; test: (text: string) => LeafTest }>([
  ['prefix', { refusal: 'prefix/suffix match pattern must be a string', test: text => affix('prefix', text) }],
  ['suffix', { refusal: 'prefix/suffix match pattern must be a string', test: text => affix('suffix', text) }],
  [
    'equals-ignore-case',
    {
      refusal: 'Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.',
      test: equalsIgnoreCase,
    },
  ],
  ['wildcard', { refusal: 'wildcard match pattern must be a string', test: wildcard }],
]);

function anythingButExpression(expression: Wire): LeafTest {
  const members = Object.entries(expression);
  if (members.length === 0) throw invalidPattern('Anything-But expression name not found');
  const [operator, operand] = members[0] as [string, Wire];
  const kind = ANYTHING_BUT.get(operator);
  if (!kind) throw invalidPattern(`Unsupported anything-but pattern: ${operator}`);
  if (typeof operand === 'boolean' || operand === null) throw anythingButOperand();
  if (typeof operand === 'object' && !Array.isArray(operand)) throw anythingButOperand();
  if (members.length > 1) throw invalidPattern('Too many elements in numeric expression');
  const texts: Wire[] = Array.isArray(operand) ? operand : [operand];
  if (texts.length === 0) throw invalidPattern('Empty arrays are not allowed');
  const tests = texts.map(text => {
    if (typeof text !== 'string') throw invalidPattern(kind.refusal);
    if (text === '' && (operator === 'prefix' || operator === 'suffix')) {
      throw invalidPattern('Null prefix/suffix not allowed');
    }
    return kind.test(text);
  });
  return value => !tests.some(test => test(value));
}
