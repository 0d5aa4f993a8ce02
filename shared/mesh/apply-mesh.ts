import type { AppliedMesh, MeshStore } from './applied-mesh.ts';
import { callerPrincipal } from './apply-caller.ts';
import {
  type ApplyPlan,
  type Change,
  type GrantPermission,
  type HeldPermission,
  type HubSettings,
  isSettingsChange,
  type Left,
  type MeshChange,
  type RegisteredLocation,
  type RegisterLocation,
  type RevokePermission,
  removalsOf,
  type SettingsChange,
  type UnregisterLocation,
} from './apply-changes.ts';
import { leavingWith, nameOfThing, thingsOf } from './apply-leaving.ts';
import { planApply } from './apply-plan.ts';
import { domainsToRedecide } from './apply-redecide.ts';
import { type SharedBack, sharingDomains } from './apply-share-back.ts';
import { type ActiveGrants, foresee } from './foresee-grants.ts';
import { type Offboarding, type OffboardOptions, offboard } from './offboard.ts';
import { type Onboarding, onboard } from './onboard.ts';
import type { StageOfFolder } from './read-mesh-folder.ts';

/** The hub, as `apply` needs it. */
export interface ApplyServices {
  /** From STS. */
  caller(): Promise<{ account: string; arn: string }>;
  settings: {
    read(): Promise<HubSettings>;
    /** Makes the changes in what the settings are then; all else stays as it is. */
    amend(changes: readonly SettingsChange[]): Promise<void>;
  };
  locations: {
    list(): Promise<RegisteredLocation[]>;
    /** Gives a note when somebody has registered it with another role meanwhile. */
    register(location: RegisterLocation): Promise<string | undefined>;
    /** Safe to do twice. */
    unregister(location: UnregisterLocation): Promise<void>;
  };
  permissions: {
    /** On the catalog itself and on locations; undefined when the caller may not see them. */
    list(): Promise<HeldPermission[] | undefined>;
    /** Safe to do twice. */
    grant(grant: GrantPermission): Promise<void>;
    /** Safe to do twice. */
    revoke(permission: RevokePermission): Promise<void>;
  };
  mesh: MeshStore;
  sharedBack: SharedBack;
  activeGrants: ActiveGrants;
  offboarding: Offboarding;
  /** Without it nothing is reconciled by `apply`. */
  onboarding?: Onboarding | undefined;
  now(): string;
}

export interface ApplyOptions extends OffboardOptions {
  /** The digest of what may leave the mesh, from a dry run. */
  remove?: string | undefined;
  /** The caller's own role with its path, where STS does not tell it. */
  administrator?: string | undefined;
}

export interface AppliedChanges extends ApplyPlan {
  /** Whether anything was changed. */
  applied: boolean;
  /** False when something is still leaving and nobody waited for it. */
  isFinished: boolean;
}

/**
 * Makes the hub what the stage says; done twice, the second time changes nothing.
 * @throws NotTheHubError, CallerUnknownError, DomainMovedError, StillLeavingError, RemovalsRefusedError, OffboardingStalledError; what AWS answers.
 */
export async function applyMesh(
  services: ApplyServices,
  stage: StageOfFolder,
  options: ApplyOptions = {},
): Promise<AppliedChanges> {
  return carryOut(services, stage, await prepareApply(services, stage, options), options);
}

/** Looks at the hub and says what would change. Changes nothing. @throws NotTheHubError, CallerUnknownError, DomainMovedError, StillLeavingError; what AWS answers. */
export async function prepareApply(
  services: ApplyServices,
  stage: StageOfFolder,
  { administrator }: ApplyOptions = {},
): Promise<ApplyPlan> {
  const caller = await services.caller();
  const { hub: account, stage: name } = stage.mesh;
  if (caller.account !== account) throw new NotTheHubError(name, account, caller.account);
  // The ledger first: where it is missing, the stage is not deployed, and nothing else need be asked.
  const applied = await services.mesh.load();
  const toRedecide = domainsToRedecide(applied, stage);
  const [settings, locations, permissions, sharedBack, foreseen] = await Promise.all([
    services.settings.read(),
    services.locations.list(),
    services.permissions.list(),
    services.sharedBack.read(sharingDomains(applied, stage.mesh)),
    foresee(services.activeGrants, stage, toRedecide, services.now()),
  ]);
  const principal = callerPrincipal(caller.arn, settings.administrators, administrator);
  const left = await countLeft(services.offboarding, applied, stage);
  const isOnboarding = services.onboarding !== undefined;
  const hub = { settings, locations, permissions, applied, left, sharedBack, foreseen, isOnboarding };
  return planApply(stage, principal, hub);
}

