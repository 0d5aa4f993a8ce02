import {
  AcceptResourceShareInvitationCommand,
  GetResourceShareAssociationsCommand,
  GetResourceShareInvitationsCommand,
  RAMClient,
} from '@aws-sdk/client-ram';
import { mockClient } from 'aws-sdk-client-mock';
import 'aws-sdk-client-mock-vitest/extend';
import { beforeEach, describe, expect, it } from 'vitest';
import { RamResourceShares } from '../../../shared/aws/resource-shares.ts';
import { fault, SURFACING } from './faults.ts';

const hubClient = new RAMClient();
const spokeClient = new RAMClient();
const hub = mockClient(hubClient);
const spoke = mockClient(spokeClient);
const asked: string[] = [];
const spokeRam = (account: string) => {
  asked.push(account);
  return spokeClient;
};
const shares = new RamResourceShares(hubClient, spokeRam, { account: '111111111111', region: 'us-east-1' });

beforeEach(() => {
  hub.reset();
  spoke.reset();
  asked.length = 0;
});

describe("whether a table's share has reached an account", () => {
  const table = { associationType: 'RESOURCE' as const, associationStatus: 'ASSOCIATED' as const };
  const account = {
    associationType: 'PRINCIPAL' as const,
    principal: '444444444444',
    associationStatus: 'ASSOCIATED' as const,
  };
  const resources = () => hub.on(GetResourceShareAssociationsCommand, table);
  const principals = () => hub.on(GetResourceShareAssociationsCommand, account);
  const isAssociated = () => shares.isAssociated('444444444444', 'aviation_ops.flights');

  it('is asked of the shares of the table, over all pages', async () => {
    resources()
      .resolvesOnce({ resourceShareAssociations: [{ resourceShareArn: 'share-1' }], nextToken: 'a' })
      .resolvesOnce({ resourceShareAssociations: [], nextToken: 'b' })
      .resolvesOnce({ resourceShareAssociations: [{ resourceShareArn: 'share-1' }, { resourceShareArn: 'share-2' }] });
    principals().resolves({ resourceShareAssociations: [{ associatedEntity: '444444444444' }] });
    expect(await isAssociated()).toBe(true);
    expect(hub).toHaveReceivedNthCommandWith(GetResourceShareAssociationsCommand, 1, {
      ...table,
      resourceArn: 'arn:aws:glue:us-east-1:111111111111:table/aviation_ops/flights',
    });
    expect(hub).toHaveReceivedLastCommandWith(GetResourceShareAssociationsCommand, {
      ...account,
      resourceShareArns: ['share-1', 'share-2'],
    });
  });

  it('is no while the table is in no share: RAM is not asked about all shares', async () => {
    resources().resolves({ resourceShareAssociations: [] });
    expect(await isAssociated()).toBe(false);
    expect(hub).toHaveReceivedCommandTimes(GetResourceShareAssociationsCommand, 1);
  });

  it('is no while no share is associated with the account', async () => {
    resources().resolves({ resourceShareAssociations: [{ resourceShareArn: 'share-1' }] });
    principals().resolves({ resourceShareAssociations: [] });
    expect(await isAssociated()).toBe(false);
  });

  it('is yes also when the answer comes after an empty page', async () => {
    resources().resolves({ resourceShareAssociations: [{ resourceShareArn: 'share-1' }] });
    principals()
      .resolvesOnce({ resourceShareAssociations: [], nextToken: 'a' })
      .resolvesOnce({ resourceShareAssociations: [{ associatedEntity: '444444444444' }] });
    expect(await isAssociated()).toBe(true);
  });

  it.each(SURFACING)('is not known by %s', async name => {
    resources().rejects(fault(name));
    await expect(isAssociated()).rejects.toThrow(expect.objectContaining({ name }));
  });
});

