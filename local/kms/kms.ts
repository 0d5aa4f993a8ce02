/**
 * The local mesh's KMS: keys and their policies, for those who check them.
 * Simplification: nothing is encrypted with the keys; no aliases, grants, rotation or deletion.
 */
import { AwsError, notInLocalMesh } from '../core/aws-error.ts';
import type { VirtualClock } from '../core/clock.ts';
import type { ReviewPolicy } from '../core/ports.ts';
import {
  type Access,
  type Call,
  type Caller,
  type Operation,
  REGION,
  type Service,
  type Wire,
} from '../core/service.ts';
import { defaultKeyPolicy, malformedPolicy, readKeyPolicy } from './key-policy.ts';
import { type Key, Keys } from './keys.ts';

/** CreateKey's parameters that say what is made anyway. */
const AS_MADE: Record<string, string | boolean> = {
  CustomerMasterKeySpec: 'SYMMETRIC_DEFAULT',
  KeySpec: 'SYMMETRIC_DEFAULT',
  KeyUsage: 'ENCRYPT_DECRYPT',
  MultiRegion: false,
  Origin: 'AWS_KMS',
};
const TAKEN = ['BypassPolicyLockoutSafetyCheck', 'Description', 'Policy'];

/** The only policy that a key has. Source: KMS API reference, GetKeyPolicy. */
const POLICY_NAME = 'default';

export function createKms(parts: {
  clock: VirtualClock;
  review: ReviewPolicy;
  /** Throws AccessDeniedException unless the caller may. */
  authorize: (caller: Caller, access: Access) => void;
}): {
  service: Service;
  /** What encrypting data on behalf of a caller, through the service `via` (`sns`), asks of the key. Throws as DescribeKey for one that is not there. */
  encryptionVia: (via: string, keyId: string, account: string) => Access[];
} {
  const { clock, review, authorize } = parts;
  const keys = new Keys();
  const on =
    (action: string): Operation['access'] =>
    (input, call) => [onKey(keys.find(input?.KeyId, call.caller.account), action)];
  const own = (input: Wire, { caller }: Call) => requireOwn(keys.find(input?.KeyId, caller.account), caller);

  function setPolicy(key: Key, input: Wire, caller: Caller): void {
    const document = readKeyPolicy(input.Policy, review);
    const changed = { ...key, policy: { text: String(input.Policy), document } };
    if (input.BypassPolicyLockoutSafetyCheck !== true) requireNoLockout(changed, caller, authorize);
    key.policy = changed.policy;
  }

  const operations: Record<string, Operation> = {
    CreateKey: {
      access: () => [{ action: 'kms:CreateKey', resource: '*' }],
      run(input, { caller }) {
        requireParameters(input);
        const text = input.Policy ?? defaultKeyPolicy(caller.account);
        const key = keys.draft(caller.account, clock.now(), String(input.Description ?? ''));
        setPolicy(key, { ...input, Policy: text }, caller);
        keys.add(key);
        return { KeyMetadata: metadata(key) };
      },
    },
    DescribeKey: {
      access: on('kms:DescribeKey'),
      run: (input, { caller }) => ({ KeyMetadata: metadata(keys.find(input.KeyId, caller.account)) }),
    },
    GetKeyPolicy: {
      access: on('kms:GetKeyPolicy'),
      run(input, call) {
        const key = own(input, call);
        requirePolicyName(input);
        return { Policy: key.policy.text, PolicyName: POLICY_NAME };
      },
    },
    PutKeyPolicy: {
      access: on('kms:PutKeyPolicy'),
      run(input, call) {
        const key = own(input, call);
        requirePolicyName(input);
        setPolicy(key, input, call.caller);
        return {};
      },
    },
    ListKeys: {
      access: () => [{ action: 'kms:ListKeys', resource: '*' }],
      run: (input, { caller }) => keys.page(caller.account, input?.Limit, input?.Marker),
    },
  };
  return {
    service: { id: 'kms', operations },
    encryptionVia(via, keyId, account) {
      const key = keys.find(keyId, account);
      const context = { 'kms:ViaService': `${via}.${REGION}.amazonaws.com` };
      return ['kms:GenerateDataKey', 'kms:Decrypt'].map(action => ({ ...onKey(key, action), context }));
    },
  };
}

/** The key's own policy must allow it, whoever asks. Source: KMS Developer Guide, "Key policies in AWS KMS". */
function onKey(key: Key, action: string): Access {
  return { action, resource: key.arn, resourcePolicy: key.policy.document, needsResourcePolicy: true };
}

/** Policies are for the key's account alone; with which error KMS says so is not documented. Source: API reference, "Cross-account use: No". */
function requireOwn(key: Key, caller: Caller): Key {
  if (key.account !== caller.account)
    throw new AwsError('AccessDeniedException', `The key ${key.arn} is in another account: its policy cannot be used.`);
  return key;
}

/** Source: KMS API reference, PutKeyPolicy: who puts a policy must be able to put the next one. */
function requireNoLockout(key: Key, caller: Caller, authorize: (caller: Caller, access: Access) => void): void {
  try {
    authorize(caller, onKey(key, 'kms:PutKeyPolicy'));
  } catch (error) {
    if (!(error instanceof AwsError) || error.code !== 'AccessDeniedException') throw error;
    throw malformedPolicy('The new key policy will not allow you to update the key policy in the future.');
  }
}

function requireParameters(input: Wire): void {
  for (const [name, value] of Object.entries(input)) {
    if (TAKEN.includes(name) || AS_MADE[name] === value || (name === 'Tags' && [value].flat().length === 0)) continue;
    throw notInLocalMesh(`CreateKey's parameter ${name} as ${JSON.stringify(value)}`);
  }
}

function requirePolicyName({ PolicyName = POLICY_NAME }: Wire): void {
  if (PolicyName !== POLICY_NAME) throw new AwsError('NotFoundException', 'No such policy exists');
}

function metadata(key: Key) {
  return {
    AWSAccountId: key.account,
    KeyId: key.id,
    Arn: key.arn,
    CreationDate: key.createdAt / 1000,
    Enabled: true,
    Description: key.description,
    KeyUsage: 'ENCRYPT_DECRYPT',
    KeyState: 'Enabled',
    Origin: 'AWS_KMS',
    KeyManager: 'CUSTOMER',
    CustomerMasterKeySpec: 'SYMMETRIC_DEFAULT',
    KeySpec: 'SYMMETRIC_DEFAULT',
    EncryptionAlgorithms: ['SYMMETRIC_DEFAULT'],
    MultiRegion: false,
  };
}
