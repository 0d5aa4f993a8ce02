import type { Connection } from '../shared/aws/apply-services.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The options of every command that talks to AWS. */
export interface ConnectionOptions {
  stage?: string;
  profile?: string;
  region?: string;
  endpointUrl?: string;
}

/** The command cannot be understood: exit code 2. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/**
 * Which stage is meant: `--stage`, TRELLIS_STAGE, or `local` when the endpoint is this machine. @throws UsageError when nothing says it.
 */
export function stageOf(options: ConnectionOptions, environment: Environment): string {
  const stage =
    options.stage ??
    given(environment.TRELLIS_STAGE) ??
    (isLoopback(endpointOf(options, environment)) ? 'local' : undefined);
  if (stage === undefined) throw new UsageError('Which stage? Give --stage, or set TRELLIS_STAGE.');
  return stage;
}

/**
 * How AWS is reached. What the options leave open, the SDK finds in AWS's usual environment and files; AWS_DEFAULT_REGION, which the AWS CLI
 * knows and this SDK does not, is read here. The local mesh is in us-east-1 whatever is set elsewhere.
 * @throws UsageError when the endpoint is not an address.
 */
export function connectionOf(options: ConnectionOptions, environment: Environment): Connection {
  const endpoint = endpointOf(options, environment);
  const region =
    options.region ??
    given(environment.AWS_REGION) ??
    given(environment.AWS_DEFAULT_REGION) ??
    (isLoopback(endpoint) ? 'us-east-1' : undefined);
  return {
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
    ...(options.profile !== undefined && { profile: options.profile }),
  };
}

function endpointOf(options: ConnectionOptions, environment: Environment): string | undefined {
  const endpoint = options.endpointUrl ?? given(environment.AWS_ENDPOINT_URL);
  if (endpoint === undefined || /^https?:$/.test(URL.parse(endpoint)?.protocol ?? '')) return endpoint;
  throw new UsageError(`The endpoint is not an address: ${endpoint}`);
}

function isLoopback(endpoint: string | undefined): boolean {
  const host = endpoint === undefined ? '' : (URL.parse(endpoint)?.hostname ?? '');
  return host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/** A variable that is set to nothing is not set. */
function given(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}
