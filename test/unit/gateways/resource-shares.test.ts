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
  const invitation = (
    arn: string,
    status: 'PENDING' | 'ACCEPTED' | 'REJECTED' | 'EXPIRED',
    senderAccountId = '111111111111',
  ) => ({
    resourceShareInvitationArn: arn,
    status,
    senderAccountId,
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
          invitation('foreign', 'PENDING', '999999999999'),
        ],
        nextToken: 'b',
      })
      .resolvesOnce({ resourceShareInvitations: [invitation('waits too', 'PENDING')] });
    spoke.on(AcceptResourceShareInvitationCommand).resolves({});
    expect(await shares.acceptInvitations('444444444444')).toBe(2);
    expect(asked).toEqual(['444444444444']);
    const accepted = spoke.commandCalls(AcceptResourceShareInvitationCommand).map(call => call.args[0].input);
    expect(accepted).toEqual([{ resourceShareInvitationArn: 'waits' }, { resourceShareInvitationArn: 'waits too' }]);
    expect(hub).not.toHaveReceivedAnyCommand();
  });

  it('may be none yet: that is no fault', async () => {
    spoke.on(GetResourceShareInvitationsCommand).resolves({});
    expect(await shares.acceptInvitations('444444444444')).toBe(0);
  });

  it('may have been accepted by another meanwhile', async () => {
    spoke
      .on(GetResourceShareInvitationsCommand)
      .resolves({ resourceShareInvitations: [invitation('a', 'PENDING'), invitation('b', 'PENDING')] });
    spoke
      .on(AcceptResourceShareInvitationCommand)
      .rejectsOnce(fault('ResourceShareInvitationAlreadyAcceptedException'))
      .resolves({});
    expect(await shares.acceptInvitations('444444444444')).toBe(1);
  });

  it.each([...SURFACING, 'ResourceShareInvitationExpiredException'])(
    'that cannot be accepted are a fault: %s',
    async name => {
      spoke.on(GetResourceShareInvitationsCommand).resolves({ resourceShareInvitations: [invitation('a', 'PENDING')] });
      spoke.on(AcceptResourceShareInvitationCommand).rejects(fault(name));
      await expect(shares.acceptInvitations('444444444444')).rejects.toThrow(expect.objectContaining({ name }));
    },
  );
});
