import type jsonata from 'jsonata';

/** The members of `$states`. Which of them an expression may use depends on the field it stands in. */
export type StatesMember = 'input' | 'result' | 'errorOutput' | 'context';

interface Node {
  type?: string;
  value?: unknown;
  steps?: Node[];
  procedure?: Node;
}

/** Parts of a node that are evaluated within a value, not at the top of the expression. */
const WITHIN_A_VALUE = new Set(['predicate', 'stages', 'group', 'terms', 'body']);

/**
 * What Step Functions refuses in an expression that JSONata itself would take; undefined when nothing.
 * `$`, `$$`, unqualified names at the top, `$eval`, and members of `$states` that the field does not have.
 * Source: "Transforming data with JSONata in Step Functions", Step Functions Developer Guide.
 */
export function refusedIn(ast: jsonata.ExprNode, members: readonly StatesMember[]): string | undefined {
  return problemIn(ast as Node, true, members);
}

function problemIn(node: Node, isAtTop: boolean, members: readonly StatesMember[]): string | undefined {
  if (node.type === 'variable' && node.value === '$') return '$$ has no value in Step Functions';
  if (isAtTop && node.type === 'variable' && node.value === '') return '$ has no value at the top of an expression';
  if (isAtTop && (node.type === 'name' || node.type === 'wildcard' || node.type === 'descendant')) {
    return `the field ${String(node.value)} stands at the top of the expression: say $states.input.${String(node.value)}`;
  }
  if (node.type === 'function' && node.procedure?.value === 'eval') return '$eval is not in Step Functions';
  if (node.type === 'path' && node.steps) {
    const [first, second] = node.steps;
    if (first?.type === 'variable' && first.value === 'states' && second?.type === 'name') {
      if (!(members as readonly unknown[]).includes(second.value)) {
        return `$states.${String(second.value)} is not available here (there is ${members.map(member => `$states.${member}`).join(', ')})`;
      }
    }
    for (const [index, step] of node.steps.entries()) {
      const problem = problemIn(step, isAtTop && index === 0, members);
      if (problem) return problem;
    }
  }
  for (const [part, value] of Object.entries(node)) {
    if (part === 'steps') continue;
    const problem = problemInAny(value, isAtTop && !WITHIN_A_VALUE.has(part), members);
    if (problem) return problem;
  }
  return undefined;
}

function problemInAny(value: unknown, isAtTop: boolean, members: readonly StatesMember[]): string | undefined {
  if (Array.isArray(value)) {
    for (const item of value) {
      const problem = problemInAny(item, isAtTop, members);
      if (problem) return problem;
    }
    return undefined;
  }
  if (typeof value !== 'object' || value === null || value instanceof RegExp) return undefined;
  return problemIn(value as Node, isAtTop, members);
}
