import { SFNClient } from '@aws-sdk/client-sfn';
import { clientOptions } from './clients.ts';

// Apart from the other clients: a bundle that loads Step Functions only when a machine waits would otherwise load it with them.

export function sfnClient(): SFNClient {
  return new SFNClient(clientOptions);
}
