import type {
  ApplyPlan,
  GrantPermission,
  HubSettings,
  HubState,
  MeshChange,
  RegisteredLocation,
  RegisterLocation,
  SaveMesh,
  SettingsChange,
} from './apply-changes.ts';
import { diffMesh, isSameMesh } from './apply-diff.ts';
import { domainsToReconcile, leavingWith, removalDigest } from './apply-leaving.ts';
import { planOffboarding } from './apply-offboard-plan.ts';
import { diffPolicies } from './apply-policy-diff.ts';
import { planRedecisions } from './apply-redecide.ts';
import { planShareBack } from './apply-share-back.ts';
import { hubRoles } from './hub-roles.ts';
import { prefixArn, sameLocation } from './location-arns.ts';
import type { Mesh } from './mesh.ts';
import type { StageOfFolder } from './read-mesh-folder.ts';

/** Grants straight to another account's principal need it. Source: Lake Formation Developer Guide, "Updating cross-account data sharing version settings". */
const CROSS_ACCOUNT_VERSION = 3;

/** Stands for whoever IAM allows. */
const IAM_ALLOWED_PRINCIPALS = 'IAM_ALLOWED_PRINCIPALS';

/**
 * What must be done so that the hub is as the stage says. Pure: planned again once it is done, it is empty.
 * @param caller the principal that applies, if it can be named (`callerPrincipal`)
 * @throws DomainMovedError, StillLeavingError
 */
export function planApply(stage: StageOfFolder, caller: string | undefined, state: HubState): ApplyPlan {
  const { mesh } = stage;
  const { applied } = state;
  const locations = planLocations(mesh, state.locations);
  const policyChanges = diffPolicies(applied?.policies, stage.policies);
  const meshChanges = [...diffMesh(applied?.mesh, mesh), ...policyChanges];
  const removals = meshChanges.filter(({ kind }) => kind === 'mesh-removed');
  const leaving = leavingWith(applied, mesh);
  const offboarding = planOffboarding(mesh, leaving, state);
  const stillToReconcile = (applied?.onboarding ?? []).filter(name => Object.hasOwn(mesh.domains, name));
  const onboarding = state.isOnboarding
    ? [...new Set([...stillToReconcile, ...domainsToReconcile(applied?.mesh, mesh)])]
    : [];
  const foreseen = state.foreseen ?? [];
  const redecide = new Set([...(applied?.redecide ?? []), ...foreseen.map(({ domain }) => domain)]);
  const toRedecide = Object.keys(mesh.domains).filter(name => redecide.has(name));
  const save: SaveMesh = {
    kind: 'save-mesh',
    subject: `stage ${mesh.stage}`,
    sentence: saveSentence(meshChanges),
    ...(leaving && { leaving }),
    ...(onboarding.length > 0 && { onboarding }),
    ...(toRedecide.length > 0 && { redecide: toRedecide }),
  };
  return {
    changes: [
      ...planSettings(mesh, caller, state.settings),
      ...locations.changes,
      ...planGrants(mesh, state),
      ...meshChanges,
      ...(isSameMesh(applied, stage) ? [] : [save]),
      ...planRedecisions(foreseen),
      ...planShareBack(mesh, state),
      ...onboarding.map(domain => ({
        kind: 'reconcile' as const,
        subject: `domain ${domain}`,
        domain,
        sentence: `domain ${domain} is reconciled: its tables come into the central catalog without waiting for events`,
      })),
      ...offboarding.changes,
    ],
    notes: [...locations.notes, ...offboarding.notes, ...planNotes(state)],
    ...(removals.length > 0 && { removal: removalDigest(mesh, removals) }),
  };
}

