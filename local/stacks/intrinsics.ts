/**
 * CloudFormation's intrinsic functions. Source: CloudFormation User Guide, "Intrinsic function reference" and "Pseudo parameters reference".
 * An intrinsic that is not here stops the boot.
 */
import type { Wire } from '../core/service.ts';
import type { Template } from './template.ts';
import { TemplateError } from './template-error.ts';

/** What references stand for while a stack is made. */
export interface Scope {
  template: Template;
  /** Values of `Ref`: parameters, pseudo parameters, and resources made so far. */
  ref(name: string): Wire;
  /** Values of `Fn::GetAtt` of resources made so far. */
  attribute(logicalId: string, name: string): Wire;
  condition(name: string): boolean;
}

/** Stands for `AWS::NoValue` until the list or map that has it drops it. */
const NO_VALUE = Symbol('AWS::NoValue');

/** The value with its intrinsics worked out. A property that is `AWS::NoValue` is left out. Throws a TemplateError. */
export function resolve(value: Wire, scope: Scope): Wire {
  const resolved = resolveAny(value, scope);
  return resolved === NO_VALUE ? undefined : resolved;
}

/** What a condition of the `Conditions` section says. */
export function resolveCondition(value: Wire, scope: Scope): boolean {
  const { name, argument } = intrinsicIn(value) ?? {};
  switch (name) {
    case 'Condition':
      return scope.condition(String(argument));
    case 'Fn::Equals': {
      const [left, right] = pair(name, argument);
      return comparable(resolve(left, scope)) === comparable(resolve(right, scope));
    }
    case 'Fn::And':
      return operands(name, argument).every(operand => resolveCondition(operand, scope));
    case 'Fn::Or':
      return operands(name, argument).some(operand => resolveCondition(operand, scope));
    case 'Fn::Not':
      if (!Array.isArray(argument) || argument.length !== 1)
        throw new TemplateError('Fn::Not takes a list of one condition.');
      return !resolveCondition(argument[0], scope);
    default:
      throw new TemplateError(`${JSON.stringify(value)} is not a condition.`);
  }
}

function resolveAny(value: Wire, scope: Scope): Wire {
  if (Array.isArray(value)) return value.map(item => resolveAny(item, scope)).filter(item => item !== NO_VALUE);
  if (typeof value !== 'object' || value === null) return value;
  const intrinsic = intrinsicIn(value);
  if (intrinsic && intrinsic.name !== 'Condition') return call(intrinsic.name, intrinsic.argument, scope);
  const entries = Object.entries(value).map(([name, member]) => [name, resolveAny(member, scope)]);
  return Object.fromEntries(entries.filter(([, member]) => member !== NO_VALUE));
}

function call(name: string, argument: Wire, scope: Scope): Wire {
  switch (name) {
    case 'Ref':
      return argument === 'AWS::NoValue' ? NO_VALUE : scope.ref(String(argument));
    case 'Fn::GetAtt': {
      const [logicalId, attribute] = Array.isArray(argument) ? argument : String(argument).split(/\.(.*)/s);
      return scope.attribute(String(logicalId), String(resolve(attribute, scope)));
    }
    case 'Fn::Sub':
      return substitute(argument, scope);
    case 'Fn::Join': {
      const [delimiter, items] = pair(name, argument);
      return asList(name, resolve(items, scope))
        .map(item => asText(name, item))
        .join(asText(name, delimiter));
    }
    case 'Fn::Split': {
      const [delimiter, text] = pair(name, argument);
      return asText(name, resolve(text, scope)).split(asText(name, delimiter));
    }
    case 'Fn::Select': {
      const [index, items] = pair(name, argument);
      const chosen = asList(name, resolve(items, scope))[Number(resolve(index, scope))];
      if (chosen === undefined) throw new TemplateError(`Fn::Select has no item ${JSON.stringify(index)}.`);
      return chosen;
    }
    case 'Fn::If': {
      if (!Array.isArray(argument) || argument.length !== 3)
        throw new TemplateError('Fn::If takes a condition and two values.');
      return resolveAny(scope.condition(String(argument[0])) ? argument[1] : argument[2], scope);
    }
    case 'Fn::FindInMap': {
      if (!Array.isArray(argument) || argument.length !== 3)
        throw new TemplateError('Fn::FindInMap takes a map and two keys.');
      const [map, first, second] = argument.map(part => asText(name, resolve(part, scope)));
      const found = scope.template.Mappings?.[map!]?.[first!]?.[second!];
      if (found === undefined) throw new TemplateError(`Fn::FindInMap finds nothing at ${map}.${first}.${second}.`);
      return found;
    }
    case 'Fn::Base64':
      return Buffer.from(asText(name, resolve(argument, scope))).toString('base64');
    case 'Fn::Equals':
    case 'Fn::And':
    case 'Fn::Or':
    case 'Fn::Not':
      return resolveCondition({ [name]: argument }, scope);
    default:
      throw new TemplateError(`The local mesh does not have the intrinsic function ${name}.`);
  }
}

