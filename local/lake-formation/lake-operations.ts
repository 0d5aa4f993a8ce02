/** The operations on settings and registered locations. */
import { AwsError } from '../core/aws-error.ts';
import type { VirtualClock } from '../core/clock.ts';
import type { Access, Operation, Wire } from '../core/service.ts';
import type { Lakes } from './lake.ts';
import { page } from './pages.ts';
import {
  locationToWire,
  meets,
  parseRegistration,
  type RegisteredLocation,
  requireLocation,
} from './registered-locations.ts';
import { accessDenied, requiredText } from './resource.ts';
import { parseSettings, settingsToWire } from './settings.ts';

/** Paths that can be registered in an account. Source: General Reference, Lake Formation quotas. */
const LOCATIONS_LIMIT = 10_000;

/** IAM alone decides on these. Source: Developer Guide, "Implicit Lake Formation permissions" (note on registering locations). */
export function lakeOperations({ clock, lakes }: { clock: VirtualClock; lakes: Lakes }): Record<string, Operation> {
  const only = (action: string) => (): Access[] => [{ action: `lakeformation:${action}`, resource: '*' }];
  /** Lake Formation takes the role over. Source: Developer Guide, "Requirements for roles used to register locations". */
  const withRole = (action: string) => (input: Wire) => {
    const access = only(action)();
    if (typeof input.RoleArn !== 'string') return access;
    const context = { 'iam:PassedToService': 'lakeformation.amazonaws.com' };
    return [...access, { action: 'iam:PassRole', resource: input.RoleArn, context }];
  };
  const requireOwnCatalog = (input: Wire, account: string) => {
    if ((input.CatalogId ?? account) !== account)
      throw accessDenied('Cross-account access to the settings is not allowed.');
  };

  return {
    GetDataLakeSettings: {
      access: only('GetDataLakeSettings'),
      run: (input, { caller }) => {
        requireOwnCatalog(input, caller.account);
        return { DataLakeSettings: settingsToWire(lakes.of(caller.account).settings) };
      },
    },
    PutDataLakeSettings: {
      access: only('PutDataLakeSettings'),
      run: (input, { caller }) => {
        requireOwnCatalog(input, caller.account);
        lakes.of(caller.account).settings = parseSettings(input.DataLakeSettings);
        return {};
      },
    },
    RegisterResource: {
      access: withRole('RegisterResource'),
      run: (input, { caller }) => {
        const { locations } = lakes.of(caller.account);
        const location = parseRegistration(input, caller.account, clock.now());
        if (locations.has(location.arn))
          throw new AwsError('AlreadyExistsException', 'Resource is already registered.');
        if (locations.size >= LOCATIONS_LIMIT) {
          throw new AwsError('ResourceNumberLimitExceededException', 'Too many registered locations.');
        }
        locations.set(location.arn, location);
        return {};
      },
    },
    UpdateResource: {
      access: withRole('UpdateResource'),
      run: (input, { caller }) => {
        const { locations } = lakes.of(caller.account);
        const before = requireLocation(locations, input.ResourceArn);
        requiredText(input.RoleArn, 'RoleArn');
        const after = parseRegistration(input, caller.account, clock.now());
        locations.set(before.arn, { ...after, others: { ...before.others, ...after.others } });
        return {};
      },
    },
    DeregisterResource: {
      access: only('DeregisterResource'),
      run: (input, { caller }) => {
        const { locations } = lakes.of(caller.account);
        locations.delete(requireLocation(locations, input.ResourceArn).arn);
        return {};
      },
    },
    DescribeResource: {
      access: only('DescribeResource'),
      run: (input, { caller }) => {
        const location = requireLocation(lakes.of(caller.account).locations, input.ResourceArn);
        return { ResourceInfo: locationToWire(location) };
      },
    },
    ListResources: {
      access: only('ListResources'),
      run: (input, { caller }) => {
        const conditions: Wire[] = input.FilterConditionList ?? [];
        const byArn = ({ arn }: RegisteredLocation) => arn;
        const found = [...lakes.of(caller.account).locations.values()]
          .filter(location => conditions.every(condition => meets(location, condition)))
          .sort((a, b) => (a.arn < b.arn ? -1 : 1));
        const { entries, nextToken } = page(found, byArn, input);
        return {
          ResourceInfoList: entries.map(locationToWire),
          ...(nextToken === undefined ? {} : { NextToken: nextToken }),
        };
      },
    },
  };
}
