import type { Service } from '../core/service.ts';
import { jsonProtocol } from './json-protocol.ts';
import type { Protocol } from './protocol.ts';
import { queryProtocol } from './query-protocol.ts';
import { LAKE_FORMATION, LAMBDA, ramLayout, restJsonProtocol } from './rest-json-protocol.ts';
import { S3 } from './s3-protocol.ts';
import { isForS3 } from './signature.ts';
import { sqsQueryCode } from './sqs-query-codes.ts';
import type { WireRequest } from './wire-request.ts';

const JSON_1_0 = jsonProtocol('1.0');
const JSON_1_1 = jsonProtocol('1.1');
const STS = queryProtocol('https://sts.amazonaws.com/doc/2011-06-15/');
// Source: "Common error types" in the SNS API reference.
const SNS = queryProtocol('http://sns.amazonaws.com/doc/2010-03-31/', {
  AccessDeniedException: { code: 'AuthorizationError', status: 403 },
});

/** The protocol that the SDKs speak with the service. Source: the installed SDK's clients and botocore's models. */
export function protocolOf(service: Service): Protocol {
  switch (service.id) {
    case 'sqs':
      return jsonProtocol('1.0', sqsQueryCode);
    // Its errors once were those of the query protocol, and boto3 names them so.
    case 'monitoring':
      return jsonProtocol('1.0', code => code.replace(/Exception$/, ''));
    case 'dynamodb':
    case 'states':
      return JSON_1_0;
    case 'events':
    case 'glue':
    case 'athena':
    case 'kms':
      return JSON_1_1;
    case 's3':
      return S3;
    case 'lakeformation':
      return restJsonProtocol('Lake Formation', LAKE_FORMATION);
    case 'ram':
      return restJsonProtocol('RAM', ramLayout(Object.keys(service.operations)));
    case 'lambda':
      return restJsonProtocol('Lambda', LAMBDA);
    case 'sts':
      return STS;
    case 'sns':
      return SNS;
    default:
      throw new Error(`No protocol is known for the service ${service.id}`);
  }
}

/** How to tell an error to a caller whose service is unknown: as the request looks, by its headers with names in lower case. */
export function protocolByLooks(headers: WireRequest['headers']): Protocol {
  if (isForS3(headers)) return S3;
  if (headers['content-type']?.startsWith('application/x-www-form-urlencoded')) return STS;
  return JSON_1_1;
}
