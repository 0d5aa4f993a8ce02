import jsonata from 'jsonata';
import { invalidDefinition, queryEvaluationError } from './errors.ts';
import { refusedIn, type StatesMember } from './expression-check.ts';
import { queryFunctions } from './query-functions.ts';

/** What expressions can refer to. */
export interface Bindings {
  /** Of this scope and the scopes around it. */
  variables: Record<string, unknown>;
  states: { input: unknown; result?: unknown; errorOutput?: unknown; context: unknown };
  /** Milliseconds since 1970. */
  now: number;
}

/** A JSON value of a definition whose strings `{% … %}` are expressions. Compiled once, when the definition is read. */
export interface Template {
  /** The value, plain JSON. @throws StateError States.QueryEvaluationError */
  evaluate(bindings: Bindings): Promise<unknown>;
  /** The value itself where it has no expression in it. */
  constant?: unknown;
}

/** What one expression may cost, so that a runaway recursion fails its state, not the mesh. */
const GUARDS = { timeout: 5000, stack: 1000 };

/** @param path where it stands, as a JSON pointer  @throws AwsError InvalidDefinition for an expression that does not compile */
export function compileTemplate(value: unknown, path: string, members: readonly StatesMember[]): Template {
  if (typeof value === 'string' && isExpression(value)) return compileExpression(value, path, members);
  if (typeof value !== 'object' || value === null) return { constant: value, evaluate: async () => value };
  const parts = Object.entries(value).map(
    ([name, part]) => [name, compileTemplate(part, `${path}/${name}`, members)] as const,
  );
  if (parts.every(([, part]) => 'constant' in part)) {
    return { constant: value, evaluate: async () => structuredClone(value) };
  }
  return {
    async evaluate(bindings) {
      const result: unknown[] | Record<string, unknown> = Array.isArray(value) ? [] : {};
      for (const [name, part] of parts) Reflect.set(result, name, await part.evaluate(bindings));
      return result;
    },
  };
}

/** Source: "Transforming data with JSONata": the string begins with `{%` and ends with `%}`, with no space around. */
function isExpression(text: string): boolean {
  return text.length >= 4 && text.startsWith('{%') && text.endsWith('%}');
}

function compileExpression(text: string, path: string, members: readonly StatesMember[]): Template {
  let expression: jsonata.Expression;
  try {
    expression = jsonata(text.slice(2, -2), GUARDS);
  } catch (error) {
    throw invalidDefinition(path, `The JSONata expression '${text}' does not compile: ${messageOf(error)}`);
  }
  const refused = refusedIn(expression.ast(), members);
  if (refused) throw invalidDefinition(path, `The JSONata expression '${text}' is refused: ${refused}`);
  const subject = `The JSONata expression '${text}' specified for the field '${path}'`;
  return {
    async evaluate({ variables, states, now }) {
      let result: unknown;
      try {
        result = await expression.evaluate(undefined, { ...queryFunctions(now), ...variables, states });
      } catch (error) {
        throw queryEvaluationError(`${subject} threw an error during evaluation. ${messageOf(error)}`);
      }
      // JSON text drops what makes JSONata's sequences special, and functions with it.
      const json = JSON.stringify(result);
      if (json === undefined) throw queryEvaluationError(`${subject} returned nothing (undefined).`);
      return JSON.parse(json);
    },
  };
}

/** JSONata throws plain objects with a code and a message. */
function messageOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'message' in error) return String(error.message);
  return String(error);
}
