import { beforeEach, describe, expect, it } from 'vitest';
import { Activity } from '../../../local/core/activity.ts';
import { AwsError } from '../../../local/core/aws-error.ts';
import { VirtualClock } from '../../../local/core/clock.ts';
import { type Access, administrator, type Wire } from '../../../local/core/service.ts';
import { createSharing, type Sharing } from '../../../local/ram/sharing.ts';

const HUB = '111111111111';
const CONSUMER = '444444444444';
const OUTSIDER = '555555555555';
const table = (name: string) => `arn:aws:glue:us-east-1:${HUB}:table/db/${name}`;
const database = `arn:aws:glue:us-east-1:${HUB}:database/db`;
const HOUR = 3600;

let clock: VirtualClock;
let ram: Sharing;
let isSharingAllowed: boolean;
beforeEach(() => {
  clock = new VirtualClock(new Activity());
  isSharingAllowed = true;
  ram = createSharing({
    clock,
    isInOrganization: account => account !== OUTSIDER,
    mayShare: () => isSharingAllowed,
  });
});

const call = (account: string, operation: string, input: Wire = {}): Wire =>
  ram.service.operations[operation]!.run(input, administrator(account));
const principals = (account: string, input: Wire = {}) =>
  call(account, 'GetResourceShareAssociations', { associationType: 'PRINCIPAL', ...input }).resourceShareAssociations;
const resources = (account: string, input: Wire = {}) =>
  call(account, 'GetResourceShareAssociations', { associationType: 'RESOURCE', ...input }).resourceShareAssociations;
const invitations = (account: string) => call(account, 'GetResourceShareInvitations').resourceShareInvitations;
const statuses = (items: { status: string }[]) => items.map(item => item.status);
const accept = (account: string, resourceShareInvitationArn: string) =>
  call(account, 'AcceptResourceShareInvitation', { resourceShareInvitationArn });
const reject = (account: string, resourceShareInvitationArn: string) =>
  call(account, 'RejectResourceShareInvitation', { resourceShareInvitationArn });

function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof AwsError) return error.code;
    throw error;
  }
  return 'no error';
}

describe('a share within the organization', () => {
  it('is associated at once, without an invitation', () => {
    ram.sharing.share(HUB, CONSUMER, table('a'));
    expect(ram.sharing.isAssociated(HUB, CONSUMER, table('a'))).toBe(true);
    expect(ram.sharing.isAssociated(HUB, CONSUMER, table('b'))).toBe(false);
    expect(ram.sharing.isAssociated(HUB, OUTSIDER, table('a'))).toBe(false);
    expect(principals(HUB)).toMatchObject([
      { associatedEntity: CONSUMER, associationType: 'PRINCIPAL', status: 'ASSOCIATED', external: false },
    ]);
    expect(invitations(CONSUMER)).toEqual([]);
    const [share] = call(CONSUMER, 'GetResourceShares', { resourceOwner: 'OTHER-ACCOUNTS' }).resourceShares;
    expect(share).toMatchObject({ owningAccountId: HUB, status: 'ACTIVE' });
    expect(share.name).toMatch(/^LakeFormation-V3-[0-9A-Z]{10}$/);
    expect(Math.abs(share.creationTime - clock.now() / 1000)).toBeLessThan(60);
  });

  it('takes later grants of its kind, so that two accounts have three at most', () => {
    for (let at = 0; at < 40; at++) ram.sharing.share(HUB, CONSUMER, table(`t${at}`));
    ram.sharing.share(HUB, CONSUMER, table('t0'));
    ram.sharing.share(HUB, CONSUMER, database);
    ram.sharing.share(HUB, CONSUMER, `arn:aws:glue:us-east-1:${HUB}:catalog`);
    expect(call(HUB, 'GetResourceShares', { resourceOwner: 'SELF' }).resourceShares).toHaveLength(3);
    expect(resources(HUB)).toHaveLength(42);
    expect(resources(HUB, { resourceArn: table('t7') })).toMatchObject([{ associatedEntity: table('t7') }]);
  });

  it('is deleted with its last resource, shown as such for a while, and made anew', async () => {
    ram.sharing.share(HUB, CONSUMER, table('a'));
    ram.sharing.share(HUB, CONSUMER, table('b'));
    ram.sharing.unshare(HUB, CONSUMER, table('a'));
    expect(ram.sharing.isAssociated(HUB, CONSUMER, table('b'))).toBe(true);
    expect(ram.hasShares(HUB)).toBe(true);
    ram.sharing.unshare(HUB, CONSUMER, table('b'));
    ram.sharing.unshare(HUB, CONSUMER, table('b'));
    expect(ram.hasShares(HUB)).toBe(false);
    expect(ram.sharing.isAssociated(HUB, CONSUMER, table('b'))).toBe(false);
    const own = (more: Wire = {}) => call(HUB, 'GetResourceShares', { resourceOwner: 'SELF', ...more }).resourceShares;
    expect(statuses(own())).toEqual(['DELETED']);
    expect(own({ resourceShareStatus: 'ACTIVE' })).toEqual([]);
    expect(statuses(principals(HUB))).toEqual(['DISASSOCIATED']);
    expect(call(CONSUMER, 'ListResources', { resourceOwner: 'OTHER-ACCOUNTS' }).resources).toEqual([]);
    ram.sharing.share(HUB, CONSUMER, table('b'));
    expect(statuses(own()).sort()).toEqual(['ACTIVE', 'DELETED']);
    await clock.advance(3 * HOUR);
    expect(statuses(own())).toEqual(['ACTIVE']);
  });

  it("is blocked while the catalog's policy does not let RAM share, until it is granted again", () => {
    isSharingAllowed = false;
    ram.sharing.share(HUB, CONSUMER, table('a'));
    expect(ram.sharing.isAssociated(HUB, CONSUMER, table('a'))).toBe(false);
    expect(statuses(resources(HUB))).toEqual(['FAILED']);
    isSharingAllowed = true;
    ram.sharing.share(HUB, CONSUMER, table('a'));
    expect(ram.sharing.isAssociated(HUB, CONSUMER, table('a'))).toBe(true);
  });
});

