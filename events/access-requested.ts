import * as z from 'zod/mini';
import { columnNames, detailOf, instant, principalArn, requestId, tableName } from './envelope.ts';

/** A consumer asks that a role or a user of its own account may read tables, for a purpose, until an end. */
export const accessRequested = {
  source: 'trellis.access',
  detailType: 'Access Requested',
  detail: detailOf(
    z
      .object({
        requestId,
        principal: principalArn,
        product: z.optional(z.string().check(z.minLength(1))),
        tables: z.optional(z.array(tableName).check(z.minLength(1), z.maxLength(20))),
        /** Left out: all that policy allows. */
        columns: z.optional(columnNames),
        rowFilter: z.optional(z.string().check(z.minLength(1), z.maxLength(4096))),
        permissions: z.optional(z.array(z.enum(['SELECT', 'DESCRIBE'])).check(z.minLength(1))),
        purpose: z.string().check(z.minLength(1), z.maxLength(256)),
        expiresAt: z.optional(instant),
        durationDays: z.optional(z.int().check(z.positive())),
      })
      .check(
        z.refine(data => (data.product === undefined) !== (data.tables === undefined), {
          error: 'name either a product or tables',
          path: ['tables'],
        }),
        z.refine(data => (data.expiresAt === undefined) !== (data.durationDays === undefined), {
          error: 'give either expiresAt or durationDays',
          path: ['expiresAt'],
        }),
      ),
  ),
};
export type AccessRequestedData = z.infer<typeof accessRequested.detail>['data'];
