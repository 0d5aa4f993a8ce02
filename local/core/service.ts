/**
 * What one AWS service of the local mesh is: named operations, each of which says what it touches (for IAM) and then does it.
 * The front (`local/front`) frames the wire protocols and checks IAM; a service sees decoded input and an identified caller.
 */

/** The only Region of the local mesh. */
export const REGION = 'us-east-1';

/** Who makes a call. The access key id is an account id for that account's administrator; STS gives keys for role sessions. */
export interface Caller {
  /** Twelve digits. */
  account: string;
  /** `arn:aws:iam::A:root` for the account's administrator, `arn:aws:sts::A:assumed-role/Role/session` for a role session. */
  arn: string;
  /** `arn:aws:iam::A:role/Role` of a role session; for the administrator the same as `arn`. Lake Formation's principal. */
  principal: string;
  isAdministrator: boolean;
  /** Of a role session that was opened with tags: `aws:PrincipalTag`. */
  sessionTags?: Readonly<Record<string, string>>;
}

export interface Call {
  caller: Caller;
  requestId: string;
}

/** One thing that an operation does to one resource, as IAM sees it. */
export interface Access {
  /** For example `glue:GetTable`. */
  action: string;
  /** The resource's ARN, or `*` where the action has no resource-level permissions. */
  resource: string;
  /** Condition keys and their values, as IAM spells them (`events:source`, `aws:SourceArn`); an array for a multivalued key. */
  context?: Record<string, string | string[]>;
  /** The policy on the resource itself, where it has one (a bus, a queue). Undefined: cross-account calls are refused. */
  resourcePolicy?: PolicyDocument | undefined;
  /** The account that owns the resource, where its ARN has none (a bucket, an object). Otherwise the ARN's, or the caller's own. */
  owner?: string;
  /** Whether the resource's policy must allow it within its own account too: a key's. */
  needsResourcePolicy?: true;
}

export interface PolicyStatement {
  Sid?: string;
  Effect: 'Allow' | 'Deny';
  Principal?: '*' | Record<string, string | string[]>;
  NotPrincipal?: Record<string, string | string[]>;
  Action?: string | string[];
  NotAction?: string | string[];
  Resource?: string | string[];
  NotResource?: string | string[];
  Condition?: Record<string, Record<string, string | string[]>>;
}

export interface PolicyDocument {
  Version?: string;
  Statement: PolicyStatement | PolicyStatement[];
}

// biome-ignore lint/suspicious/noExplicitAny: the wire is untyped; each operation narrows its own input.
export type Wire = any;

export interface Operation {
  /** What the call touches. Every item must be allowed, or the call fails with AccessDenied before `run`. */
  access(input: Wire, call: Call): Access[] | Promise<Access[]>;
  run(input: Wire, call: Call): unknown;
}

export interface Service {
  /** The name in the signature's credential scope: `events`, `sqs`, `lambda`, `states`, `dynamodb`, `glue`, `lakeformation`, `ram`, `sts`, `athena`, `s3`, `kms`, `sns`, `monitoring` (CloudWatch). */
  id: string;
  operations: Record<string, Operation>;
}

/** Calls an operation of a service inside the mesh as an account's administrator, without the wire: for stacks and tests. */
export function administrator(account: string): Call {
  const arn = `arn:aws:iam::${account}:root`;
  return { caller: { account, arn, principal: arn, isAdministrator: true }, requestId: crypto.randomUUID() };
}
