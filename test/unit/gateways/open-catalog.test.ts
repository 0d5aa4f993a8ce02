import { EventBridgeClient, ListTargetsByRuleCommand } from '@aws-sdk/client-eventbridge';
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { mockClient } from 'aws-sdk-client-mock';
import 'aws-sdk-client-mock-vitest/extend';
import { beforeEach, describe, expect, it } from 'vitest';
import { openCatalog } from '../../../shared/aws/open-catalog.ts';
import { fault } from './faults.ts';

const HUB = '111111111111';
const ANALYTICS = '444444444444';
const sts = mockClient(STSClient);
const events = mockClient(EventBridgeClient);

const bus = (account: string, name: string) => `arn:aws:events:us-east-1:${account}:event-bus/${name}`;
const open = (hub?: string) =>
  openCatalog({ region: 'us-east-1', profile: 'p' }, { stage: 'prod', ...(hub && { hub }) });

beforeEach(() => {
  sts.reset();
  events.reset();
  callerIs(ANALYTICS, `arn:aws:sts::${ANALYTICS}:assumed-role/Analyst/ann@example.org`);
  sts.on(AssumeRoleCommand).resolves({
    Credentials: { AccessKeyId: 'a', SecretAccessKey: 'b', SessionToken: 'c', Expiration: new Date() },
  });
  events.on(ListTargetsByRuleCommand).resolves({
    Targets: [
      { Id: 'own', Arn: bus(ANALYTICS, 'other') },
      { Id: 'hub', Arn: bus(HUB, 'trellis-prod') },
    ],
  });
});

function callerIs(Account: string, Arn: string) {
  sts.on(GetCallerIdentityCommand).resolves({ Account, Arn });
}

describe('opening the catalog', () => {
  it('from another account: as the reader role of the hub that the forwarding rule names, with the own account for a tag', async () => {
    expect((await open()).viewer).toEqual({ account: ANALYTICS, hub: HUB });
    expect(events).toHaveReceivedCommandExactlyOnceWith(ListTargetsByRuleCommand, { Rule: 'trellis-prod-forward' });
    expect(sts).toHaveReceivedCommandExactlyOnceWith(AssumeRoleCommand, {
      RoleArn: `arn:aws:iam::${HUB}:role/trellis-prod-reader`,
      RoleSessionName: 'trellis-ann@example.org',
      Tags: [{ Key: 'account', Value: ANALYTICS }],
      DurationSeconds: 3600,
    });
  });

  it('in the hub: with the own credentials', async () => {
    callerIs(HUB, `arn:aws:iam::${HUB}:root`);
    expect((await open()).viewer).toEqual({ account: HUB, hub: HUB });
    expect(sts).not.toHaveReceivedCommand(AssumeRoleCommand);
  });

  it('does not look for a hub that is named', async () => {
    expect((await open('999999999999')).viewer.hub).toBe('999999999999');
    expect(events).not.toHaveReceivedCommand(ListTargetsByRuleCommand);
  });

  it.each([
    [`arn:aws:iam::${ANALYTICS}:user/path/ann`, 'trellis-ann'],
    [`arn:aws:iam::${ANALYTICS}:root`, 'trellis-root'],
    [`arn:aws:sts::${ANALYTICS}:assumed-role/R/${'x'.repeat(64)}`, `trellis-${'x'.repeat(56)}`],
  ])('calls the session of %s %s', async (arn, name) => {
    callerIs(ANALYTICS, arn);
    await open();
    expect(sts).toHaveReceivedCommandWith(AssumeRoleCommand, { RoleSessionName: name });
  });

  it.each([
    ['the account has no such rule', fault('ResourceNotFoundException'), 'spoke.yml'],
    ['the caller may not see the rule', fault('AccessDeniedException'), 'events:ListTargetsByRule'],
  ])('asks for the hub when %s', async (_, error, text) => {
    events.on(ListTargetsByRuleCommand).rejects(error);
    await expect(open()).rejects.toThrow(expect.objectContaining({ name: 'HubUnknownError', cause: error }));
    await expect(open()).rejects.toThrow(text);
    await expect(open()).rejects.toThrow('--hub');
  });

  it('asks for the hub when the rule leads elsewhere', async () => {
    events.on(ListTargetsByRuleCommand).resolves({ Targets: [{ Id: 'x', Arn: bus(HUB, 'trellis-test') }] });
    await expect(open()).rejects.toThrow('leads to no hub');
  });

  it('says what it takes when the role refuses', async () => {
    const cause = fault('AccessDenied');
    sts.on(AssumeRoleCommand).rejects(cause);
    await expect(open()).rejects.toThrow(expect.objectContaining({ name: 'ReaderRoleRefusedError', cause }));
    await expect(open()).rejects.toThrow('sts:TagSession');
  });

  it('surfaces every other fault', async () => {
    sts.on(AssumeRoleCommand).rejects(fault('RegionDisabledException'));
    await expect(open()).rejects.toThrow(expect.objectContaining({ name: 'RegionDisabledException' }));
    events.on(ListTargetsByRuleCommand).rejects(fault('ThrottlingException'));
    await expect(open()).rejects.toThrow(expect.objectContaining({ name: 'ThrottlingException' }));
  });
});
