/** A hub that keeps what `apply` does to it in memory, and a stage to apply. */

import type { AppliedMesh } from '../../../shared/mesh/applied-mesh.ts';
import type {
  HeldPermission,
  HubSettings,
  RegisteredLocation,
  SettingsChange,
} from '../../../shared/mesh/apply-changes.ts';
import { nameOfThing } from '../../../shared/mesh/apply-leaving.ts';
import type { ApplyServices } from '../../../shared/mesh/apply-mesh.ts';
import type { GrantsOfPair } from '../../../shared/mesh/foresee-grants.ts';
import type { LeavingStatus } from '../../../shared/mesh/offboard.ts';
import { parseMesh } from '../../../shared/mesh/parse-mesh.ts';
import type { StageOfFolder } from '../../../shared/mesh/read-mesh-folder.ts';
import type { SpokeChecker } from '../../../shared/mesh/spoke-checks.ts';
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
  /** The process dies right after this many changes more. */
  diesAfter = Infinity;
  /** The intents of offboarding, by what leaves. */
  readonly intents = new Map<string, LeavingStatus>();
  /** Who is shared back to, by domain. */
  sharedBack: Record<string, string[]> = {};
  grantsOfEach = 2;
  isWorking = true;
  /** Milliseconds that pass while `apply` waits between looks. */
  waited = 0;
  /** The names of the executions that were started. */
  readonly executions = new Map<string, string>();
  hasReconcile = true;
  isOnboarding = false;
  /** Active grants, by domain. */
  granted: Record<string, GrantsOfPair[]> = {};
  spokes: SpokeChecker = { check: async () => [] };

  #change<T>(name: string, change: () => T): T {
    if (this.failAt === name) {
      this.failAt = undefined;
      throw new Error(`${name} failed`);
    }
    if (this.diesAfter === 0) throw new Error('died');
    this.log.push(name);
    const given = change();
    this.diesAfter--;
    if (this.diesAfter === 0) throw new Error('died');
    return given;
  }

  /** The worker in the hub, which takes away one grant of each at a time. */
  #work(): void {
    for (const [name, { grants = 0 }] of this.intents)
      this.intents.set(name, grants > 0 ? { isDone: false, grants: grants - 1 } : { isDone: true, grants: 0 });
  }

  services(): ApplyServices & { spokes: SpokeChecker } {
    const isAdministrator = () => this.settings.administrators.includes(CALLER);
    return {
      caller: async () => ({ account: this.account, arn: this.callerArn }),
      settings: {
        read: async () => structuredClone(this.settings),
        amend: async changes => {
          this.#change('settings', () => {
            for (const change of changes) this.#amend(change);
          });
        },
      },
      locations: {
        list: async () => [...this.locations],
        register: async ({ subject: arn, roleArn }) => {
          this.#change(`register ${arn}`, () => this.locations.push({ arn, roleArn }));
          return undefined;
        },
        unregister: async ({ subject }) => {
          this.#change(`unregister ${subject}`, () => {
            this.locations = this.locations.filter(({ arn }) => arn !== subject);
          });
        },
      },
      permissions: {
        list: async () => (isAdministrator() ? [...this.permissions] : undefined),
        grant: async ({ principal, permission, subject: resource }) => {
          if (!isAdministrator()) throw new Error('only administrators grant');
          this.#change(`grant ${permission} ${resource}`, () =>
            this.permissions.push({ principal, permission, resource }),
          );
        },
        revoke: async ({ principal, permission, subject }) => {
          this.#change(`revoke ${permission} ${subject}`, () => {
            this.permissions = this.permissions.filter(
              held => held.principal !== principal || held.permission !== permission || held.resource !== subject,
            );
          });
        },
      },
      mesh: {
        load: async () => this.applied,
        save: async applied => {
          this.#change('save', () => {
            this.applied = structuredClone(applied);
          });
        },
      },
      sharedBack: {
        read: async domains =>
          Object.fromEntries(domains.flatMap(name => (this.sharedBack[name] ? [[name, this.sharedBack[name]]] : []))),
        want: async (domain, { principals }) => {
          this.#change(`share back ${domain}`, () => {
            this.sharedBack[domain] = [...principals];
          });
        },
      },
      activeGrants: { of: domain => this.#granted(domain) },
      offboarding: {
        count: async things => things.map(() => ({ grants: this.grantsOfEach, tables: 1 })),
        begin: async thing => {
          this.#change(`begin ${nameOfThing(thing)}`, () =>
            this.intents.set(nameOfThing(thing), { isDone: false, grants: this.grantsOfEach }),
          );
        },
        kick: async () => this.#change('kick', () => undefined),
        read: async things => things.map(thing => this.intents.get(nameOfThing(thing))),
        forget: async thing => {
          this.#change(`forget ${nameOfThing(thing)}`, () => this.intents.delete(nameOfThing(thing)));
        },
        pause: async milliseconds => {
          this.waited += milliseconds;
          if (this.isWorking) this.#work();
        },
      },
      onboarding: this.isOnboarding
        ? {
            start: async (domain, name) =>
              this.#change(`reconcile ${domain}`, () => {
                if (!this.hasReconcile) return 'no-machine' as const;
                this.executions.set(name, domain);
                return 'started' as const;
              }),
          }
        : undefined,
      spokes: this.spokes,
      now: () => new Date(Date.parse('2026-11-21T10:00:00.000Z') + this.waited).toISOString(),
    };
  }

  async *#granted(domain: string): AsyncGenerator<GrantsOfPair> {
    yield* this.granted[domain] ?? [];
  }

  #amend(change: SettingsChange): void {
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
}
