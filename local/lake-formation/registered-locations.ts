/** S3 locations that Lake Formation hands out credentials for. */
import { AwsError } from '../core/aws-error.ts';
import type { Wire } from '../core/service.ts';
import { invalidInput, requiredText } from './resource.ts';

export interface RegisteredLocation {
  arn: string;
  roleArn: string;
  /** Milliseconds since 1970. */
  modifiedAt: number;
  /** Members that are kept and given back. */
  others: Record<string, Wire>;
}

const KEPT = ['WithFederation', 'HybridAccessEnabled', 'WithPrivilegedAccess', 'ExpectedResourceOwnerAccount'];

/**
 * Reads a registration. Throws InvalidInputException unless it has an S3 ARN and one of RoleArn and UseServiceLinkedRole.
 * Source: API reference, RegisterResource.
 */
export function parseRegistration(wire: Wire, account: string, now: number): RegisteredLocation {
  const arn = requiredText(wire.ResourceArn, 'ResourceArn');
  if (!/^arn:aws:s3:::[a-z0-9][a-z0-9.-]+(\/.*)?$/.test(arn)) throw invalidInput(`${arn} is not an S3 location.`);
  if (Boolean(wire.RoleArn) === (wire.UseServiceLinkedRole === true)) {
    throw invalidInput('Exactly one of RoleArn or UseServiceLinkedRole is required.');
  }
  const serviceLinked = `arn:aws:iam::${account}:role/aws-service-role/lakeformation.amazonaws.com/AWSServiceRoleForLakeFormationDataAccess`;
  return {
    arn,
    roleArn: wire.RoleArn ?? serviceLinked,
    modifiedAt: now,
    others: Object.fromEntries(KEPT.filter(member => wire[member] !== undefined).map(member => [member, wire[member]])),
  };
}

export function locationToWire(location: RegisteredLocation): Wire {
  return {
    ResourceArn: location.arn,
    RoleArn: location.roleArn,
    LastModified: location.modifiedAt / 1000,
    ...location.others,
  };
}

export function requireLocation(locations: Map<string, RegisteredLocation>, arn: unknown): RegisteredLocation {
  const location = locations.get(String(arn));
  if (!location) throw new AwsError('EntityNotFoundException', 'Entity not found.');
  return location;
}

/** Whether the prefix covers the location: itself or something under it, `a/b` not `a/bc`. ARNs or s3:// addresses. */
export function covers(prefix: string, location: string): boolean {
  const outer = path(prefix);
  const inner = path(location);
  return inner === outer || inner.startsWith(`${outer}/`);
}

function path(location: string): string {
  return location.replace(/^(arn:aws:s3:::|s3[an]?:\/\/)/, '').replace(/\/\*?$|\/+$/, '');
}

/** Whether a location meets a condition of ListResources. Source: API reference, FilterCondition. Throws InvalidInputException. */
export function meets(location: RegisteredLocation, condition: Wire): boolean {
  const values: string[] = condition.StringValueList ?? [];
  const field: string | undefined = { RESOURCE_ARN: location.arn, ROLE_ARN: location.roleArn }[
    condition.Field as string
  ];
  if (field === undefined) throw invalidInput(`Filtering by ${condition.Field} is not supported.`);
  switch (condition.ComparisonOperator) {
    case 'EQ':
    case 'IN':
      return values.includes(field);
    case 'NE':
      return !values.includes(field);
    case 'BEGINS_WITH':
      return values.some(value => field.startsWith(value));
    case 'CONTAINS':
      return values.some(value => field.includes(value));
    case 'NOT_CONTAINS':
      return !values.some(value => field.includes(value));
    default:
      throw invalidInput(`Filtering with ${condition.ComparisonOperator} is not supported.`);
  }
}
