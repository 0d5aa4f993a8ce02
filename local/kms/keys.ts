import { randomUUID } from 'node:crypto';
import { AwsError, notInLocalMesh } from '../core/aws-error.ts';
import { type PolicyDocument, REGION } from '../core/service.ts';

export interface Key {
  id: string;
  arn: string;
  account: string;
  description: string;
  /** Milliseconds since 1970. */
  createdAt: number;
  policy: { text: string; document: PolicyDocument };
}

/** Source: KMS API reference, ListKeys. */
const DEFAULT_PAGE = 100;
const LARGEST_PAGE = 1000;

const ARN = new RegExp(`^arn:aws:kms:${REGION}:\\d{12}:(key|alias)/(.+)$`);
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The keys of all accounts. */
export class Keys {
  readonly #byArn = new Map<string, Key>();

  /** A key that nobody finds before it is added, and that allows nothing before it has a policy. */
  draft(account: string, createdAt: number, description: string): Key {
    const id = randomUUID();
    const policy = { text: '', document: { Statement: [] } };
    return { id, arn: arnOf(account, id), account, description, createdAt, policy };
  }

  add(key: Key): void {
    this.#byArn.set(key.arn, key);
  }

  /**
   * The key by its ARN, or by its id in the account. Throws NotFoundException; NotImplementedInLocalMesh for keys that AWS keeps for a service.
   * Source: KMS API reference, DescribeKey.
   */
  find(keyId: unknown, account: string): Key {
    if (typeof keyId !== 'string' || keyId === '') throw new AwsError('ValidationException', 'KeyId is missing.');
    const [, kind, name = keyId] = ARN.exec(keyId) ?? [];
    if (name.startsWith('alias/aws/') || (kind === 'alias' && name.startsWith('aws/')))
      throw notInLocalMesh(`AWS managed keys (${keyId})`);
    if (kind === 'alias' || name.startsWith('alias/'))
      throw notFound(`Alias ${kind ? keyId : `arn:aws:kms:${REGION}:${account}:${name}`} is not found.`);
    if (!ID.test(name)) throw notFound(`Invalid keyId '${keyId}'`);
    const arn = kind ? keyId : arnOf(account, name);
    const key = this.#byArn.get(arn);
    if (!key) throw notFound(`Key '${arn}' does not exist`);
    return key;
  }

  /** The account's keys after the marker, as ListKeys gives them. Throws ValidationException, InvalidMarkerException. */
  page(account: string, limit: unknown = DEFAULT_PAGE, marker?: unknown) {
    if (typeof limit !== 'number' || !(limit >= 1 && limit <= LARGEST_PAGE))
      throw new AwsError('ValidationException', `Limit must be from 1 to ${LARGEST_PAGE}.`);
    const own = [...this.#byArn.values()].filter(key => key.account === account);
    const first = marker === undefined ? 0 : own.findIndex(({ id }) => id === marker) + 1;
    if (marker !== undefined && first === 0) throw new AwsError('InvalidMarkerException', 'The marker is not valid.');
    const shown = own.slice(first, first + limit);
    const isTruncated = first + shown.length < own.length;
    return {
      Keys: shown.map(({ id, arn }) => ({ KeyId: id, KeyArn: arn })),
      Truncated: isTruncated,
      ...(isTruncated && { NextMarker: shown.at(-1)?.id }),
    };
  }
}

const arnOf = (account: string, id: string) => `arn:aws:kms:${REGION}:${account}:key/${id}`;
const notFound = (message: string) => new AwsError('NotFoundException', message);
