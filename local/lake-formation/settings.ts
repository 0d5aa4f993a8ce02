/** The data lake settings of an account. */
import type { Wire } from '../core/service.ts';
import { IAM_ALLOWED_PRINCIPALS, isAccount, parsePrincipal } from './principals.ts';
import { invalidInput } from './resource.ts';

export interface Settings {
  administrators: string[];
  readOnlyAdministrators: string[];
  /** New databases are left to IAM: IAM_ALLOWED_PRINCIPALS gets ALL on them. */
  leavesDatabasesToIam: boolean;
  leavesTablesToIam: boolean;
  /** 1 to 5. */
  crossAccountVersion: number;
  /** The accounts whose CloudTrail may name this account's principals. */
  trustedResourceOwners: string[];
  /** Members that are kept and given back, and change nothing here. */
  others: Record<string, Wire>;
}

/** Source: Developer Guide, "Changing the default settings" (IAM decides); Terraform, aws_lakeformation_data_lake_settings (version 1). */
export const FRESH_SETTINGS: Settings = {
  administrators: [],
  readOnlyAdministrators: [],
  leavesDatabasesToIam: true,
  leavesTablesToIam: true,
  crossAccountVersion: 1,
  trustedResourceOwners: [],
  others: {},
};

/** Source: General Reference, Lake Formation quotas; DataLakeSettings, DataLakeAdmins. */
const ADMINISTRATORS_LIMIT = 30;

const KEPT = [
  'AllowExternalDataFiltering',
  'AllowFullTableExternalDataAccess',
  'ExternalDataFilteringAllowList',
  'AuthorizedSessionTagValueList',
];

/**
 * Reads `DataLakeSettings`: the whole of them, what is left out is empty. Throws InvalidInputException.
 * That an administrator exists is not checked, as in AWS.
 */
export function parseSettings(wire: Wire): Settings {
  if (!wire || typeof wire !== 'object') throw invalidInput('DataLakeSettings is required.');
  const administrators = principals(wire.DataLakeAdmins);
  if (administrators.length > ADMINISTRATORS_LIMIT) {
    throw invalidInput(
      `DataLakeAdmins has ${administrators.length} principals, at most ${ADMINISTRATORS_LIMIT} are possible.`,
    );
  }
  const trustedResourceOwners: string[] = wire.TrustedResourceOwners ?? [];
  for (const owner of trustedResourceOwners) {
    if (!isAccount(owner)) throw invalidInput(`TrustedResourceOwners: ${owner} is not an account id.`);
  }
  return {
    administrators,
    readOnlyAdministrators: principals(wire.ReadOnlyAdmins),
    leavesDatabasesToIam: parseDefault(wire.CreateDatabaseDefaultPermissions, 'CreateDatabaseDefaultPermissions'),
    leavesTablesToIam: parseDefault(wire.CreateTableDefaultPermissions, 'CreateTableDefaultPermissions'),
    crossAccountVersion: parseVersion(wire.Parameters ?? {}),
    trustedResourceOwners,
    others: Object.fromEntries(KEPT.filter(member => wire[member] !== undefined).map(member => [member, wire[member]])),
  };
}

export function settingsToWire(settings: Settings): Wire {
  const toPrincipal = (principal: string) => ({ DataLakePrincipalIdentifier: principal });
  const toDefault = (isLeftToIam: boolean) =>
    isLeftToIam ? [{ Principal: toPrincipal(IAM_ALLOWED_PRINCIPALS), Permissions: ['ALL'] }] : [];
  return {
    DataLakeAdmins: settings.administrators.map(toPrincipal),
    ReadOnlyAdmins: settings.readOnlyAdministrators.map(toPrincipal),
    CreateDatabaseDefaultPermissions: toDefault(settings.leavesDatabasesToIam),
    CreateTableDefaultPermissions: toDefault(settings.leavesTablesToIam),
    // SET_CONTEXT comes back too. Source: Terraform, aws_lakeformation_data_lake_settings.
    Parameters: { CROSS_ACCOUNT_VERSION: String(settings.crossAccountVersion), SET_CONTEXT: 'TRUE' },
    TrustedResourceOwners: settings.trustedResourceOwners,
    ...settings.others,
  };
}

function principals(list: Wire[] | undefined): string[] {
  return (list ?? []).map(parsePrincipal);
}

/** Source: API reference, DataLakeSettings: only an empty list, or one with ALL for IAM_ALLOWED_PRINCIPALS. */
function parseDefault(list: Wire[] | undefined, member: string): boolean {
  if (!list || list.length === 0) return false;
  const [first] = list;
  const isIam =
    list.length === 1 &&
    first.Principal?.DataLakePrincipalIdentifier === IAM_ALLOWED_PRINCIPALS &&
    first.Permissions?.length === 1 &&
    first.Permissions[0] === 'ALL';
  if (!isIam) throw invalidInput(`${member} must be empty, or grant ALL to ${IAM_ALLOWED_PRINCIPALS}.`);
  return true;
}

function parseVersion(parameters: Record<string, string>): number {
  for (const key of Object.keys(parameters)) {
    if (key !== 'CROSS_ACCOUNT_VERSION' && key !== 'SET_CONTEXT') throw invalidInput(`Unknown parameter ${key}.`);
  }
  const version = parameters.CROSS_ACCOUNT_VERSION ?? '1';
  if (!/^[1-5]$/.test(version)) throw invalidInput('CROSS_ACCOUNT_VERSION must be 1, 2, 3, 4 or 5.');
  return Number(version);
}
