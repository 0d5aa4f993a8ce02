import * as z from 'zod/mini';
import type { Caps, Consumer, Domain, Mesh } from './mesh.ts';

/** The longest wait that `mesh.yml` may set: a Step Functions execution lasts a year at most. Source: Step Functions quotas. */
const LONGEST_WAIT_HOURS = 365 * 24;

const hours = (least: number) => {
  const expected = `a whole number of hours from ${least} to ${LONGEST_WAIT_HOURS}`;
  return z.int({ error: expected }).check(z.minimum(least, expected), z.maximum(LONGEST_WAIT_HOURS, expected));
};

const textOf = (pattern: RegExp, expected: string) => z.string({ error: expected }).check(z.regex(pattern, expected));

const account = textOf(/^\d{12}$/, 'an account id: twelve digits in quotes');

/**
 * Letters and digits only. An underscore would blur where `<domain>_<db>` divides; a hyphen, which Glue allows, would force every reader to
 * quote the database in Athena's DML and to use backticks in its DDL. Source: Athena User Guide, "Name databases, tables, and columns".
 */
export const domainName = textOf(
  /^[a-z][a-z0-9]{0,30}$/,
  'a domain name: a lower-case letter, then up to 30 lower-case letters or digits (no underscore, no hyphen)',
);

const consumerName = textOf(
  /^[a-z][a-z0-9-]{0,30}$/,
  'a consumer name: a lower-case letter, then up to 30 lower-case letters, digits or hyphens',
);

export const stageName = textOf(
  /^[a-z][a-z0-9-]{0,15}$/,
  'a stage name: a lower-case letter, then up to 15 lower-case letters, digits or hyphens',
);

const databaseName = textOf(
  /^(?!trellis_)[a-z0-9_][a-z0-9_-]*$/,
  'a Glue database: lower-case letters, digits, underscores or hyphens, not beginning with trellis_ (links into the mesh)',
);

const databases = z.union(
  [
    z.literal('*'),
    z.array(databaseName).check(z.minLength(1, "at least one database, or '*' for all of the account's")),
  ],
  { error: "'*' for all databases of the account, or a list of their names" },
);

const prefix = textOf(
  /^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\/(?:[^/\s\\*?]+\/)*$/,
  'an S3 prefix with a slash at its end: s3://bucket/ or s3://bucket/path/',
);

const principal = textOf(
  /^arn:aws[a-z-]*:iam::\d{12}:(?:role|user)\/[\w+=,.@/-]+$/,
  'the ARN of a role or a user: arn:aws:iam::<account>:role/<name>',
);

const folder = textOf(
  /^(?:[A-Za-z0-9][\w.-]*)(?:\/[A-Za-z0-9][\w.-]*)*$/,
  'a folder of this project, such as policies/aviation',
);

export const domainSchema: z.ZodMiniType<Domain> = z.strictObject(
  {
    account,
    databases,
    prefixes: z.array(prefix, { error: 'a list of S3 prefixes' }).check(z.minLength(1, 'at least one S3 prefix')),
    stewards: z
      .array(principal, { error: 'a list of role or user ARNs' })
      .check(z.minLength(1, 'at least one steward: without one nobody can decide')),
    policies: folder,
    decisions: z._default(z.enum(['events', 'direct'], { error: 'events or direct' }), 'events'),
    shareBack: z.exactOptional(z.array(principal, { error: 'a list of role or user ARNs' })),
  },
  { error: 'a domain: account, databases, prefixes, stewards, policies' },
);

export const consumerSchema: z.ZodMiniType<Consumer> = z.strictObject(
  { account, outsideOrganization: z.exactOptional(z.boolean({ error: 'true or false' })) },
  { error: 'a consumer: account' },
);

const capsSchema: z.ZodMiniType<Caps> = z.strictObject(
  {
    inferredRemovalShare: z._default(
      z
        .number({ error: 'a share from 0 to 1' })
        .check(z.minimum(0, 'a share from 0 to 1'), z.maximum(1, 'a share from 0 to 1')),
      0.1,
    ),
  },
  { error: 'caps: inferredRemovalShare' },
);

const stageShape = {
  hub: account,
  organization: z.exactOptional(textOf(/^o-[a-z0-9]{10,32}$/, 'an organization id: o- and 10 to 32 characters')),
  domains: z.record(domainName, domainSchema, { error: 'domains by name' }),
  consumers: z._default(z.record(consumerName, consumerSchema, { error: 'consumers by name' }), {}),
  graceHours: z._default(hours(0), 24),
  noticeHours: z._default(hours(1), 168),
  answerWithinHours: z._default(hours(1), 168),
  caps: z._default(capsSchema, { inferredRemovalShare: 0.1 }),
  piiPurposes: z._default(z.array(textOf(/\S/, 'a purpose: some text'), { error: 'a list of purposes' }), []),
};

/** One stage as written in `mesh.yml`: defaults are filled in. */
export const stageSchema = z.strictObject(stageShape, { error: 'a stage: hub, domains, consumers' });

export const meshFileSchema = z.strictObject(
  { stages: z.record(stageName, stageSchema, { error: 'stages by name' }) },
  { error: 'a file with the key stages' },
);

/** The mesh of one stage as JSON: what functions are given. It was checked whole by `parseMesh` before. */
export const meshSchema: z.ZodMiniType<Mesh> = z.strictObject({ stage: stageName, ...stageShape });
