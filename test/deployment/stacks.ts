/** The stacks as CloudFormation would make them: every reference worked out, by the names and ARNs that AWS gives, not by what the local mesh makes of them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PolicyDocument, PolicyStatement, Wire } from '../../local/core/service.ts';
import { resolve, resolveCondition, type Scope } from '../../local/stacks/intrinsics.ts';
import { parseTemplate } from '../../local/stacks/template.ts';
import { accountsOf, type Mesh } from '../../shared/mesh/mesh.ts';
import { parseMesh } from '../../shared/mesh/parse-mesh.ts';
import { ROOT } from './source-files.ts';

export const REGION = 'us-east-1';

/** The stage that `node build.mjs` packages. */
export const mesh: Mesh = parseMesh(readFileSync(join(ROOT, 'mesh.yml'), 'utf8'), 'local');

export interface Resource {
  id: string;
  type: string;
  /** With every reference worked out. */
  properties: Record<string, Wire>;
  deletionPolicy: string | undefined;
  /** What `Ref` gives. */
  ref: string;
  /** What `Fn::GetAtt` gives for `Arn`; empty where the type has none. */
  arn: string;
}

export interface Stack {
  name: string;
  account: string;
  resources: Resource[];
  outputs: Record<string, string>;
  ofType(type: string): Resource[];
  /** The resource with this ARN. @throws when the stack makes none. */
  byArn(arn: string): Resource;
}

export const hub: Stack = readStack(
  readFileSync(join(ROOT, '.serverless/cloudformation-template-update-stack.json'), 'utf8'),
  { name: `trellis-${mesh.stage}`, account: mesh.hub, parameters: {} },
);

/** `spoke.yml` in each account of the mesh but the hub. */
export const spokes: Stack[] = accountsOf(mesh)
  .filter(account => account !== mesh.hub)
  .map(account =>
    readStack(readFileSync(join(ROOT, 'spoke.yml'), 'utf8'), {
      name: `trellis-spoke-${mesh.stage}`,
      account,
      parameters: { HubAccountId: mesh.hub, Stage: mesh.stage },
    }),
  );

/** @throws for a reference that leads nowhere. */
export function readStack(
  text: string,
  { name, account, parameters }: { name: string; account: string; parameters: Record<string, string> },
): Stack {
  const template = parseTemplate(text);
  const constants: Record<string, string> = {
    'AWS::AccountId': account,
    'AWS::Region': REGION,
    'AWS::Partition': 'aws',
    'AWS::StackName': name,
    'AWS::URLSuffix': 'amazonaws.com',
    ...parameters,
  };
  const scope: Scope = {
    template,
    condition: (condition: string): boolean => {
      const definition = template.Conditions?.[condition];
      if (definition === undefined) throw new Error(`${name} has no condition ${condition}.`);
      return resolveCondition(definition, scope);
    },
    ref: (id: string): string => constants[id] ?? identity(id).ref,
    attribute(id: string, attribute: string): Wire {
      const value = identity(id).attributes[attribute];
      if (value === undefined) throw new Error(`${id} (${typeOf(id)}) has no attribute ${attribute}.`);
      return value;
    },
  };
  const typeOf = (id: string) => template.Resources[id]?.Type;
  /** Worked out when it is asked for, as a rule's ARN needs its bus's name. */
  const identity = (id: string) => {
    const resource = template.Resources[id];
    if (!resource) throw new Error(`${name} refers to ${id}, which it does not make.`);
    const own = (property: string) => resolve(resource.Properties?.[property], scope);
    return identityOf(resource.Type, own, { id, stack: name, account });
  };
  const isMade = ({ Condition }: { Condition?: string }) => Condition === undefined || scope.condition(Condition);
  const made = Object.entries(template.Resources).filter(([, resource]) => isMade(resource));
  const resources = made.map(([id, resource]): Resource => {
    const { ref, attributes } = identity(id);
    const { DeletionPolicy: deletionPolicy } = resource as { DeletionPolicy?: string };
    const properties = resolve(resource.Properties ?? {}, scope);
    return { id, type: resource.Type, properties, deletionPolicy, ref, arn: attributes.Arn ?? '' };
  });
  return {
    name,
    account,
    resources,
    outputs: Object.fromEntries(
      Object.entries(template.Outputs ?? {}).map(([output, { Value }]) => [output, resolve(Value, scope)]),
    ),
    ofType: type => resources.filter(resource => resource.type === type),
    byArn(arn) {
      const found = resources.find(resource => resource.arn === arn);
      if (!found) throw new Error(`${name} makes nothing with the ARN ${arn}.`);
      return found;
    },
  };
}

