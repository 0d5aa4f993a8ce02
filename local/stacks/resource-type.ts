import type { PolicyStatement, Wire } from '../core/service.ts';
import type { Iam } from '../iam/iam.ts';

/** The functions service as stacks use it: CloudFormation's properties, names without ARN. */
export interface FunctionMaker {
  /** `codeDirectory` is the absolute path of the folder with the bundle. */
  create(account: string, properties: Wire & { codeDirectory: string }): Promise<unknown> | unknown;
  mapQueue(account: string, properties: Wire): Promise<unknown> | unknown;
  configureAsync(account: string, functionName: string, properties: Wire): Promise<unknown> | unknown;
  addPermission(account: string, functionName: string, statement: PolicyStatement): Promise<unknown> | unknown;
}

/** What stacks make their resources with: the services' own operations, so that there is one behaviour. */
export interface StackTargets {
  /** Calls an operation as the account's administrator. */
  call(account: string, serviceId: string, operation: string, input: Wire): Promise<Wire>;
  iam: Iam;
  functions: FunctionMaker;
  /** The folder that functions' handlers (`dist/<function>/index.handler`) are relative to. */
  codeRoot: string;
  /** Told what a template says that has no effect here: the same for each resource that says it. */
  note(message: string): void;
}

/** A resource whose properties are worked out. */
export interface ResourceToMake {
  logicalId: string;
  type: string;
  stackName: string;
  account: string;
  properties: Record<string, Wire>;
}

export interface MadeResource {
  /** What `Ref` gives. */
  ref: string;
  /** What `Fn::GetAtt` gives. */
  attributes?: Record<string, Wire>;
}

/** One CloudFormation resource type. A property in neither list stops the boot with its name. */
export interface ResourceType {
  properties: readonly string[];
  /** Properties that change nothing in the local mesh: noted, not followed. `all`: the whole resource changes nothing. */
  ignored: readonly string[] | 'all';
  make(resource: ResourceToMake, targets: StackTargets): Promise<MadeResource> | MadeResource;
}

/** The name given, or the one that CloudFormation makes. Simplification: without the random end, so that a boot can be repeated. */
export function physicalName(resource: ResourceToMake, property: string, longest = 64): string {
  return String(resource.properties[property] ?? `${resource.stackName}-${resource.logicalId}`.slice(0, longest));
}

/** The properties under these names that are there, as they are. */
export function pick(properties: Record<string, Wire>, names: readonly string[]): Record<string, Wire> {
  return Object.fromEntries(names.filter(name => properties[name] !== undefined).map(name => [name, properties[name]]));
}

/** A property that CloudFormation takes as an object and the API as JSON text. */
export function jsonText(value: Wire): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Parameters make text of numbers; the APIs want numbers. */
export function numberOf(value: Wire): number {
  return Number(value);
}
