import { existsSync } from 'node:fs';
import { devNull } from 'node:os';
import { basename, join } from 'node:path';
import { AwsError, notInLocalMesh } from '../core/aws-error.ts';
import { REGION } from '../core/service.ts';

/** `AWS::Lambda::Function` as far as the mesh follows it, and where its code is. */
export interface FunctionConfiguration {
  FunctionName: string;
  /** `index.handler`, or with folders: `dist/sync-table/index.handler`. */
  Handler: string;
  Runtime: string;
  /** The execution role's ARN. */
  Role: string;
  /** Seconds; 3 unless set. */
  Timeout?: number;
  /** MB; 128 unless set. */
  MemorySize?: number;
  Environment?: { Variables?: Record<string, string> };
  ReservedConcurrentExecutions?: number;
  /** Absolute path of the folder with the deployed ESM bundle. */
  codeDirectory: string;
}

export type CompleteConfiguration = FunctionConfiguration & { Timeout: number; MemorySize: number };

export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
}

/** Variables that the service sets itself. Source: Lambda Developer Guide, defined runtime environment variables. */
const RESERVED =
  /^(_HANDLER|_X_AMZN_TRACE_ID|AWS_DEFAULT_REGION|AWS_REGION|AWS_EXECUTION_ENV|AWS_LAMBDA_\w+|AWS_ACCESS_KEY(_ID)?|AWS_SECRET_ACCESS_KEY|AWS_SESSION_TOKEN|LAMBDA_TASK_ROOT|LAMBDA_RUNTIME_DIR)$/;

export function invalidValue(message: string): AwsError {
  return new AwsError('InvalidParameterValueException', message);
}

export function functionArn(account: string, functionName: string): string {
  return `arn:aws:lambda:${REGION}:${account}:function:${functionName}`;
}

/** Fills in the defaults. @throws InvalidParameterValueException; runtimes other than nodejs24.x are not in the local mesh. */
export function completeConfiguration(given: FunctionConfiguration): CompleteConfiguration {
  // CloudFormation's parameters may make text of a number.
  const configuration = { ...given, Timeout: Number(given.Timeout ?? 3), MemorySize: Number(given.MemorySize ?? 128) };
  const { FunctionName, Runtime, Timeout, MemorySize } = configuration;
  if (Runtime !== 'nodejs24.x')
    throw notInLocalMesh(`the Lambda runtime ${Runtime} of ${FunctionName}; it has nodejs24.x`);
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(FunctionName)) throw invalidValue(`${FunctionName} is not a valid function name.`);
  if (!(Timeout >= 1 && Timeout <= 900))
    throw invalidValue(`Timeout of ${FunctionName} must be between 1 and 900 seconds.`);
  if (!(MemorySize >= 128 && MemorySize <= 10_240)) {
    throw invalidValue(`MemorySize of ${FunctionName} must be between 128 and 10240 MB.`);
  }
  const reserved = Object.keys(given.Environment?.Variables ?? {}).filter(name => RESERVED.test(name));
  if (reserved.length > 0) {
    throw invalidValue(`The environment variables of ${FunctionName} contain reserved keys: ${reserved.join(', ')}.`);
  }
  return configuration;
}

/**
 * The module and the export that a handler names. The folder of the code holds the handler's path (as a deployed package does), or
 * the last part of it (as `dist/<function>` does).
 */
export function locateHandler({ Handler, codeDirectory }: FunctionConfiguration): { file: string; exportName: string } {
  const dot = Handler.lastIndexOf('.');
  const path = Handler.slice(0, dot);
  const candidates = [path, basename(path)]
    .flatMap(name => [`${name}.mjs`, `${name}.js`])
    .map(name => join(codeDirectory, name));
  // None: the import says what is missing, when the function is invoked, as on AWS.
  return { file: candidates.find(existsSync) ?? candidates[0]!, exportName: Handler.slice(dot + 1) };
}

/**
 * The whole environment of a function's process: nothing of the machine's own, whose AWS configuration files are hidden.
 * `AWS_ENDPOINT_URL` sends every call of the SDK to the mesh.
 * Simplification: a thread has the time zone of the process, whatever TZ says.
 */
export function environmentVariables(
  configuration: CompleteConfiguration,
  credentials: Credentials,
  endpoint: string,
): Record<string, string> {
  const { FunctionName, Handler, MemorySize, Environment } = configuration;
  const own = Object.entries(Environment?.Variables ?? {}).map(([name, value]) => [name, String(value)]);
  return {
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
    ...Object.fromEntries(own),
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: REGION,
    AWS_DEFAULT_REGION: REGION,
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_LAMBDA_FUNCTION_NAME: FunctionName,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(MemorySize),
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${FunctionName}`,
    AWS_LAMBDA_LOG_STREAM_NAME: `local/[$LATEST]${crypto.randomUUID().replaceAll('-', '')}`,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_SESSION_TOKEN: credentials.sessionToken,
    LAMBDA_TASK_ROOT: configuration.codeDirectory,
    _HANDLER: Handler,
    TZ: ':UTC',
  };
}
