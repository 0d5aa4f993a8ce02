import type { Leaving } from './applied-mesh.ts';
import type {
  FinishLeaving,
  HubState,
  Left,
  Offboard,
  RegisteredLocation,
  RevokePermission,
  UnregisterLocation,
} from './apply-changes.ts';
import { type LeavingThing, nameOfThing, prefixesGivenUp, thingsOf } from './apply-leaving.ts';
import { hubRoles } from './hub-roles.ts';
import { prefixArn, sameLocation } from './location-arns.ts';
import type { Mesh } from './mesh.ts';

/**
 * How what leaves is taken away, in this order: access first, then the locations that readers were let in by, at last the memory of it.
 * A location that somebody registered with another role is left.
 */
export function planOffboarding(
  mesh: Mesh,
  leaving: Leaving | undefined,
  { locations, permissions, left = {} }: HubState,
) {
  if (!leaving) return { changes: [], notes: [] };
  const { data, catalogSync } = hubRoles(mesh);
  const notes: string[] = [];
  const revoked: RevokePermission[] = [];
  const unregistered: UnregisterLocation[] = [];
  for (const subject of prefixesGivenUp(leaving, mesh).map(prefixArn)) {
    // Where the permissions may not be seen, revoking what is not there is safe.
    const isHeld = permissions?.some(
      ({ principal, permission, resource }) =>
        principal === catalogSync && permission === 'DATA_LOCATION_ACCESS' && sameLocation(resource, subject),
    );
    if (isHeld !== false) {
      const permission = 'DATA_LOCATION_ACCESS' as const;
      const sentence = `the role that writes the catalog loses ${permission} on ${subject}`;
      revoked.push({ kind: 'revoke', subject, principal: catalogSync, permission, sentence });
    }
    const known = locations.find(({ arn }) => sameLocation(arn, subject));
    if (known?.roleArn === data) {
      // By the ARN that it was registered with: a slash at the end is its own.
      const sentence = `${known.arn} is registered no more`;
      unregistered.push({ kind: 'unregister-location', subject: known.arn, sentence });
    } else if (known) notes.push(leftRegisteredNote(known));
  }
  const offboarded = thingsOf(leaving).map(thing => offboard(thing, left[nameOfThing(thing)]));
  const finish: FinishLeaving = {
    kind: 'finish-leaving',
    subject: `stage ${mesh.stage}`,
    sentence: 'the mesh is saved without what has left',
  };
  return { changes: [...offboarded, ...revoked, ...unregistered, finish], notes };
}

function offboard(thing: LeavingThing, left: Left | undefined): Offboard {
  const subject = nameOfThing(thing);
  const counted = describeLeft(left);
  const what =
    thing.kind === 'domain'
      ? 'access to its tables is revoked, then its links and central tables are removed'
      : 'access of its roles and users is revoked, its links are removed';
  return {
    kind: 'offboard',
    subject,
    thing,
    sentence: `${subject} is offboarded: ${what}${counted && ` (${counted})`}`,
  };
}

/** `3 grants, 2 tables`; empty when nothing is known. */
export function describeLeft({ grants, tables }: Left = {}): string {
  const counted = (count: number | undefined, what: string) =>
    count === undefined ? [] : [`${count} ${what}${count === 1 ? '' : 's'}`];
  return [...counted(grants, 'grant'), ...counted(tables, 'table')].join(', ');
}

function leftRegisteredNote({ arn, roleArn }: RegisteredLocation): string {
  return `${arn} leaves the mesh. It is registered with ${roleArn}, not by Trellis, and stays so. To end that: aws lakeformation deregister-resource --resource-arn ${arn}`;
}
