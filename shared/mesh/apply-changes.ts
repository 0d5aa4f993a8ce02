/** What `trellis apply` looks at, and the changes that it plans from it: data, so that they can be shown before they are made. */

import type { Wanted } from '../access/share-back.ts';
import type { AppliedMesh, Leaving } from './applied-mesh.ts';
import type { LeavingThing } from './apply-leaving.ts';
import type { Foreseen } from './apply-redecide.ts';

/** The hub's data lake settings, as far as `apply` concerns itself with them. */
export interface HubSettings {
  /** Data lake administrators: ARNs. */
  administrators: string[];
  readOnlyAdministrators: string[];
  /** Whether new databases (tables) are left to IAM: their default permissions are not empty. */
  leavesDatabasesToIam: boolean;
  leavesTablesToIam: boolean;
  /** 1 to 5. */
  crossAccountVersion: number;
}

export interface RegisteredLocation {
  /** `arn:aws:s3:::bucket/path` */
  arn: string;
  roleArn: string;
}

/** A permission that somebody holds on the catalog itself or on a location. */
export interface HeldPermission {
  principal: string;
  permission: string;
  /** `catalog`, or the location's ARN. */
  resource: string;
}

/** What is there now. */
export interface HubState {
  settings: HubSettings;
  locations: RegisteredLocation[];
  /** Undefined when Lake Formation does not let the caller list them. */
  permissions: HeldPermission[] | undefined;
  /** What was applied last. */
  applied: AppliedMesh | undefined;
  /** How much is left of what leaves, by its name (`domain climate`); what is not known is not there. */
  left?: Readonly<Record<string, Left>>;
  /** Who each domain was said to share back to last; undefined where that is not kept. */
  sharedBack?: Readonly<Record<string, readonly string[]>>;
  /** What deciding active grants again by the stage's policies would come to, for each domain where that is due. */
  foreseen?: readonly Foreseen[];
  /** Whether a domain's first reconcile can be started from here. */
  isOnboarding?: boolean;
}

/** What must go before something has left; undefined where it is not known. */
export interface Left {
  grants?: number | undefined;
  tables?: number | undefined;
}

interface Told {
  /** What changes: an ARN, a domain, a policy. */
  subject: string;
  /** For a person. */
  sentence: string;
}

export type SettingsChange = Told &
  (
    | { kind: 'add-administrator' }
    | { kind: 'add-read-only-administrator' }
    | { kind: 'clear-default-permissions'; subject: 'databases' | 'tables' }
    | { kind: 'raise-cross-account-version'; from: number; to: number }
  );

export type RegisterLocation = Told & { kind: 'register-location'; roleArn: string };

export type GrantPermission = Told & {
  kind: 'grant';
  principal: string;
  permission: 'CREATE_DATABASE' | 'DATA_LOCATION_ACCESS';
};

/** What changes in the mesh itself: all of it takes effect when the mesh is saved. */
export type MeshChange = Told & { kind: 'mesh-added' | 'mesh-changed' | 'mesh-removed' };

export type SaveMesh = Told & { kind: 'save-mesh'; leaving?: Leaving; onboarding?: string[]; redecide?: string[] };

export type ReconcileDomain = Told & { kind: 'reconcile'; domain: string };

/** Standing grants on all central tables of a domain come and go. */
export type ShareBack = Told & { kind: 'share-back'; domain: string; wanted: Wanted };

/** Active grants on a domain's tables are decided again. */
export type RedecideGrants = Told & { kind: 'redecide'; foreseen: Foreseen };

/** Its grants are revoked, its links and central tables removed. */
export type Offboard = Told & { kind: 'offboard'; thing: LeavingThing };

export type UnregisterLocation = Told & { kind: 'unregister-location' };

export type RevokePermission = Told & { kind: 'revoke'; principal: string; permission: 'DATA_LOCATION_ACCESS' };

/** The mesh is saved without what has left. */
export type FinishLeaving = Told & { kind: 'finish-leaving' };

export type Change =
  | SettingsChange
  | RegisterLocation
  | GrantPermission
  | MeshChange
  | SaveMesh
  | ReconcileDomain
  | ShareBack
  | RedecideGrants
  | Offboard
  | RevokePermission
  | UnregisterLocation
  | FinishLeaving;

export interface ApplyPlan {
  /** In the order in which they are made. Empty when everything is as it should be. */
  changes: Change[];
  /** What a person should know and `apply` leaves as it is. */
  notes: string[];
  /** When something leaves the mesh: the digest of exactly that, without which it is not carried out. */
  removal?: string;
}

export function isSettingsChange(change: Change): change is SettingsChange {
  switch (change.kind) {
    case 'add-administrator':
    case 'add-read-only-administrator':
    case 'clear-default-permissions':
    case 'raise-cross-account-version':
      return true;
    default:
      return false;
  }
}

/** What leaves the mesh. */
export function removalsOf({ changes }: ApplyPlan): MeshChange[] {
  return changes.filter((change): change is MeshChange => change.kind === 'mesh-removed');
}