/** What `Ref` and `Fn::GetAtt` give. Source: CloudFormation Template Reference, "Return values" of each type. */
function identityOf(
  type: string,
  own: (property: string) => Wire,
  { id, stack, account }: { id: string; stack: string; account: string },
): { ref: string; attributes: Record<string, string> } {
  const arn = (service: string, path: string) => `arn:aws:${service}:${REGION}:${account}:${path}`;
  const named = (property: string) => String(own(property) ?? `${stack}-${id}`);
  switch (type) {
    case 'AWS::Lambda::Function': {
      const name = named('FunctionName');
      return { ref: name, attributes: { Arn: arn('lambda', `function:${name}`) } };
    }
    case 'AWS::IAM::Role': {
      const name = named('RoleName');
      return { ref: name, attributes: { Arn: `arn:aws:iam::${account}:role/${name}` } };
    }
    case 'AWS::SQS::Queue': {
      const name = named('QueueName');
      const url = `https://sqs.${REGION}.amazonaws.com/${account}/${name}`;
      return { ref: url, attributes: { Arn: arn('sqs', name), QueueName: name, QueueUrl: url } };
    }
    case 'AWS::Events::EventBus': {
      const name = named('Name');
      return { ref: name, attributes: { Arn: arn('events', `event-bus/${name}`), Name: name } };
    }
    case 'AWS::Events::Rule': {
      const bus = own('EventBusName');
      const path = bus === undefined || bus === 'default' ? named('Name') : `${bus}/${named('Name')}`;
      return { ref: path.replace('/', '|'), attributes: { Arn: arn('events', `rule/${path}`) } };
    }
    case 'AWS::Events::Archive': {
      const name = named('ArchiveName');
      return { ref: name, attributes: { Arn: arn('events', `archive/${name}`), ArchiveName: name } };
    }
    case 'AWS::StepFunctions::StateMachine': {
      const name = named('StateMachineName');
      const machine = arn('states', `stateMachine:${name}`);
      return { ref: machine, attributes: { Arn: machine, Name: name } };
    }
    case 'AWS::DynamoDB::Table': {
      const name = named('TableName');
      return { ref: name, attributes: { Arn: arn('dynamodb', `table/${name}`) } };
    }
    case 'AWS::Logs::LogGroup': {
      const name = named('LogGroupName');
      return { ref: name, attributes: { Arn: arn('logs', `log-group:${name}:*`) } };
    }
    case 'AWS::S3::Bucket': {
      const name = named('BucketName').toLowerCase();
      return { ref: name, attributes: { Arn: `arn:aws:s3:::${name}` } };
    }
    case 'AWS::SNS::Topic': {
      const topic = arn('sns', named('TopicName'));
      return { ref: topic, attributes: { Arn: topic, TopicArn: topic, TopicName: named('TopicName') } };
    }
    case 'AWS::KMS::Key': {
      // A key's id is chance: any key stands for it.
      return { ref: id, attributes: { Arn: arn('kms', 'key/*'), KeyId: id } };
    }
    // Others are referred to by nothing more than their name.
    default:
      return { ref: `${stack}-${id}`, attributes: {} };
  }
}

/** A member that may be one or a list of them. */
export function list<T>(value: T | readonly T[] | undefined): T[] {
  return value === undefined ? [] : Array.isArray(value) ? [...value] : [value as T];
}

export function statementsOf(document: PolicyDocument): PolicyStatement[] {
  return list(document.Statement);
}

/** The statements of all of a role's own policies. */
export function statementsOfRole(role: Resource): PolicyStatement[] {
  return list<{ PolicyDocument: PolicyDocument }>(role.properties.Policies).flatMap(policy =>
    statementsOf(policy.PolicyDocument),
  );
}

/** A rule's targets, as pairs to test one by one. */
export function targetsOf(stack: Stack): { rule: Resource; target: Wire }[] {
  return stack
    .ofType('AWS::Events::Rule')
    .flatMap(rule => list<Wire>(rule.properties.Targets).map(target => ({ rule, target })));
}