describe('a share outside the organization', () => {
  it('waits for its invitation to be accepted; later grants need no other', () => {
    ram.sharing.share(HUB, OUTSIDER, table('a'));
    const [invitation] = invitations(OUTSIDER);
    expect(invitation).toMatchObject({ status: 'PENDING', senderAccountId: HUB, receiverAccountId: OUTSIDER });
    expect(statuses(principals(HUB))).toEqual(['ASSOCIATING']);
    expect(ram.sharing.isAssociated(HUB, OUTSIDER, table('a'))).toBe(false);
    expect(call(OUTSIDER, 'GetResourceShares', { resourceOwner: 'OTHER-ACCOUNTS' }).resourceShares).toEqual([]);
    ram.sharing.share(HUB, OUTSIDER, table('a'));
    expect(invitations(OUTSIDER)).toHaveLength(1);

    const { resourceShareInvitation } = accept(OUTSIDER, invitation.resourceShareInvitationArn);
    expect(resourceShareInvitation.status).toBe('ACCEPTED');
    ram.sharing.share(HUB, OUTSIDER, table('b'));
    expect(ram.sharing.isAssociated(HUB, OUTSIDER, table('a'))).toBe(true);
    expect(ram.sharing.isAssociated(HUB, OUTSIDER, table('b'))).toBe(true);
    expect(principals(HUB)).toMatchObject([{ status: 'ASSOCIATED', external: true }]);
    expect(invitations(OUTSIDER)).toHaveLength(1);
    expect(refusal(() => accept(OUTSIDER, invitation.resourceShareInvitationArn))).toBe(
      'ResourceShareInvitationAlreadyAcceptedException',
    );
  });

  it("expires unaccepted after twelve hours of the mesh's clock; the next grant invites again", async () => {
    ram.sharing.share(HUB, OUTSIDER, table('a'));
    const [first] = invitations(OUTSIDER);
    await clock.advance(12 * HOUR - 60);
    expect(statuses(invitations(OUTSIDER))).toEqual(['PENDING']);
    await clock.advance(60);
    expect(statuses(invitations(OUTSIDER))).toEqual(['EXPIRED']);
    expect(statuses(principals(HUB))).toEqual(['DISASSOCIATED']);
    expect(refusal(() => accept(OUTSIDER, first.resourceShareInvitationArn))).toBe(
      'ResourceShareInvitationExpiredException',
    );

    ram.sharing.share(HUB, OUTSIDER, table('a'));
    const second = invitations(OUTSIDER).find((one: { status: string }) => one.status === 'PENDING');
    expect(second.resourceShareInvitationArn).not.toBe(first.resourceShareInvitationArn);
    expect(second.resourceShareArn).toBe(first.resourceShareArn);
    accept(OUTSIDER, second.resourceShareInvitationArn);
    expect(ram.sharing.isAssociated(HUB, OUTSIDER, table('a'))).toBe(true);
    await clock.advance(30 * 24 * HOUR);
    expect(ram.sharing.isAssociated(HUB, OUTSIDER, table('a'))).toBe(true);
  });

  it('that was rejected stays so until the next grant', () => {
    ram.sharing.share(HUB, OUTSIDER, table('a'));
    const arn = invitations(OUTSIDER)[0].resourceShareInvitationArn;
    reject(OUTSIDER, arn);
    expect(statuses(invitations(OUTSIDER))).toEqual(['REJECTED']);
    expect(refusal(() => accept(OUTSIDER, arn))).toBe('ResourceShareInvitationAlreadyRejectedException');
    expect(ram.sharing.isAssociated(HUB, OUTSIDER, table('a'))).toBe(false);
    ram.sharing.share(HUB, OUTSIDER, table('b'));
    expect(statuses(invitations(OUTSIDER)).sort()).toEqual(['PENDING', 'REJECTED']);
  });

  it('invites once for each kind of resource', () => {
    ram.sharing.share(HUB, OUTSIDER, database);
    ram.sharing.share(HUB, OUTSIDER, table('a'));
    expect(statuses(invitations(OUTSIDER))).toEqual(['PENDING', 'PENDING']);
  });

  it('is answered by the invited account alone', () => {
    ram.sharing.share(HUB, OUTSIDER, table('a'));
    const arn = invitations(OUTSIDER)[0].resourceShareInvitationArn;
    expect(invitations(HUB)).toEqual([]);
    expect(refusal(() => accept(CONSUMER, arn))).toBe('ResourceShareInvitationArnNotFoundException');
    expect(refusal(() => reject(HUB, arn))).toBe('ResourceShareInvitationArnNotFoundException');
    const input = { resourceShareInvitationArn: arn };
    const { access } = ram.service.operations.AcceptResourceShareInvitation!;
    const [touched] = access(input, administrator(OUTSIDER)) as Access[];
    expect(touched).toMatchObject({ action: 'ram:AcceptResourceShareInvitation', resource: arn });
    expect(touched!.resourcePolicy?.Statement).toMatchObject({ Principal: { AWS: `arn:aws:iam::${OUTSIDER}:root` } });
  });
});

