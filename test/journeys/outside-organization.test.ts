import {
  AcceptResourceShareInvitationCommand,
  GetResourceShareInvitationsCommand,
  RAMClient,
  RejectResourceShareInvitationCommand,
  type ResourceShareInvitation,
} from '@aws-sdk/client-ram';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { advance, putEvent, settle } from '../../local/story/actors.ts';
import { folderWith, type MeshFolder } from './another-mesh.ts';
import { theOne, toldOf } from './hearing.ts';
import { bootLivingMesh, type LivingMesh, refusalOf, requestAccess, rowsOf } from './living-mesh.ts';
import { sharedTables } from './traces.ts';

let folder: MeshFolder;
let living: LivingMesh;

/** The consumer is of another organization, or of none. */
const outside = (text: string) =>
  text.replace("account: '444444444444'\n", "account: '444444444444'\n        outsideOrganization: true\n");
const SQL = 'SELECT origin FROM trellis_aviation_ops.flights LIMIT 1';
const HOUR = 3600;

async function boot(changes: Parameters<typeof folderWith>[0]): Promise<void> {
  folder = folderWith(changes);
  living = await bootLivingMesh({ root: folder.root });
}

async function end(): Promise<void> {
  await living?.stop();
  folder?.remove();
}

async function ask(requestId: string): Promise<void> {
  await requestAccess(living, { requestId, tables: ['aviation_ops.flights'], columns: ['origin'], durationDays: 30 });
}

async function revoke(requestId: string): Promise<void> {
  const data = { requestId, reason: 'over' };
  await putEvent(living.analytics, 'trellis.access', 'Access Revocation Requested', data);
  await settle(living.endpoint);
}

/** What the hub has invited the consumer to, the latest first. */
async function invitations(): Promise<ResourceShareInvitation[]> {
  const { resourceShareInvitations = [] } = await new RAMClient(living.analytics).send(
    new GetResourceShareInvitationsCommand({}),
  );
  const sentAt = (one: ResourceShareInvitation) => one.invitationTimestamp?.getTime() ?? 0;
  return [...resourceShareInvitations].sort((a, b) => sentAt(b) - sentAt(a));
}
const statuses = async () => (await invitations()).map(({ status }) => status);

/** An administrator of the consumer's account answers the latest invitation. */
async function answer(
  Command: typeof AcceptResourceShareInvitationCommand | typeof RejectResourceShareInvitationCommand,
) {
  const [latest] = await invitations();
  const input = { resourceShareInvitationArn: latest?.resourceShareInvitationArn };
  await new RAMClient(living.analytics).send(new Command(input));
}

describe('a consumer outside the organization', () => {
  beforeAll(() => boot({ 'mesh.yml': outside }));
  afterAll(end);

  it('has its access at once: Trellis accepts the invitation as trellis-spoke', async () => {
    await ask('at-once');
    await theOne(living, 'Access Granted', 'at-once');
    expect(await statuses()).toEqual(['ACCEPTED']);
    await rowsOf(living.analyst, SQL);
  });

  it('needs no other invitation for a second table, and gets a new one after the last grant has gone', async () => {
    await requestAccess(living, { requestId: 'second', tables: ['aviation_ops.airports'], durationDays: 1 });
    await theOne(living, 'Access Granted', 'second');
    expect(await statuses()).toEqual(['ACCEPTED']);
    for (const requestId of ['at-once', 'second']) await revoke(requestId);
    expect(await sharedTables(living.endpoint)).toEqual([]);
    await ask('again');
    await theOne(living, 'Access Granted', 'again');
    await rowsOf(living.analyst, SQL);
  });
});

describe('a consumer outside the organization that does not let Trellis accept', () => {
  beforeAll(() =>
    boot({ 'mesh.yml': outside, 'spoke.yml': text => text.replace(', ram:AcceptResourceShareInvitation', '') }),
  );
  afterAll(end);

  it('is told so, and has its access soon after its administrator has accepted', async () => {
    await ask('by-hand');
    expect(await statuses()).toEqual(['PENDING']);
    await advance(living.endpoint, 60);
    const [failure] = await toldOf(living, 'Access Provisioning Failed', 'by-hand');
    expect(failure).toMatchObject({
      reasons: [expect.stringMatching(/trellis-spoke.*ram:AcceptResourceShareInvitation/)],
    });
    expect(await toldOf(living, 'Access Granted', 'by-hand')).toEqual([]);
    expect(await refusalOf(living.analyst, SQL)).not.toBe('');
    await answer(AcceptResourceShareInvitationCommand);
    await advance(living.endpoint, 5 * 60);
    await theOne(living, 'Access Granted', 'by-hand');
    await rowsOf(living.analyst, SQL);
    await revoke('by-hand');
  });

  it('is invited anew when nobody has answered in twelve hours', async () => {
    await ask('expires');
    const [first] = await invitations();
    await advance(living.endpoint, 14 * HOUR);
    const after = await invitations();
    expect(after[0]).toMatchObject({ status: 'PENDING' });
    expect(after[0]?.resourceShareInvitationArn).not.toBe(first?.resourceShareInvitationArn);
    await answer(AcceptResourceShareInvitationCommand);
    await advance(living.endpoint, 2 * HOUR);
    await theOne(living, 'Access Granted', 'expires');
    await rowsOf(living.analyst, SQL);
    await revoke('expires');
  });

  it('is not asked again when its administrator has rejected, until somebody asks for access again', async () => {
    await ask('rejected');
    await answer(RejectResourceShareInvitationCommand);
    const count = (await invitations()).length;
    await advance(living.endpoint, 3 * HOUR);
    expect((await toldOf(living, 'Access Provisioning Failed', 'rejected')).at(-1)).toMatchObject({
      step: 'InvitationRejectedError',
      reasons: [expect.stringMatching(/revokes this request and asks again/)],
    });
    expect(await invitations()).toHaveLength(count);
    await revoke('rejected');
    await theOne(living, 'Access Revoked', 'rejected');
    await ask('asked-again');
    await answer(AcceptResourceShareInvitationCommand);
    await advance(living.endpoint, 60);
    await theOne(living, 'Access Granted', 'asked-again');
    await rowsOf(living.analyst, SQL);
  });
});
