/**
 * EventBridge's event patterns: compiled once, then matched against many events.
 * The semantics are Event Ruler's (github.com/aws/event-ruler): a pattern is a list of branches (one for each way through its `$or`s), a branch
 * a conjunction of conditions on dotted paths.
 */
import type { Wire } from '../core/service.ts';
import { parseIpAddress } from './ip-address.ts';
import { type Condition, compileCondition, invalidPattern, type LeafTest } from './pattern-operators.ts';

export interface FieldCondition {
  /** Names from the top, joined with dots: `{"detail": {"a.b": …}}` and `{"detail": {"a": {"b": …}}}` are the same. */
  path: string;
  tests: LeafTest[];
  /** Whether the field's absence satisfies it. */
  orAbsent: boolean;
}

export interface EventPattern {
  /** In each branch the paths are in ascending order, as Event Ruler visits them. */
  branches: FieldCondition[][];
  /** The only sources it can match; undefined when that cannot be said. For an index over rules. */
  sources: string[] | undefined;
}

/** Branches that one pattern may have. Simplification: EventBridge has its own measure of complexity; this one bounds memory. */
const MAX_BRANCHES = 1000;

/** Names that `$or`'s alternatives may not use for fields. Source: Event Ruler, Constants.java. */
const RESERVED_IN_OR = new Set(
  (
    'exactly equals-ignore-case prefix suffix anything-but exists wildcard numeric cidr = < <= > >= regex not-wildcard ' +
    'not-equals-ignore-case date-after date-on-or-after date-before date-on-or-before in-date-range ip-address-in-range ' +
    'ip-address-not-in-range'
  ).split(' '),
);

interface CompiledField {
  condition: FieldCondition;
  exactStrings: string[] | undefined;
}
type Branch = Map<string, CompiledField>;

/** Compiles a pattern's JSON text. Throws InvalidEventPatternException with Event Ruler's reason. */
export function compilePattern(text: string): EventPattern {
  let json: Wire;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw invalidPattern((error as Error).message);
  }
  if (!isObject(json)) throw invalidPattern('Filter is not an object');
  const branches = readObject([new Map()], '', json, false);
  return {
    branches: branches.map(branch =>
      [...branch.values()].map(field => field.condition).sort((a, b) => (a.path < b.path ? -1 : 1)),
    ),
    sources: sourcesOf(branches),
  };
}

function readObject(branches: Branch[], prefix: string, object: Record<string, Wire>, insideOr: boolean): Branch[] {
  const members = Object.entries(object);
  if (members.length === 0) throw invalidPattern('Empty objects are not allowed');
  let current = branches;
  for (const [name, value] of members) {
    if (name === '$or') {
      current = readAlternatives(current, prefix, value);
      continue;
    }
    if (insideOr && RESERVED_IN_OR.has(name)) {
      throw invalidPattern(`${name} is Ruler reserved fieldName which cannot be used inside $or.`);
    }
    const path = prefix + name;
    if (Array.isArray(value)) {
      const field = readField(path, value);
      for (const branch of current) branch.set(path, field);
    } else if (isObject(value)) {
      current = readObject(current, `${path}.`, value, insideOr);
    } else throw invalidPattern(`"${name}" must be an object or an array`);
  }
  return current;
}

function readAlternatives(branches: Branch[], prefix: string, alternatives: Wire): Branch[] {
  if (!Array.isArray(alternatives)) throw invalidPattern('It must be an Array followed with $or.');
  if (!alternatives.every(isObject)) {
    throw invalidPattern('Only JSON object is allowed in array of $or relationship.');
  }
  if (alternatives.length < 2) throw invalidPattern('There must have at least 2 Objects in $or relationship.');
  if (branches.length * alternatives.length > MAX_BRANCHES) {
    throw invalidPattern(`Rule is too complex - its $or make more than ${MAX_BRANCHES} combinations`);
  }
  return alternatives.flatMap(alternative =>
    readObject(
      branches.map(branch => new Map(branch)),
      prefix,
      alternative,
      true,
    ),
  );
}

function readField(path: string, members: Wire[]): CompiledField {
  if (members.length === 0) throw invalidPattern('Empty arrays are not allowed');
  const conditions: Condition[] = members.map(compileCondition);
  // An address matches its other spellings too, so it is no key for an index.
  const strings = members.filter(member => typeof member === 'string' && !parseIpAddress(member));
  return {
    condition: {
      path,
      tests: conditions.filter(condition => condition !== 'absent'),
      orAbsent: conditions.includes('absent'),
    },
    exactStrings: strings.length === members.length ? strings : undefined,
  };
}

function sourcesOf(branches: Branch[]): string[] | undefined {
  const sources = new Set<string>();
  for (const branch of branches) {
    const exact = branch.get('source')?.exactStrings;
    if (!exact) return undefined;
    for (const source of exact) sources.add(source);
  }
  return [...sources];
}

function isObject(value: Wire): value is Record<string, Wire> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
