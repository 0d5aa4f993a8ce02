/** A hub that keeps what `apply` does to it in memory, and a stage to apply. */

import type { AppliedMesh } from '../../../shared/mesh/applied-mesh.ts';
import type { HeldPermission, HubSettings, RegisteredLocation } from '../../../shared/mesh/apply-changes.ts';
import type { ApplyServices } from '../../../shared/mesh/apply-mesh.ts';
import { parseMesh } from '../../../shared/mesh/parse-mesh.ts';
import type { StageOfFolder } from '../../../shared/mesh/read-mesh-folder.ts';
import { MESH_TEXT } from '../mesh/sample-mesh.ts';

export const HUB = '111111111111';
export const ENFORCE = `arn:aws:iam::${HUB}:role/trellis-local-access-enforce`;
export const INTAKE = `arn:aws:iam::${HUB}:role/trellis-local-access-intake`;
export const READER = `arn:aws:iam::${HUB}:role/trellis-local-reader`;
export const SYNC = `arn:aws:iam::${HUB}:role/trellis-local-catalog-sync`;
export const DATA = `arn:aws:iam::${HUB}:role/trellis-local-data`;
export const CALLER = `arn:aws:iam::${HUB}:role/Deployer`;

const permit = (domain: string, id: string) =>
  `@id("${domain}.${id}")\npermit (principal, action == Action::"Request", resource in Domain::"${domain}");\n`;

/** The stage `local` of the sample mesh: two domains with three prefixes, two consumers, three policies. */
export function sampleStage(): StageOfFolder {
  return {
    mesh: parseMesh(MESH_TEXT, 'local'),
    policies: {
      schema: 'entity Principal;',
      guardrails: `@id("guardrail.no")\n@reason("no")\nforbid (principal, action == Action::"Request", resource) when { false };\n`,
      domains: { aviation: permit('aviation', 'ask'), climate: permit('climate', 'ask') },
    },
  };
}

/** As AWS makes an account. */
export const FRESH_SETTINGS: HubSettings = {
  administrators: [],
  readOnlyAdministrators: [],
  leavesDatabasesToIam: true,
  leavesTablesToIam: true,
  crossAccountVersion: 1,
};

export class MemoryHub {
  settings: HubSettings = structuredClone(FRESH_SETTINGS);
  locations: RegisteredLocation[] = [];
  permissions: HeldPermission[] = [];
  applied: AppliedMesh | undefined;
  callerArn = `arn:aws:sts::${HUB}:assumed-role/Deployer/session`;
  account = HUB;
  /** What was changed, in its order. */
  readonly log: string[] = [];
  /** Thrown once, instead of the change that would be logged so. */
  failAt: string | undefined;

  #change(name: string): void {
    if (this.failAt === name) {
      this.failAt = undefined;
      throw new Error(`${name} failed`);
    }
    this.log.push(name);
  }

  services(): ApplyServices {
    const isAdministrator = () => this.settings.administrators.includes(CALLER);
    return {
      caller: async () => ({ account: this.account, arn: this.callerArn }),
      settings: {
        read: async () => structuredClone(this.settings),
        amend: async changes => {
          this.#change('settings');
          for (const change of changes) {
            switch (change.kind) {
              case 'add-administrator':
                this.settings.administrators.push(change.subject);
                break;
              case 'add-read-only-administrator':
                this.settings.readOnlyAdministrators.push(change.subject);
                break;
              case 'clear-default-permissions':
                if (change.subject === 'databases') this.settings.leavesDatabasesToIam = false;
                else this.settings.leavesTablesToIam = false;
                break;
              case 'raise-cross-account-version':
                this.settings.crossAccountVersion = change.to;
            }
          }
        },
      },
      locations: {
        list: async () => [...this.locations],
        register: async ({ subject: arn, roleArn }) => {
          this.#change(`register ${arn}`);
          this.locations.push({ arn, roleArn });
          return undefined;
        },
      },
      permissions: {
        list: async () => (isAdministrator() ? [...this.permissions] : undefined),
        grant: async ({ principal, permission, subject: resource }) => {
          if (!isAdministrator()) throw new Error('only administrators grant');
          this.#change(`grant ${permission} ${resource}`);
          this.permissions.push({ principal, permission, resource });
        },
      },
      mesh: {
        load: async () => this.applied,
        save: async applied => {
          this.#change('save');
          this.applied = structuredClone(applied);
        },
      },
      now: () => '2026-11-21T10:00:00.000Z',
    };
  }
}
