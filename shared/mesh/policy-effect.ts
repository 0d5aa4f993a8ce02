/**
 * What a resource's policy (a bucket's, a key's) does for one role of another account, as far as the policy alone can tell.
 * Source: IAM User Guide, "Policy evaluation logic" and "IAM JSON policy elements". Simplification: set operators, numbers, dates and addresses
 * in conditions are not worked out; what rests on them is unclear, never taken for allowed.
 */
import { literallyCovers, patternCovers } from './pattern-covers.ts';

/** Three-valued: `maybe` for what the policy alone cannot tell. */
export type Answer = 'yes' | 'no' | 'maybe';

/** One thing that a role wants to do. A `*` at the end of a value stands for whatever may follow: all of it is wanted. */
export interface Asked {
  /** The role's ARN. */
  role: string;
  action: string;
  resource: string;
  /** Condition keys, in lower case, whose value is known. */
  context: Readonly<Record<string, string>>;
}

/** `missing`: nothing allows it. `denied`: a Deny takes it away. `unclear`: it rests on what the policy alone cannot tell. */
export interface PolicyEffect {
  effect: 'allowed' | 'missing' | 'denied' | 'unclear';
  /** The ids of the statements that deny it or leave it unclear, `without an id` where they have none. */
  because: string[];
}

type Json = Readonly<Record<string, unknown>>;

/**
 * Whether all that is asked is allowed.
 * @param document the policy's JSON text; undefined when there is none
 * @throws SyntaxError when it is no JSON
 */
export function effectOf(document: string | undefined, asked: readonly Asked[]): PolicyEffect {
  const { Statement } = (document === undefined ? {} : JSON.parse(document)) as { Statement?: Json | Json[] };
  const statements = listOf<Json>(Statement);
  const effects = asked.map(one => effectOnOne(statements, one));
  const worst = ['denied', 'missing', 'unclear'] as const;
  const effect = worst.find(kind => effects.some(one => one.effect === kind)) ?? 'allowed';
  return { effect, because: [...new Set(effects.filter(one => one.effect === effect).flatMap(one => one.because))] };
}

function effectOnOne(statements: readonly Json[], asked: Asked): PolicyEffect {
  const of = (kind: string, wanted: Answer) =>
    statements.filter(one => one.Effect === kind && concerns(one, asked, kind === 'Allow') === wanted).map(idOf);
  const denying = of('Deny', 'yes');
  if (denying.length > 0) return { effect: 'denied', because: denying };
  const [allowing, perhaps] = [of('Allow', 'yes'), of('Allow', 'maybe')];
  if (allowing.length + perhaps.length === 0) return { effect: 'missing', because: [] };
  const unclear = [...(allowing.length > 0 ? [] : perhaps), ...of('Deny', 'maybe')];
  return { effect: unclear.length > 0 ? 'unclear' : 'allowed', because: unclear };
}

/** @param wholly an Allow must be on all that is asked: on a part of it, it is as good as none */
function concerns(statement: Json, asked: Asked, wholly: boolean): Answer {
  const resource = elementCovers(statement, 'Resource', asked.resource);
  return all([
    principalIs(statement, asked.role),
    elementCovers(statement, 'Action', asked.action),
    resource === 'maybe' && wholly ? 'no' : resource,
    conditionHolds(statement.Condition as Json | undefined, asked.context),
  ]);
}

function elementCovers(statement: Json, element: 'Action' | 'Resource', wanted: string): Answer {
  const isNot = statement[element] === undefined;
  const patterns = listOf(statement[isNot ? `Not${element}` : element] as string | string[] | undefined);
  // Actions are alike in any case.
  const [text, spelled] =
    element === 'Action' ? [wanted.toLowerCase(), patterns.map(pattern => pattern.toLowerCase())] : [wanted, patterns];
  const answer = any(spelled.map(pattern => patternCovers(pattern, text)));
  return isNot ? not(answer) : answer;
}

function principalIs(statement: Json, role: string): Answer {
  const account = role.split(':')[4];
  const named = (principal: unknown) =>
    principal === '*' ? ['*'] : listOf((principal as Json | undefined)?.AWS as string | string[] | undefined);
  if (statement.NotPrincipal !== undefined) {
    const exempt = named(statement.NotPrincipal);
    if (exempt.includes(role) || exempt.includes('*')) return 'no';
    // A role is exempt only when it is named itself. Source: IAM User Guide, "NotPrincipal". An Allow with it is too odd to build on.
    return statement.Effect === 'Deny' ? 'yes' : 'maybe';
  }
  // The account stands for its roles, which their own policies let do it.
  const own = new Set(['*', role, account, `arn:aws:iam::${account}:root`]);
  return named(statement.Principal).some(principal => own.has(principal)) ? 'yes' : 'no';
}

function conditionHolds(condition: Json | undefined, context: Asked['context']): Answer {
  const tests = Object.entries(condition ?? {}).flatMap(([operator, keys]) =>
    Object.entries(keys as Json).map(([key, wanted]) => testHolds(operator, context[key.toLowerCase()], wanted)),
  );
  return all(tests);
}

function testHolds(spelled: string, value: string | undefined, wanted: unknown): Answer {
  const values = listOf(wanted as string | string[]).map(String);
  if (value === undefined) return 'maybe';
  if (spelled === 'Null') return values.includes('false') ? 'yes' : 'no';
  const [, negated, kind] =
    /^(?:String|Arn)(Not)?(Equals|Like)(?:IfExists)?$/.exec(spelled) ??
    /^(Never)?(Bool)(?:IfExists)?$/.exec(spelled) ??
    [];
  if (kind === undefined) return 'maybe';
  // ArnEquals behaves as ArnLike. Source: IAM User Guide, "Amazon Resource Name (ARN) condition operators".
  const isPattern = kind === 'Like' || spelled.startsWith('Arn');
  const answer = any(
    values.map(one => {
      if (kind === 'Bool') return one.toLowerCase() === value ? 'yes' : 'no';
      return isPattern ? patternCovers(one, value) : literallyCovers(one, value);
    }),
  );
  return negated ? not(answer) : answer;
}

function all(answers: readonly Answer[]): Answer {
  if (answers.includes('no')) return 'no';
  return answers.includes('maybe') ? 'maybe' : 'yes';
}

function any(answers: readonly Answer[]): Answer {
  return not(all(answers.map(not)));
}

function not(answer: Answer): Answer {
  if (answer === 'maybe') return answer;
  return answer === 'yes' ? 'no' : 'yes';
}

function idOf({ Sid }: Json): string {
  return typeof Sid === 'string' && Sid !== '' ? Sid : 'without an id';
}

function listOf<T>(value: T | readonly T[] | undefined): T[] {
  return value === undefined ? [] : Array.isArray(value) ? [...value] : [value as T];
}
