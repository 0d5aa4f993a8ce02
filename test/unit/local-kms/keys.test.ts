import {
  CreateAliasCommand,
  CreateKeyCommand,
  DescribeKeyCommand,
  GetKeyPolicyCommand,
  type KMSClient,
  ListKeysCommand,
  PutKeyPolicyCommand,
} from '@aws-sdk/client-kms';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { OTHER, OWNER, READER, startWorld, type World } from '../local-s3/world.ts';

let world: World;
let kms: KMSClient;
let KeyId: string;
beforeAll(async () => {
  world = await startWorld();
  kms = world.kms();
});
afterAll(() => world.end());
beforeEach(async () => {
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({ Description: 'lake' }));
  KeyId = KeyMetadata?.Arn ?? '';
});

const denied = { name: 'AccessDeniedException' };
const asReader = (account: string, ...actions: string[]) => world.kms(world.reader(account, ...actions));
const describeIt = () => new DescribeKeyCommand({ KeyId });
const root = (account: string) => ({ AWS: `arn:aws:iam::${account}:root` });
const allow = (Principal: object, Action = 'kms:*') => ({ Effect: 'Allow', Principal, Action, Resource: '*' });
const policyOf = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });
const setPolicy = (Policy: string, more: { BypassPolicyLockoutSafetyCheck?: boolean } = {}) =>
  kms.send(new PutKeyPolicyCommand({ KeyId, Policy, ...more }));

describe('a key', () => {
  it('is described by its ARN or its id, and listed in its account', async () => {
    const { KeyMetadata } = await kms.send(describeIt());
    expect(KeyMetadata).toMatchObject({
      Arn: KeyId,
      AWSAccountId: OWNER,
      Description: 'lake',
      Enabled: true,
      KeyManager: 'CUSTOMER',
      KeyState: 'Enabled',
      KeyUsage: 'ENCRYPT_DECRYPT',
    });
    expect(Math.abs(Number(KeyMetadata?.CreationDate) - world.clock.now())).toBeLessThan(60_000);
    const byId = await kms.send(new DescribeKeyCommand({ KeyId: KeyMetadata?.KeyId }));
    expect(byId.KeyMetadata?.Arn).toBe(KeyId);
    expect((await kms.send(new ListKeysCommand({}))).Keys).toContainEqual({ KeyId: KeyMetadata?.KeyId, KeyArn: KeyId });
    expect((await world.kms(world.administratorOf(OTHER)).send(new ListKeysCommand({}))).Keys).toEqual([]);
  });

  it('is listed on one page only', async () => {
    await kms.send(new CreateKeyCommand({}));
    const { Keys: all = [] } = await kms.send(new ListKeysCommand({}));
    const found: typeof all = [];
    let Marker: string | undefined;
    do {
      const page = await kms.send(new ListKeysCommand({ Limit: 1, Marker }));
      found.push(...(page.Keys ?? []));
      expect(page.Truncated).toBe(page.NextMarker !== undefined);
      Marker = page.NextMarker;
    } while (Marker);
    expect(found).toEqual(all);
    const wrong = new ListKeysCommand({ Marker: 'none' });
    await expect(kms.send(wrong)).rejects.toMatchObject({ name: 'InvalidMarkerException' });
  });

  it.each([
    [
      '00000000-0000-4000-8000-000000000000',
      'NotFoundException',
      /^Key 'arn:aws:kms:us-east-1:222222222222:key\/0000.*' does not exist$/,
    ],
    ['nonsense', 'NotFoundException', /^Invalid keyId 'nonsense'$/],
    ['alias/lake', 'NotFoundException', /^Alias arn:aws:kms:us-east-1:222222222222:alias\/lake is not found\.$/],
    ['alias/aws/s3', 'NotImplementedInLocalMesh', /AWS managed keys/],
    [`arn:aws:kms:us-east-1:${OWNER}:alias/aws/s3`, 'NotImplementedInLocalMesh', /AWS managed keys/],
  ])('that is not there: %s', async (keyId, name, message) => {
    const wrong = new DescribeKeyCommand({ KeyId: keyId });
    await expect(kms.send(wrong)).rejects.toMatchObject({ name, message: expect.stringMatching(message) });
  });

  it('of another kind, and what else KMS has, is refused by name', async () => {
    const missing = (message: string) => ({
      name: 'NotImplementedInLocalMesh',
      message: expect.stringContaining(message),
    });
    await expect(kms.send(new CreateKeyCommand({ KeySpec: 'RSA_2048' }))).rejects.toMatchObject(missing('KeySpec'));
    const alias = new CreateAliasCommand({ AliasName: 'alias/lake', TargetKeyId: KeyId });
    await expect(kms.send(alias)).rejects.toMatchObject(missing('kms:CreateAlias'));
  });
});

