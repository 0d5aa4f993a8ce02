/** What EventBridge makes of a target's refusal: whether to try again, and the code that the dead letter carries. */
import { AwsError } from '../core/aws-error.ts';

export interface DeliveryFailure {
  /** Never tried again. */
  isPermanent: boolean;
  /** A dead letter's `ERROR_CODE`. Source: EventBridge user guide, eb-rule-dlq. */
  code: string;
  message: string;
}

const NO_PERMISSION = /AccessDenied|NotAuthorized|Unauthorized/;
const MISSING = /NotFound|NonExistent|DoesNotExist/;
const THROTTLED = /Throttl|TooManyRequests|OverLimit|SlowDown|ProvisionedThroughputExceeded/;
/** Codes that EventBridge itself gives. */
const OWN_CODES = new Set(['THIRD_ACCOUNT_HOP_DETECTED', 'FAILED_TO_ASSUME_ROLE']);

/**
 * Missing permissions and missing targets are not tried again; of the other answers only 429 and 5xx are.
 * Sources: EventBridge user guide, eb-rule-dlq; AWS re:Post, "eventbridge resolve failedinvocation errors".
 */
export function classifyFailure(error: unknown): DeliveryFailure {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof AwsError)) return { isPermanent: false, code: 'INTERNAL_ERROR', message };
  if (OWN_CODES.has(error.code)) return { isPermanent: true, code: error.code, message };
  if (NO_PERMISSION.test(error.code)) return { isPermanent: true, code: 'NO_PERMISSIONS', message };
  if (MISSING.test(error.code)) return { isPermanent: true, code: 'NO_RESOURCE', message };
  if (THROTTLED.test(error.code) || error.status === 429) return { isPermanent: false, code: 'THROTTLING', message };
  // A target type that the local mesh does not have will not come with time.
  if (error.status >= 500 && error.status !== 501) return { isPermanent: false, code: 'ERROR_FROM_TARGET', message };
  return { isPermanent: true, code: 'INVALID_PARAMETER', message };
}
