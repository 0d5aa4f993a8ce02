/** What every event of Trellis shares. Readers ignore fields that they do not know. */
import * as z from 'zod/mini';
import english from 'zod/v4/locales/en.js';

// What is wrong with an event is told to people; without a language, zod's small build only says "Invalid input".
z.config(english());

export const accountId = z.string().check(z.regex(/^\d{12}$/, 'an account id has twelve digits'));

/** ISO-8601 in UTC, for example `2026-11-21T09:00:00.000Z`. */
export const instant = z.iso.datetime('an instant is ISO-8601 in UTC, such as 2026-11-21T09:00:00.000Z');

/** A central table: `<domain>_<database>.<table>`. */
export const tableName = z
  .string()
  .check(
    z.regex(/^[a-z0-9_-]{1,255}\.[a-z0-9_-]{1,255}$/, 'a table is named <central database>.<table>, in lower case'),
  );

/** Sets who may use it; chosen by the requester, unique in the mesh. */
export const requestId = z
  .string()
  .check(z.regex(/^[A-Za-z0-9_-]{1,64}$/, 'a request id has 1 to 64 letters, digits, _ or -'));

/** An IAM role or user. */
export const principalArn = z
  .string()
  .check(
    z.regex(
      /^arn:aws[a-z-]*:iam::\d{12}:(role|user)\/[\w+=,.@/-]{1,512}$/,
      'a principal is the ARN of a role or a user',
    ),
  );

/** A column's own name, or, of one table among several, `<table>.<column>`. */
export const columnName = z.string().check(z.minLength(1), z.maxLength(767));

/** Bytes of all of them: what is kept and told of them, with a reason for each, has to fit into one event (256 KB) and one item (400 KB). */
const MOST_BYTES = 60_000;

/** Columns that somebody names. */
export const columnNames = z.array(columnName).check(
  z.minLength(1),
  z.maxLength(1000),
  z.refine(names => Buffer.byteLength(JSON.stringify(names)) <= MOST_BYTES, {
    error: `the names have ${MOST_BYTES} bytes together at the most`,
  }),
);

const metadata = z.object({
  /** From the sender; the same event sent again has the same one. */
  eventId: z.string().check(z.minLength(1), z.maxLength(128)),
  occurredAt: z.optional(instant),
  schemaVersion: z.optional(z.string()),
  correlationId: z.optional(z.string()),
});

/** `detail` of an event of ours. */
export function detailOf<T extends z.ZodMiniType>(data: T) {
  return z.object({ metadata, data });
}

/** What EventBridge puts around every event. `account` is set by AWS and is the only identity that an event proves. */
export const envelope = z.object({
  id: z.string(),
  source: z.string(),
  'detail-type': z.string(),
  account: accountId,
  time: z.string(),
  region: z.string(),
  resources: z.optional(z.array(z.string())),
  /** Of an event that comes from an archive. */
  'replay-name': z.optional(z.string()),
  detail: z.unknown(),
});
export type Envelope = z.infer<typeof envelope>;