describe("a key's policy", () => {
  it("leaves it to the account's own policies, unless it is another", async () => {
    const { Policy = '' } = await kms.send(new GetKeyPolicyCommand({ KeyId, PolicyName: 'default' }));
    expect(JSON.parse(Policy)).toMatchObject({ Id: 'key-default-1', Statement: [allow(root(OWNER))] });
    await expect(asReader(OWNER).send(describeIt())).rejects.toMatchObject(denied);
    await asReader(OWNER, 'kms:DescribeKey').send(describeIt());
  });

  it('is needed in its own account too, by the administrator as well', async () => {
    const own = `arn:aws:iam::${OWNER}:role/Reader`;
    const reader = asReader(OWNER, 'kms:*');
    await setPolicy(policyOf(allow({ AWS: own })), { BypassPolicyLockoutSafetyCheck: true });
    await reader.send(describeIt());
    await asReader(OWNER).send(describeIt());
    await expect(kms.send(describeIt())).rejects.toMatchObject({
      ...denied,
      message: expect.stringContaining('because no resource-based policy allows the kms:DescribeKey action'),
    });
  });

  it('and the own policies of the other account must both allow across accounts', async () => {
    await expect(asReader(OTHER, 'kms:DescribeKey').send(describeIt())).rejects.toMatchObject(denied);
    await setPolicy(policyOf(allow(root(OWNER)), allow({ AWS: READER }, 'kms:DescribeKey')));
    await asReader(OTHER, 'kms:DescribeKey').send(describeIt());
    await expect(asReader(OTHER).send(describeIt())).rejects.toMatchObject(denied);
  });

  it('is for its own account alone', async () => {
    await setPolicy(policyOf(allow(root(OWNER)), allow({ AWS: READER })));
    const other = asReader(OTHER, 'kms:*');
    await expect(other.send(new GetKeyPolicyCommand({ KeyId }))).rejects.toMatchObject(denied);
    const Policy = policyOf(allow({ AWS: READER }));
    await expect(other.send(new PutKeyPolicyCommand({ KeyId, Policy }))).rejects.toMatchObject(denied);
  });

  it.each([
    ['no JSON', () => 'x', 'The policy is not valid JSON.'],
    ['no statement', () => '{}', /without Effect, Principal/],
    ['no principal', () => policyOf({ Effect: 'Allow', Action: 'kms:*', Resource: '*' }), /without Effect, Principal/],
    ['a role that is none', () => policyOf(allow({ AWS: `${READER}s` })), /invalid principals/],
    [
      'nobody who could change it',
      () => policyOf(allow(root(OWNER), 'kms:DescribeKey')),
      /will not allow you to update the key policy/,
    ],
  ])('with %s is malformed, and the old one stays', async (_, policy, message) => {
    const before = await kms.send(new GetKeyPolicyCommand({ KeyId }));
    const malformed = { name: 'MalformedPolicyDocumentException', message: expect.stringMatching(message) };
    await expect(setPolicy(policy())).rejects.toMatchObject(malformed);
    expect((await kms.send(new GetKeyPolicyCommand({ KeyId }))).Policy).toBe(before.Policy);
    const count = (await kms.send(new ListKeysCommand({}))).Keys?.length;
    await expect(kms.send(new CreateKeyCommand({ Policy: policy() }))).rejects.toMatchObject(malformed);
    expect((await kms.send(new ListKeysCommand({}))).Keys).toHaveLength(count ?? -1);
  });
});
