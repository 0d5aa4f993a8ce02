import type { Wire } from '../core/service.ts';
import { invalidDefinition } from './errors.ts';
import type { StatesMember } from './expression-check.ts';
import type { Conclusion } from './state-types.ts';
import { compileTemplate } from './templates.ts';

/** `Output` and `Assign`, wherever a state, a choice rule or a catcher has them. */
export function parseConclusion(source: Wire, path: string, members: readonly StatesMember[]): Conclusion {
  const assign = source.Assign;
  if (assign !== undefined && (typeof assign !== 'object' || assign === null || Array.isArray(assign))) {
    throw invalidDefinition(`${path}/Assign`, 'Assign is an object of variable names and values');
  }
  for (const name of Object.keys(assign ?? {})) {
    if (!/^[\p{ID_Start}_][\p{ID_Continue}]{0,79}$/u.test(name) || name === 'states') {
      throw invalidDefinition(`${path}/Assign/${name}`, 'This is no name for a variable');
    }
  }
  return {
    output: source.Output === undefined ? undefined : compileTemplate(source.Output, `${path}/Output`, members),
    assign: assign === undefined ? undefined : compileTemplate(assign, `${path}/Assign`, members),
  };
}