function planSettings(mesh: Mesh, caller: string | undefined, settings: HubSettings): SettingsChange[] {
  const { enforce, intake, reader } = hubRoles(mesh);
  const changes: SettingsChange[] = [];
  const add = (kind: 'add-administrator' | 'add-read-only-administrator', subject: string, why: string) => {
    const known = kind === 'add-administrator' ? settings.administrators : settings.readOnlyAdministrators;
    if (known.includes(subject) || changes.some(change => change.kind === kind && change.subject === subject)) return;
    const what = kind === 'add-administrator' ? 'data lake administrator' : 'read-only administrator';
    changes.push({ kind, subject, sentence: `${subject} becomes a ${what}: ${why}` });
  };
  add('add-administrator', enforce, 'it alone grants and revokes');
  // IAM alone lets one register locations, but "cannot grant Lake Formation permissions if not also designated a data lake administrator".
  // Source: Lake Formation Developer Guide, "Lake Formation personas"; "Implicit Lake Formation permissions".
  if (caller) add('add-administrator', caller, 'it applies, and only administrators see and make these grants');
  add('add-read-only-administrator', intake, "it reads every table's columns and labels to decide on requests");
  add('add-read-only-administrator', reader, "it shows every table's columns and labels to the mesh's accounts");
  for (const [subject, isLeftToIam] of [
    ['databases', settings.leavesDatabasesToIam],
    ['tables', settings.leavesTablesToIam],
  ] as const) {
    const sentence = `new ${subject} get no default permissions: they are not left to IAM`;
    if (isLeftToIam) changes.push({ kind: 'clear-default-permissions', subject, sentence });
  }
  const { crossAccountVersion: from } = settings;
  if (from < CROSS_ACCOUNT_VERSION) {
    const subject = 'CROSS_ACCOUNT_VERSION';
    const sentence = `${subject} rises from ${from} to ${CROSS_ACCOUNT_VERSION}: grants go straight to principals of other accounts`;
    changes.push({ kind: 'raise-cross-account-version', subject, from, to: CROSS_ACCOUNT_VERSION, sentence });
  }
  return changes;
}

function planLocations(mesh: Mesh, registered: readonly RegisteredLocation[]) {
  const { data } = hubRoles(mesh);
  const changes: RegisterLocation[] = [];
  const notes: string[] = [];
  for (const arn of prefixArns(mesh)) {
    const known = registered.find(location => sameLocation(location.arn, arn));
    if (!known) {
      const sentence = `${arn} is registered with ${nameOf(data)}`;
      changes.push({ kind: 'register-location', subject: arn, roleArn: data, sentence });
    } else if (known.roleArn !== data) notes.push(otherRoleNote(known, data));
  }
  return { changes, notes };
}

/** Why a location that somebody registered with another role is left as it is, and what to do. */
export function otherRoleNote({ arn, roleArn }: RegisteredLocation, wanted: string): string {
  return `${arn} is registered with ${roleArn}, and is left so. Readers get that role's rights on it. To change it: aws lakeformation update-resource --resource-arn ${arn} --role-arn ${wanted}`;
}

function planGrants(mesh: Mesh, { permissions }: HubState): GrantPermission[] {
  const { catalogSync: principal } = hubRoles(mesh);
  const wanted = [
    { permission: 'CREATE_DATABASE', subject: 'catalog', purpose: 'to make central databases' },
    ...prefixArns(mesh).map(subject => ({
      permission: 'DATA_LOCATION_ACCESS',
      subject,
      purpose: 'to point tables there',
    })),
  ] as { permission: GrantPermission['permission']; subject: string; purpose: string }[];
  return wanted
    .filter(({ permission, subject }) => {
      return !permissions?.some(held => {
        const isThere = subject === 'catalog' ? held.resource === subject : sameLocation(held.resource, subject);
        return isThere && held.principal === principal && held.permission === permission;
      });
    })
    .map(({ permission, subject, purpose }) => {
      const where = subject === 'catalog' ? 'the catalog' : subject;
      const sentence = `${nameOf(principal)} gets ${permission} on ${where}, ${purpose}`;
      return { kind: 'grant', subject, principal, permission, sentence };
    });
}

function saveSentence(changes: readonly MeshChange[]): string {
  if (changes.length > 0) return 'the mesh and its policies are saved, and in force within a minute';
  return 'the order or the comments of the mesh and its policies have changed, nothing that they say';
}

function planNotes({ permissions }: HubState): string[] {
  const notes: string[] = [];
  const isOpen = permissions?.some(
    held => held.principal === IAM_ALLOWED_PRINCIPALS && held.permission === 'CREATE_DATABASE',
  );
  if (isOpen) {
    // Source: Lake Formation Developer Guide, "Changing the default settings for your data lake".
    notes.push(
      `Whoever IAM allows may still make databases in the hub's catalog. To end that: aws lakeformation revoke-permissions --principal DataLakePrincipalIdentifier=${IAM_ALLOWED_PRINCIPALS} --permissions CREATE_DATABASE --resource '{"Catalog":{}}'`,
    );
  }
  return notes;
}

function prefixArns(mesh: Mesh): string[] {
  return Object.values(mesh.domains).flatMap(domain => domain.prefixes.map(prefixArn));
}

function nameOf(roleArn: string): string {
  return roleArn.slice(roleArn.lastIndexOf('/') + 1);
}
