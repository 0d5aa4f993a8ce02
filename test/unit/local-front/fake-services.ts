/** A front over services that say what they were asked, for tests of the wire. */
import { AwsError } from '../../../local/core/aws-error.ts';
import { OrderedFaults } from '../../../local/core/ordered-faults.ts';
import type { Access, Caller, Operation, Service, Wire } from '../../../local/core/service.ts';
import type { LocalControls } from '../../../local/front/local-routes.ts';
import { createFront } from '../../../local/front/server.ts';

export const ACCOUNT = '111111111111';
export const CREDENTIALS = { accessKeyId: ACCOUNT, secretAccessKey: 'any' };

type Run = (input: Wire, caller: Caller) => unknown;

/** A service whose operations run what is given; each names one access. */
export function fakeService(id: string, runs: Record<string, Run>): Service {
  const operations = Object.entries(runs).map(([name, run]): [string, Operation] => [
    name,
    { access: () => [{ action: `${id}:${name}`, resource: '*' }], run: (input, call) => run(input, call.caller) },
  ]);
  return { id, operations: Object.fromEntries(operations) };
}

export async function startFront(
  services: Service[],
  options: { controls?: Partial<LocalControls>; authorize?: (caller: Caller, access: Access) => void } = {},
) {
  const logged: string[] = [];
  const front = createFront({
    services,
    callerOf(accessKeyId, sessionToken) {
      const arn = `arn:aws:iam::${ACCOUNT}:root`;
      if (accessKeyId === ACCOUNT) return { account: ACCOUNT, arn, principal: arn, isAdministrator: true };
      if (accessKeyId === 'ASIASESSION' && sessionToken === 'token')
        return {
          account: ACCOUNT,
          arn: `arn:aws:sts::${ACCOUNT}:assumed-role/R/s`,
          principal: `arn:aws:iam::${ACCOUNT}:role/R`,
          isAdministrator: false,
        };
      throw new AwsError('UnrecognizedClientException', 'The security token included in the request is invalid.');
    },
    authorize: options.authorize ?? (() => {}),
    controls: {
      advance: async () => '2026-01-01T00:00:00.000Z',
      settle: async () => [],
      calls: () => [],
      faults: new OrderedFaults(),
      ...options.controls,
    },
    log: message => logged.push(message),
  });
  const endpoint = await front.listen(0);
  return { front, endpoint, logged, config: { endpoint, region: 'us-east-1', credentials: CREDENTIALS } };
}