describe('the lists of RAM', () => {
  it('show resources and principals to both sides', () => {
    ram.sharing.share(HUB, CONSUMER, table('a'));
    ram.sharing.share(HUB, CONSUMER, database);
    const listed = (account: string, resourceOwner: string, more: Wire = {}) =>
      call(account, 'ListResources', { resourceOwner, ...more }).resources.map((one: Wire) => `${one.type} ${one.arn}`);
    expect(listed(HUB, 'SELF').sort()).toEqual([`glue:Database ${database}`, `glue:Table ${table('a')}`]);
    expect(listed(CONSUMER, 'OTHER-ACCOUNTS', { resourceType: 'glue:Table' })).toEqual([`glue:Table ${table('a')}`]);
    expect(listed(CONSUMER, 'OTHER-ACCOUNTS', { principal: OUTSIDER })).toEqual([]);
    const ids = (account: string, resourceOwner: string) =>
      call(account, 'ListPrincipals', { resourceOwner, resourceArn: table('a') }).principals.map((one: Wire) => one.id);
    expect(ids(HUB, 'SELF')).toEqual([CONSUMER]);
    expect(ids(CONSUMER, 'OTHER-ACCOUNTS')).toEqual([HUB]);
  });

  it('come in pages that cover everything once', () => {
    for (let at = 0; at < 25; at++) ram.sharing.share(HUB, CONSUMER, table(`t${at}`));
    const seen: string[] = [];
    for (let nextToken: string | undefined, first = true; first || nextToken; first = false) {
      const answer = call(HUB, 'GetResourceShareAssociations', {
        associationType: 'RESOURCE',
        maxResults: 10,
        nextToken,
      });
      seen.push(...answer.resourceShareAssociations.map((one: Wire) => one.associatedEntity));
      nextToken = answer.nextToken;
    }
    expect(seen.toSorted()).toEqual(Array.from({ length: 25 }, (_, at) => table(`t${at}`)).sort());
  });

  it('refuse what makes no sense', () => {
    ram.sharing.share(HUB, CONSUMER, table('a'));
    expect(refusal(() => principals(HUB, { resourceArn: table('a') }))).toBe('InvalidParameterException');
    expect(refusal(() => resources(HUB, { principal: CONSUMER }))).toBe('InvalidParameterException');
    expect(refusal(() => principals(HUB, { resourceShareArns: ['arn:none'] }))).toBe('UnknownResourceException');
    expect(refusal(() => principals(HUB, { nextToken: 'x' }))).toBe('InvalidNextTokenException');
    expect(refusal(() => call(HUB, 'ListResources', { resourceOwner: 'ME' }))).toBe('InvalidParameterException');
    expect(principals(CONSUMER)).toEqual([]);
  });
});