describe('invitations to an account', () => {
  let sent = 0;
  const invitation = (
    resourceShareInvitationArn: string,
    status: 'PENDING' | 'ACCEPTED' | 'REJECTED' | 'EXPIRED',
    more: { senderAccountId?: string; resourceShareArn?: string; invitationTimestamp?: Date } = {},
  ) => ({
    resourceShareInvitationArn,
    status,
    senderAccountId: '111111111111',
    resourceShareArn: 'share',
    invitationTimestamp: new Date(1_000 * ++sent),
    ...more,
  });
  const accept = () => shares.acceptInvitations('444444444444', 'aviation_ops.flights');
  const found = (...resourceShareInvitations: ReturnType<typeof invitation>[]) =>
    spoke.on(GetResourceShareInvitationsCommand).resolves({ resourceShareInvitations });

  beforeEach(() => {
    hub.on(GetResourceShareAssociationsCommand).resolves({
      resourceShareAssociations: [
        { resourceShareArn: 'share', status: 'ASSOCIATED' },
        { resourceShareArn: 'share that was', status: 'DISASSOCIATED' },
      ],
    });
  });

  it('that the hub sent and that wait are accepted, over all pages, as the account', async () => {
    spoke
      .on(GetResourceShareInvitationsCommand)
      .resolvesOnce({ resourceShareInvitations: [], nextToken: 'a' })
      .resolvesOnce({
        resourceShareInvitations: [
          invitation('waits', 'PENDING'),
          invitation('accepted', 'ACCEPTED'),
          invitation('rejected', 'REJECTED'),
          invitation('expired', 'EXPIRED'),
          invitation('foreign', 'PENDING', { senderAccountId: '999999999999' }),
        ],
        nextToken: 'b',
      })
      .resolvesOnce({
        resourceShareInvitations: [invitation('of databases', 'PENDING', { resourceShareArn: 'other' })],
      });
    spoke.on(AcceptResourceShareInvitationCommand).resolves({});
    expect(await accept()).toBe('expired');
    expect(asked).toEqual(['444444444444']);
    const accepted = spoke.commandCalls(AcceptResourceShareInvitationCommand).map(call => call.args[0].input);
    expect(accepted).toEqual([{ resourceShareInvitationArn: 'waits' }, { resourceShareInvitationArn: 'of databases' }]);
    expect(hub).toHaveReceivedCommandWith(GetResourceShareAssociationsCommand, {
      associationType: 'RESOURCE',
      resourceArn: 'arn:aws:glue:us-east-1:111111111111:table/aviation_ops/flights',
    });
  });

  it('may be none yet: that is no fault', async () => {
    spoke.on(GetResourceShareInvitationsCommand).resolves({});
    expect(await accept()).toBe('none');
  });

  it.each(['ACCEPTED', 'REJECTED', 'EXPIRED'] as const)('say what became of the latest: %s', async status => {
    const latest = invitation('latest', status, { invitationTimestamp: new Date('2026-11-21T09:00:00Z') });
    found(latest, invitation('before', status === 'REJECTED' ? 'EXPIRED' : 'REJECTED'));
    expect(await accept()).toBe(status.toLowerCase());
  });

  it('to other shares, of other tables or of earlier grants, say nothing', async () => {
    found(
      invitation('other', 'REJECTED', { resourceShareArn: 'other' }),
      invitation('earlier', 'EXPIRED', { resourceShareArn: 'share that was' }),
    );
    expect(await accept()).toBe('none');
  });

  it.each([
    ['accepted', 'ResourceShareInvitationAlreadyAcceptedException'],
    ['rejected', 'ResourceShareInvitationAlreadyRejectedException'],
    ['expired', 'ResourceShareInvitationExpiredException'],
  ])('may have been %s meanwhile', async (state, name) => {
    found(invitation('a', 'PENDING'));
    spoke.on(AcceptResourceShareInvitationCommand).rejects(fault(name));
    expect(await accept()).toBe(state);
  });

  it.each(SURFACING)('that cannot be accepted are a fault: %s', async name => {
    found(invitation('a', 'PENDING'));
    spoke.on(AcceptResourceShareInvitationCommand).rejects(fault(name));
    await expect(accept()).rejects.toThrow(expect.objectContaining({ name }));
  });
});