/** What each thing that leaves still has: as the worker says that is at it, or counted. */
async function countLeft(
  offboarding: Offboarding,
  applied: AppliedMesh | undefined,
  { mesh }: StageOfFolder,
): Promise<Record<string, Left>> {
  const things = thingsOf(leavingWith(applied, mesh));
  if (things.length === 0) return {};
  const begun = await offboarding.read(things);
  const toCount = things.filter((_, index) => !begun[index]);
  const counted = toCount.length > 0 ? await offboarding.count(toCount) : [];
  return Object.fromEntries(
    things.map((thing, index) => [nameOfThing(thing), begun[index] ?? counted[toCount.indexOf(thing)] ?? {}]),
  );
}

/** Does what is planned, in its order. Stopped half-way, the next apply goes on. @throws RemovalsRefusedError, OffboardingStalledError; what AWS answers. */
export async function carryOut(
  services: ApplyServices,
  stage: StageOfFolder,
  plan: ApplyPlan,
  options: ApplyOptions = {},
): Promise<AppliedChanges> {
  refuseRemovals(plan, options.remove);
  const notes = [...plan.notes];
  const settings = plan.changes.filter(isSettingsChange);
  if (settings.length > 0) await services.settings.amend(settings);
  for (const change of plan.changes) {
    const note = await carryOutOne(services, stage, change);
    if (note) notes.push(note);
  }
  if (plan.changes.some(({ kind }) => kind === 'share-back' || kind === 'redecide')) {
    const note = await services.offboarding.kick();
    if (note) notes.push(note);
  }
  const { notes: further, isFinished } = await joinAndLeave(services, plan, options);
  notes.push(...further);
  return { ...plan, notes, applied: plan.changes.length > 0, isFinished };
}

/** @throws RemovalsRefusedError unless the digest is that of what the plan removes. Nothing need be said when it removes nothing. */
export function refuseRemovals(plan: ApplyPlan, digest: string | undefined): void {
  if (plan.removal !== undefined && plan.removal !== digest) throw new RemovalsRefusedError(removalsOf(plan), digest);
}

async function carryOutOne(
  services: ApplyServices,
  { mesh, policies }: StageOfFolder,
  change: Change,
): Promise<string | undefined> {
  switch (change.kind) {
    case 'register-location':
      return services.locations.register(change);
    case 'grant':
      await services.permissions.grant(change);
      return undefined;
    case 'save-mesh': {
      const { leaving, onboarding, redecide } = change;
      const joining = { ...(leaving && { leaving }), ...(onboarding && { onboarding }), ...(redecide && { redecide }) };
      await services.mesh.save({ mesh, policies, appliedAt: services.now(), ...joining } satisfies AppliedMesh);
      return undefined;
    }
    case 'share-back':
      await services.sharedBack.want(change.domain, change.wanted);
      return undefined;
    default:
      // Settings are written once, before; what changes in the mesh does so when it is saved; who joins and leaves does so after that.
      return undefined;
  }
}

/** What the saved mesh leaves to do. */
async function joinAndLeave(
  services: ApplyServices,
  plan: ApplyPlan,
  options: ApplyOptions,
): Promise<{ notes: string[]; isFinished: boolean }> {
  const isNeeded = plan.changes.some(({ kind }) => kind === 'reconcile' || kind === 'finish-leaving');
  const saved = isNeeded ? await services.mesh.load() : undefined;
  if (!saved) return { notes: [], isFinished: true };
  const { onboarding, mesh } = services;
  const joined = onboarding ? await onboard({ onboarding, mesh }, saved) : { applied: saved, notes: [] };
  const left = await offboard(services, plan, joined.applied, options);
  return { ...left, notes: [...joined.notes, ...left.notes] };
}

/** The caller's account is not the stage's hub. Trying again with the hub's credentials helps. */
export class NotTheHubError extends Error {
  override name = 'NotTheHubError';

  constructor(stage: string, hub: string, account: string) {
    super(
      `The hub of stage ${stage} is account ${hub}, but your credentials are of account ${account}. Run apply with the hub's.`,
    );
  }
}

/** Something leaves the mesh, and nobody has seen and said so. A dry run shows what, and gives the digest that lets it go. */
export class RemovalsRefusedError extends Error {
  override name = 'RemovalsRefusedError';
  readonly removals: readonly MeshChange[];

  constructor(removals: readonly MeshChange[], digest: string | undefined) {
    const lines = removals.map(({ sentence }) => `  ${sentence}`).join('\n');
    const advice =
      digest === undefined
        ? 'Look at it with --dry-run, which says how to go on.'
        : `The digest ${digest} is not of these removals: they have changed since that dry run. Look again with --dry-run.`;
    super(`Something would leave the mesh:\n${lines}\n${advice} Nothing was changed.`);
    this.removals = removals;
  }
}
