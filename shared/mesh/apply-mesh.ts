import type { AppliedMesh, MeshStore } from './applied-mesh.ts';
import { callerPrincipal } from './apply-caller.ts';
import {
  type ApplyPlan,
  type Change,
  type GrantPermission,
  type HeldPermission,
  type HubSettings,
  isSettingsChange,
  type MeshChange,
  type RegisteredLocation,
  type RegisterLocation,
  removalsOf,
  type SettingsChange,
} from './apply-changes.ts';
import { planApply } from './apply-plan.ts';
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
  };
  permissions: {
    /** On the catalog itself and on locations; undefined when the caller may not see them. */
    list(): Promise<HeldPermission[] | undefined>;
    /** Safe to do twice. */
    grant(grant: GrantPermission): Promise<void>;
  };
  mesh: MeshStore;
  now(): string;
}

export interface ApplyOptions {
  /** Applies although something leaves the mesh, whose grants and links stay as they are. */
  allowRemovals?: boolean;
  /** The caller's own role with its path, where STS does not tell it. */
  administrator?: string;
}

export interface AppliedChanges extends ApplyPlan {
  /** Whether anything was changed. */
  applied: boolean;
}

/**
 * Makes the hub what the stage says; done twice, the second time changes nothing.
 * @throws NotTheHubError, CallerUnknownError, RemovalsRefusedError; what AWS answers.
 */
export async function applyMesh(
  services: ApplyServices,
  stage: StageOfFolder,
  options: ApplyOptions = {},
): Promise<AppliedChanges> {
  return carryOut(services, stage, await prepareApply(services, stage, options), options);
}

/** Looks at the hub and says what would change. Changes nothing. @throws NotTheHubError, CallerUnknownError; what AWS answers. */
export async function prepareApply(
  services: ApplyServices,
  stage: StageOfFolder,
  { administrator }: ApplyOptions = {},
): Promise<ApplyPlan> {
  const caller = await services.caller();
  const { hub, stage: name } = stage.mesh;
  if (caller.account !== hub) throw new NotTheHubError(name, hub, caller.account);
  // The ledger first: where it is missing, the stage is not deployed, and nothing else need be asked.
  const applied = await services.mesh.load();
  const [settings, locations, permissions] = await Promise.all([
    services.settings.read(),
    services.locations.list(),
    services.permissions.list(),
  ]);
  const principal = callerPrincipal(caller.arn, settings.administrators, administrator);
  return planApply(stage, principal, { settings, locations, permissions, applied });
}

/** Does what is planned, in its order. Stopped half-way, the next apply goes on. @throws RemovalsRefusedError; what AWS answers. */
export async function carryOut(
  services: ApplyServices,
  stage: StageOfFolder,
  plan: ApplyPlan,
  { allowRemovals = false }: ApplyOptions = {},
): Promise<AppliedChanges> {
  const removals = removalsOf(plan);
  if (removals.length > 0 && !allowRemovals) throw new RemovalsRefusedError(removals);
  const notes = [...plan.notes];
  const settings = plan.changes.filter(isSettingsChange);
  if (settings.length > 0) await services.settings.amend(settings);
  for (const change of plan.changes) {
    const note = await carryOutOne(services, stage, change);
    if (note) notes.push(note);
  }
  return { changes: plan.changes, notes, applied: plan.changes.length > 0 };
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
    case 'save-mesh':
      await services.mesh.save({ mesh, policies, appliedAt: services.now() } satisfies AppliedMesh);
      return undefined;
    default:
      // Settings are written once, before; what changes in the mesh does so when it is saved.
      return undefined;
  }
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

/** Something leaves the mesh, and nobody has said that this is meant. */
export class RemovalsRefusedError extends Error {
  override name = 'RemovalsRefusedError';
  readonly removals: readonly MeshChange[];

  constructor(removals: readonly MeshChange[]) {
    const lines = removals.map(({ sentence }) => `  ${sentence}`);
    super(
      `Something would leave the mesh:\n${lines.join('\n')}\nThis version does not offboard: grants, links, central tables and registered locations of what leaves would stay as they are. Revoke them first, or say that this is meant with --allow-removals.`,
    );
    this.removals = removals;
  }
}