/** `Fn::Sub`: `${Name}` is a Ref, `${Name.Attribute}` a GetAtt, `${!Literal}` stays. */
function substitute(argument: Wire, scope: Scope): string {
  const [text, variables] = Array.isArray(argument) ? argument : [argument, {}];
  return asText('Fn::Sub', text).replace(SUB_VARIABLE, (_all, written: string) => {
    if (written.startsWith('!')) return `\${${written.slice(1)}}`;
    const name = written.trim();
    if (Object.hasOwn(variables ?? {}, name)) return asText('Fn::Sub', resolve(variables[name], scope));
    const dot = name.indexOf('.');
    const value = dot < 0 ? scope.ref(name) : scope.attribute(name.slice(0, dot), name.slice(dot + 1));
    return asText(`Fn::Sub \${${name}}`, value);
  });
}

const SUB_VARIABLE = /\$\{([^}]+)\}/g;

/** The names of resources and parameters that a value refers to, for the order in which resources are made. */
export function referencesIn(value: Wire): string[] {
  if (Array.isArray(value)) return value.flatMap(referencesIn);
  if (typeof value !== 'object' || value === null) return [];
  const intrinsic = intrinsicIn(value);
  if (intrinsic?.name === 'Ref') return [String(intrinsic.argument)];
  if (intrinsic?.name === 'Fn::GetAtt') {
    const { argument } = intrinsic;
    return Array.isArray(argument)
      ? [String(argument[0]), ...referencesIn(argument.slice(1))]
      : [String(argument).split('.')[0]!];
  }
  if (intrinsic?.name === 'Fn::Sub') {
    const [text, variables] = Array.isArray(intrinsic.argument) ? intrinsic.argument : [intrinsic.argument, {}];
    const named = [...String(text).matchAll(SUB_VARIABLE)].map(found => found[1]!.trim());
    const outer = named.filter(name => !name.startsWith('!') && !Object.hasOwn(variables ?? {}, name));
    return [...outer.map(name => name.split('.')[0]!), ...referencesIn(variables)];
  }
  return Object.values(value).flatMap(referencesIn);
}

function intrinsicIn(value: Wire): { name: string; argument: Wire } | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const names = Object.keys(value);
  const name = names.length === 1 ? names[0]! : undefined;
  if (name === undefined || !(name === 'Ref' || name === 'Condition' || name.startsWith('Fn::'))) {
    const stray = names.find(other => other.startsWith('Fn::'));
    if (stray) throw new TemplateError(`The intrinsic function ${stray} stands beside other keys.`);
    return undefined;
  }
  return { name, argument: value[name] };
}

function pair(name: string, argument: Wire): [Wire, Wire] {
  if (!Array.isArray(argument) || argument.length !== 2) throw new TemplateError(`${name} takes a list of two.`);
  return argument as [Wire, Wire];
}

function operands(name: string, argument: Wire): Wire[] {
  if (!Array.isArray(argument) || argument.length < 2) throw new TemplateError(`${name} takes two conditions or more.`);
  return argument;
}

function asList(name: string, value: Wire): Wire[] {
  if (!Array.isArray(value)) throw new TemplateError(`${name} needs a list, not ${JSON.stringify(value)}.`);
  return value;
}

function asText(name: string, value: Wire): string {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean')
    throw new TemplateError(`${name} needs text, not ${JSON.stringify(value)}.`);
  return String(value);
}

/** CloudFormation compares as text. */
function comparable(value: Wire): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
