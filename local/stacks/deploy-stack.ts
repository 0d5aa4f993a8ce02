import { REGION, type Wire } from '../core/service.ts';
import { creationOrder } from './creation-order.ts';
import { resolve, resolveCondition, type Scope } from './intrinsics.ts';
import { parameterValues } from './parameters.ts';
import type { MadeResource, ResourceType, StackTargets } from './resource-type.ts';
import { RESOURCE_TYPES } from './resource-types.ts';
import type { Template, TemplateResource } from './template.ts';
import { TemplateError } from './template-error.ts';

export interface StackToDeploy {
  template: Template;
  stackName: string;
  account: string;
  parameters: Record<string, string>;
}

/** What a resource may say besides its properties. How it ends does not matter: stacks of the local mesh are made, not changed or deleted. */
const RESOURCE_MEMBERS = new Set([
  'Condition',
  'DeletionPolicy',
  'DependsOn',
  'Metadata',
  'Properties',
  'Type',
  'UpdateReplacePolicy',
]);

/** Ignored without a note: they have no effect on AWS either. */
const SAYS_NOTHING = new Set(['Description', 'Tags']);

/**
 * Makes a stack's resources, one after the other, and gives its outputs. Throws a TemplateError that names the stack and the resource for
 * what the local mesh does not have, before anything is made where that can be seen in the template, and for what a service refuses.
 */
export async function deployStack(stack: StackToDeploy, targets: StackTargets): Promise<Record<string, Wire>> {
  const { template, stackName, account } = stack;
  const made = new Map<string, MadeResource>();
  const scope = scopeOf(stack, made);
  const isWanted = (item: { Condition?: string }) => item.Condition === undefined || scope.condition(item.Condition);
  const resources = Object.fromEntries(Object.entries(template.Resources).filter(([, resource]) => isWanted(resource)));
  const order = creationOrder(resources);
  for (const logicalId of order) requireKnown(stackName, logicalId, resources[logicalId]!, targets);

  for (const logicalId of order) {
    const { Type: type, Properties = {} } = resources[logicalId]!;
    try {
      const properties = resolve(Properties, scope);
      made.set(logicalId, await typeOf(type).make({ logicalId, type, stackName, account, properties }, targets));
    } catch (cause) {
      throw new TemplateError(`${stackName}: ${logicalId} (${type}) cannot be made: ${(cause as Error).message}`, {
        cause,
      });
    }
  }

  const outputs = Object.entries(template.Outputs ?? {}).filter(([, output]) => isWanted(output));
  return Object.fromEntries(outputs.map(([name, output]) => [name, resolve(output.Value, scope)]));
}

function typeOf(name: string): ResourceType {
  const type = RESOURCE_TYPES.get(name);
  if (!type) throw new TemplateError(`the local mesh does not have the resource type ${name}`);
  return type;
}

/** Throws for a type or a property that the mesh does not have, and notes what it ignores. */
function requireKnown(stackName: string, logicalId: string, resource: TemplateResource, targets: StackTargets): void {
  const where = `${stackName}: ${logicalId} (${resource.Type})`;
  const stray = Object.keys(resource).find(member => !RESOURCE_MEMBERS.has(member));
  if (stray) throw new TemplateError(`${where}: the local mesh does not have the resource attribute ${stray}`);
  const type = RESOURCE_TYPES.get(resource.Type);
  if (!type) throw new TemplateError(`${where}: the local mesh does not have the resource type ${resource.Type}`);
  const { properties, ignored } = type;
  if (ignored === 'all') {
    targets.note(`${resource.Type} has no effect in the local mesh`);
    return;
  }
  for (const name of Object.keys(resource.Properties ?? {})) {
    if (properties.includes(name)) continue;
    if (!ignored.includes(name)) throw new TemplateError(`${where}: the local mesh does not have the property ${name}`);
    if (!SAYS_NOTHING.has(name)) targets.note(`${resource.Type}: ${name} has no effect in the local mesh`);
  }
}

function scopeOf({ template, stackName, account, parameters }: StackToDeploy, made: Map<string, MadeResource>): Scope {
  const values = parameterValues(template, parameters);
  const pseudo = new Map<string, Wire>([
    ['AWS::AccountId', account],
    ['AWS::NotificationARNs', []],
    ['AWS::Partition', 'aws'],
    ['AWS::Region', REGION],
    ['AWS::StackId', `arn:aws:cloudformation:${REGION}:${account}:stack/${stackName}/local`],
    ['AWS::StackName', stackName],
    ['AWS::URLSuffix', 'amazonaws.com'],
  ]);
  const conditions = new Map<string, boolean>();
  const underWay = new Set<string>();

  const scope: Scope = {
    template,
    ref(name) {
      const value = values.get(name) ?? pseudo.get(name) ?? made.get(name)?.ref;
      if (value === undefined) throw new TemplateError(`${stackName}: there is nothing that ${name} refers to`);
      return value;
    },
    attribute(logicalId, name) {
      const resource = made.get(logicalId);
      if (!resource) throw new TemplateError(`${stackName}: there is no resource ${logicalId} to have ${name}`);
      const value = resource.attributes?.[name];
      if (value === undefined)
        throw new TemplateError(`${stackName}: the local mesh does not have ${logicalId}'s attribute ${name}`);
      return value;
    },
    condition(name) {
      const known = conditions.get(name);
      if (known !== undefined) return known;
      const definition = template.Conditions?.[name];
      if (definition === undefined) throw new TemplateError(`${stackName}: there is no condition ${name}`);
      if (underWay.has(name)) throw new TemplateError(`${stackName}: the condition ${name} depends on itself`);
      underWay.add(name);
      const value = resolveCondition(definition, scope);
      conditions.set(name, value);
      return value;
    },
  };
  return scope;
}
