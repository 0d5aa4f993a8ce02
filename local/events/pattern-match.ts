/** Matching events against compiled patterns, array-consistently: see `matches`. */
import type { Wire } from '../core/service.ts';
import type { EventPattern, FieldCondition } from './pattern.ts';
import type { Leaf } from './pattern-operators.ts';

/** The array elements that a value lies in, innermost first. Every array of an event has its own number. */
interface Membership {
  array: number;
  index: number;
  outer: Membership | undefined;
}

interface Field {
  value: Leaf;
  membership: Membership | undefined;
}

const NO_FIELDS: Field[] = [];

/** How deep a detail is looked into. Deeper ones would exhaust the stack; the default limit of Jackson, which Event Ruler parses with, is the same. */
const MAX_DEPTH = 1000;

/** An event's leaf values by dotted path, worked out when first needed and shared by all the patterns that it is matched against. */
export class EventFields {
  readonly #event: Record<string, Wire>;
  #fields: Map<string, Field[]> | undefined;
  #arrays = 0;
  #depth = 0;

  constructor(event: object) {
    this.#event = event as Record<string, Wire>;
  }

  at(path: string): Field[] {
    if (!this.#fields) {
      // Most rules are decided by the envelope: `source`, `detail-type`. That needs no walk through the detail.
      const direct = path.includes('.') ? undefined : this.#event[path];
      if (direct !== undefined && (direct === null || typeof direct !== 'object')) {
        return [{ value: direct, membership: undefined }];
      }
      this.#fields = new Map();
      this.#addObject('', this.#event, undefined);
    }
    return this.#fields.get(path) ?? NO_FIELDS;
  }

  #addObject(prefix: string, object: Record<string, Wire>, membership: Membership | undefined): void {
    for (const name in object) this.#add(prefix + name, object[name], membership);
  }

  #add(path: string, value: Wire, membership: Membership | undefined): void {
    if (value !== null && typeof value === 'object') {
      if (this.#depth === MAX_DEPTH) return;
      this.#depth++;
      if (Array.isArray(value)) this.#addArray(path, value, membership);
      else this.#addObject(`${path}.`, value, membership);
      this.#depth--;
      return;
    }
    const fields = this.#fields!.get(path);
    if (fields) fields.push({ value, membership });
    else this.#fields!.set(path, [{ value, membership }]);
  }

  #addArray(path: string, elements: Wire[], outer: Membership | undefined): void {
    const array = this.#arrays++;
    for (const [index, element] of elements.entries()) {
      // Only objects and arrays in an array have siblings to be consistent with (Event.java in Event Ruler).
      const isNested = element !== null && typeof element === 'object';
      this.#add(path, element, isNested ? { array, index, outer } : outer);
    }
  }
}

/**
 * Whether an event satisfies one of the pattern's branches. All conditions that look into one array must be met by the same element of it
 * ("array consistency", Event Ruler's README). A field that holds an array satisfies a condition when one element does; objects and empty
 * arrays are not values, so `exists: false` holds for them.
 */
export function matches(pattern: EventPattern, event: EventFields): boolean {
  return pattern.branches.some(branch => branchMatches(branch, 0, event, undefined));
}

type Chosen = Map<number, number> | undefined;

function branchMatches(branch: FieldCondition[], from: number, event: EventFields, chosen: Chosen): boolean {
  for (let at = from; at < branch.length; at++) {
    const condition = branch[at]!;
    const fields = event.at(condition.path);
    let isPresent = false;
    let isMet = false;
    for (const field of fields) {
      if (!isConsistent(chosen, field.membership)) continue;
      isPresent = true;
      if (!condition.tests.some(test => test(field.value))) continue;
      if (!field.membership) {
        isMet = true;
        break;
      }
      if (branchMatches(branch, at + 1, event, withMembership(chosen, field.membership))) return true;
    }
    if (!isMet && (isPresent || !condition.orAbsent)) return false;
  }
  return true;
}

function isConsistent(chosen: Chosen, membership: Membership | undefined): boolean {
  if (!chosen) return true;
  for (let of = membership; of; of = of.outer) {
    const index = chosen.get(of.array);
    if (index !== undefined && index !== of.index) return false;
  }
  return true;
}

function withMembership(chosen: Chosen, membership: Membership): Map<number, number> {
  const extended = new Map(chosen);
  for (let of: Membership | undefined = membership; of; of = of.outer) extended.set(of.array, of.index);
  return extended;
}
