import { AwsError } from '../core/aws-error.ts';
import { REGION } from '../core/service.ts';
import type { WireRequest } from './wire-request.ts';

export interface Signature {
  accessKeyId: string;
  /** The service in the credential scope. */
  serviceId: string;
  sessionToken: string | undefined;
}

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256\s+Credential=([^/,\s]+)\/\d{8}\/([a-z0-9-]+)\/([a-z0-9-]+)\/aws4_request(?:,|\s|$)/;

/** Whether the request is signed for S3. `headers` by names in lower case. */
export function isForS3(headers: WireRequest['headers']): boolean {
  return /\/s3\/aws4_request(?:,|\s|$)/.test(headers.authorization ?? '');
}

/**
 * Who signed the request, and for which service. Throws when it is not signed, or for another Region.
 * Simplification: the signature itself and its date are not checked; whoever reaches the loopback interface may say any account id.
 * Source of the form: AWS General Reference, "Signature Version 4 signing process", Authorization header.
 */
export function readSignature(request: WireRequest): Signature {
  const authorization = request.headers.authorization;
  if (!authorization)
    throw new AwsError('MissingAuthenticationTokenException', 'Missing Authentication Token', { status: 403 });
  const [, accessKeyId, region, serviceId] = AUTHORIZATION.exec(authorization) ?? [];
  if (!accessKeyId || !serviceId)
    throw new AwsError(
      'IncompleteSignatureException',
      'Authorization header requires AWS4-HMAC-SHA256 and a Credential of <key>/<date>/<region>/<service>/aws4_request.',
    );
  if (region !== REGION)
    throw new AwsError(
      'InvalidSignatureException',
      `The local mesh is in ${REGION}; the request is signed for ${region}.`,
      {
        status: 403,
      },
    );
  return { accessKeyId, serviceId, sessionToken: request.headers['x-amz-security-token'] };
}
