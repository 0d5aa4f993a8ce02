import type { Wire } from '../core/service.ts';
import type { Template } from './template.ts';
import { TemplateError } from './template-error.ts';

/**
 * The values of a template's parameters: what is given, otherwise the default. Lists come comma-delimited.
 * Throws a TemplateError for a missing or a disallowed value, an unknown parameter or an unknown type.
 */
export function parameterValues(template: Template, given: Record<string, string>): Map<string, Wire> {
  const declared = template.Parameters ?? {};
  for (const name of Object.keys(given))
    if (!Object.hasOwn(declared, name)) throw new TemplateError(`The template has no parameter ${name}.`);

  const values = new Map<string, Wire>();
  for (const [name, parameter] of Object.entries(declared)) {
    const value = given[name] ?? parameter.Default;
    if (value === undefined) throw new TemplateError(`The parameter ${name} has neither a value nor a default.`);
    const items = isList(name, parameter.Type)
      ? String(value)
          .split(',')
          .map(item => item.trim())
      : [String(value)];
    for (const item of items) {
      if (parameter.AllowedValues && !parameter.AllowedValues.map(String).includes(item))
        throw new TemplateError(`The parameter ${name} may not be "${item}".`);
      if (parameter.AllowedPattern && !new RegExp(`^(?:${parameter.AllowedPattern})$`).test(item))
        throw new TemplateError(
          `The parameter ${name} may not be "${item}": it must match ${parameter.AllowedPattern}.`,
        );
    }
    values.set(name, isList(name, parameter.Type) ? items : items[0]);
  }
  return values;
}

function isList(name: string, type: string): boolean {
  if (type === 'CommaDelimitedList' || type === 'List<Number>') return true;
  if (type === 'String' || type === 'Number') return false;
  throw new TemplateError(`The local mesh does not have the type ${type} of the parameter ${name}.`);
}
