import {
  type DataLakePrincipal,
  type DataLakeSettings,
  GetDataLakeSettingsCommand,
  type LakeFormationClient,
  PutDataLakeSettingsCommand,
} from '@aws-sdk/client-lakeformation';
import type { HubSettings, SettingsChange } from '../mesh/apply-changes.ts';
import { retryOn } from './retry-on.ts';

/** The settings' parameter that says how grants to other accounts are made. */
const VERSION_PARAMETER = 'CROSS_ACCOUNT_VERSION';

/** The data lake settings of the hub's account. */
export class LakeFormationHubSettings {
  readonly #client: LakeFormationClient;

  constructor(client: LakeFormationClient) {
    this.#client = client;
  }

  async read(): Promise<HubSettings> {
    const settings = await this.#get();
    return {
      administrators: identifiers(settings.DataLakeAdmins),
      readOnlyAdministrators: identifiers(settings.ReadOnlyAdmins),
      leavesDatabasesToIam: (settings.CreateDatabaseDefaultPermissions ?? []).length > 0,
      leavesTablesToIam: (settings.CreateTableDefaultPermissions ?? []).length > 0,
      crossAccountVersion: versionOf(settings),
    };
  }

  /**
   * PutDataLakeSettings replaces all of them, and what it does not name is empty: they are read again right before, and only what is to
   * change is changed. Source: Lake Formation API reference, PutDataLakeSettings.
   */
  async amend(changes: readonly SettingsChange[]): Promise<void> {
    await retryOn(['ConcurrentModificationException'], async () => {
      const settings = changes.reduce(amended, await this.#get());
      await this.#client.send(new PutDataLakeSettingsCommand({ DataLakeSettings: settings }));
    });
  }

  async #get(): Promise<DataLakeSettings> {
    const { DataLakeSettings: settings } = await this.#client.send(new GetDataLakeSettingsCommand({}));
    if (!settings) throw new Error('Lake Formation gave no data lake settings. Trying again helps.');
    return settings;
  }
}

function amended(settings: DataLakeSettings, change: SettingsChange): DataLakeSettings {
  switch (change.kind) {
    case 'add-administrator':
      return { ...settings, DataLakeAdmins: withPrincipal(settings.DataLakeAdmins, change.subject) };
    case 'add-read-only-administrator':
      return { ...settings, ReadOnlyAdmins: withPrincipal(settings.ReadOnlyAdmins, change.subject) };
    case 'clear-default-permissions':
      return change.subject === 'databases'
        ? { ...settings, CreateDatabaseDefaultPermissions: [] }
        : { ...settings, CreateTableDefaultPermissions: [] };
    case 'raise-cross-account-version': {
      const version = Math.max(versionOf(settings), change.to);
      return { ...settings, Parameters: { ...settings.Parameters, [VERSION_PARAMETER]: String(version) } };
    }
  }
}

function withPrincipal(list: readonly DataLakePrincipal[] = [], arn: string): DataLakePrincipal[] {
  return identifiers(list).includes(arn) ? [...list] : [...list, { DataLakePrincipalIdentifier: arn }];
}

function identifiers(list: readonly DataLakePrincipal[] = []): string[] {
  return list.flatMap(({ DataLakePrincipalIdentifier: arn }) => (arn === undefined ? [] : [arn]));
}

/** An account that never set it has version 1. Source: Terraform AWS provider, aws_lakeformation_data_lake_settings. */
function versionOf({ Parameters }: DataLakeSettings): number {
  return Number(Parameters?.[VERSION_PARAMETER]) || 1;
}
