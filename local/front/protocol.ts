import type { AwsError } from '../core/aws-error.ts';
import type { Wire } from '../core/service.ts';
import type { WireAnswer, WireRequest } from './wire-request.ts';

/** How a service's calls are framed in HTTP. */
export interface Protocol {
  /** The operation's name and its input. Throws an AwsError for what cannot be read. */
  read(request: WireRequest): { operation: string; input: Wire };
  answer(operation: string, output: Wire, requestId: string): WireAnswer;
  error(error: AwsError, requestId: string): WireAnswer;
}
