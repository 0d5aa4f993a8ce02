/**
 * The Condition element of a policy.
 * Sources: IAM User Guide, "IAM JSON policy elements: Condition operators" (reference_policies_elements_condition_operators)
 * and "Set operators for multivalued context keys" (reference_policies_condition-single-vs-multi-valued-context-keys).
 */
import type { PolicyStatement } from '../core/service.ts';
import { PolicyError } from './policy-error.ts';
import { compileVariables, type FillIn } from './policy-variables.ts';
import { type ContextOf, isGlobalKey } from './request.ts';
import { arnLike, wildcard } from './wildcards.ts';

type Matcher = (value: string) => boolean;

interface Operator {
  /** What a value of the policy accepts. Throws a PolicyError when it cannot be of the operator's type. */
  matcher(wanted: string): Matcher;
  isNegated?: true;
}

const equals =
  (wanted: string): Matcher =>
  value =>
    value === wanted;
const equalsIgnoringCase = (wanted: string): Matcher => {
  const lower = wanted.toLowerCase();
  return value => value.toLowerCase() === lower;
};
const like = (wanted: string): Matcher => wildcard(wanted);

const OPERATORS: Record<string, Operator> = {
  StringEquals: { matcher: equals },
  StringNotEquals: { matcher: equals, isNegated: true },
  StringEqualsIgnoreCase: { matcher: equalsIgnoringCase },
  StringNotEqualsIgnoreCase: { matcher: equalsIgnoringCase, isNegated: true },
  StringLike: { matcher: like },
  StringNotLike: { matcher: like, isNegated: true },
  ArnEquals: { matcher: arnLike },
  ArnLike: { matcher: arnLike },
  ArnNotEquals: { matcher: arnLike, isNegated: true },
  ArnNotLike: { matcher: arnLike, isNegated: true },
  Bool: { matcher: equalsIgnoringCase },
  NumericEquals: { matcher: numeric((value, wanted) => value === wanted) },
  NumericNotEquals: { matcher: numeric((value, wanted) => value === wanted), isNegated: true },
  NumericLessThan: { matcher: numeric((value, wanted) => value < wanted) },
  NumericLessThanEquals: { matcher: numeric((value, wanted) => value <= wanted) },
  NumericGreaterThan: { matcher: numeric((value, wanted) => value > wanted) },
  NumericGreaterThanEquals: { matcher: numeric((value, wanted) => value >= wanted) },
};

/**
 * Whether the request meets every operator and key of the element. Throws a PolicyError for an operator, a key or a variable that the mesh
 * does not have. `version` is the policy's.
 */
export function compileCondition(
  condition: PolicyStatement['Condition'],
  version: string | undefined,
): (context: ContextOf) => boolean {
  const tests = Object.entries(condition ?? {}).flatMap(([operator, keys]) =>
    Object.entries(keys).map(([key, wanted]) => compileTest(operator, key, wanted, version)),
  );
  return context => tests.every(test => test(context));
}

function compileTest(
  spelled: string,
  key: string,
  given: unknown,
  version: string | undefined,
): (context: ContextOf) => boolean {
  const name = key.toLowerCase();
  if (name.startsWith('aws:') && !isGlobalKey(name)) throw new PolicyError(`the condition key ${key}`);
  const wanted = (Array.isArray(given) ? given : [given]).map(value => text(value, `${spelled} ${key}`));

  const { quantifier, base, ifExists } = parseOperator(spelled);
  const fillIns = wanted.map(value => compileVariables(value, version));
  if (fillIns.some(fillIn => fillIn !== undefined) && !/^(String|Arn)/.test(base))
    throw new PolicyError(`policy variables in the condition operator ${spelled}`);

  if (spelled === 'Null') {
    const mustBeAbsent = wanted.some(value => value.toLowerCase() === 'true');
    return context => isAbsent(context(name)) === mustBeAbsent;
  }

  const operator = OPERATORS[base];
  if (!operator) throw new PolicyError(`the condition operator ${spelled}`);
  const matchersFor = compileMatchers(operator, wanted, fillIns);
  const whenAbsent = ifExists || quantifier === 'ForAllValues' || (!quantifier && (operator.isNegated ?? false));

  return context => {
    const actual = context(name);
    if (ifExists && isAbsent(actual)) return true;
    const matchers = matchersFor(context);
    if (!matchers) return false;
    if (actual === undefined || isAbsent(actual)) return whenAbsent;
    const accepts = (value: string) => matchers.some(matches => matches(value)) !== (operator.isNegated ?? false);
    const values = typeof actual === 'string' ? [actual] : actual;
    // Simplification: AWS does not say what an operator without ForAllValues or ForAnyValue does with several values; here all must match.
    return quantifier === 'ForAnyValue' ? values.some(accepts) : values.every(accepts);
  };
}

/**
 * The matchers of the wanted values in a request. Undefined when a variable among them has no value there: "this might cause the entire
 * statement to be invalid" (reference_policies_variables). Simplification: here it always does.
 */
function compileMatchers(
  operator: Operator,
  wanted: string[],
  fillIns: (FillIn | undefined)[],
): (context: ContextOf) => Matcher[] | undefined {
  const constant = wanted.map((value, index) => (fillIns[index] ? undefined : operator.matcher(value)));
  return context => {
    const matchers: Matcher[] = [];
    for (const [index, matcher] of constant.entries()) {
      const filled = matcher ? undefined : fillIns[index]!(context);
      if (!matcher && filled === undefined) return undefined;
      matchers.push(matcher ?? operator.matcher(filled!));
    }
    return matchers;
  };
}

function parseOperator(spelled: string) {
  const [, quantifier, base, ifExists] = /^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/.exec(spelled) ?? [];
  return { quantifier, base: base ?? spelled, ifExists: ifExists !== undefined };
}

function isAbsent(value: string | readonly string[] | undefined): boolean {
  return value === undefined || (typeof value !== 'string' && value.length === 0);
}

function numeric(compare: (value: number, wanted: number) => boolean): (wanted: string) => Matcher {
  return wanted => {
    const number = Number(wanted);
    if (wanted.trim() === '' || Number.isNaN(number)) throw new PolicyError(`"${wanted}" as a number in a condition`);
    return value => value.trim() !== '' && compare(Number(value), number);
  };
}

function text(value: unknown, where: string): string {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean')
    throw new PolicyError(`${JSON.stringify(value)} as a value of the condition ${where}`);
  return String(value);
}
