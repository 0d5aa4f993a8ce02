import type { ResourceType } from './resource-type.ts';
import { DYNAMO_TYPES } from './types/dynamo.ts';
import { EVENTS_TYPES } from './types/events.ts';
import { FUNCTION_TYPES } from './types/functions.ts';
import { IAM_TYPES } from './types/iam.ts';
import { INERT_TYPES } from './types/inert.ts';
import { KMS_TYPES } from './types/kms.ts';
import { QUEUE_TYPES } from './types/queues.ts';
import { S3_TYPES } from './types/s3.ts';
import { SNS_TYPES } from './types/sns.ts';
import { STATES_TYPES } from './types/states.ts';

/** The resource types that the local mesh has. Any other stops the boot. */
export const RESOURCE_TYPES: ReadonlyMap<string, ResourceType> = new Map(
  Object.entries({
    ...DYNAMO_TYPES,
    ...EVENTS_TYPES,
    ...FUNCTION_TYPES,
    ...IAM_TYPES,
    ...INERT_TYPES,
    ...KMS_TYPES,
    ...QUEUE_TYPES,
    ...S3_TYPES,
    ...SNS_TYPES,
    ...STATES_TYPES,
  }),
);
