import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { Activity } from '../../../local/core/activity.ts';
import { AwsError } from '../../../local/core/aws-error.ts';
import { VirtualClock } from '../../../local/core/clock.ts';
import { administrator, type Wire } from '../../../local/core/service.ts';
import type { FunctionConfiguration } from '../../../local/functions/function-configuration.ts';
import { createFunctions } from '../../../local/functions/functions.ts';
import { createQueues } from '../../../local/queues/queues.ts';

export const ACCOUNT = '111111111111';
export const ROLE = `arn:aws:iam::${ACCOUNT}:role/worker`;

/** A folder with a deployed bundle, gone when the test ends. */
export function codeFolder(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'trellis-function-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

/** Lambda with SQS beside it. `denied` are actions that the functions' role lacks. */
export function startLambda(
  options: {
    endpoint?: string;
    maxEnvironments?: number;
    maxWarmEnvironments?: number;
    denied?: string[];
    takeMetrics?: (account: string, line: string) => boolean;
  } = {},
) {
  const activity = new Activity();
  const clock = new VirtualClock(activity);
  const lines: string[] = [];
  const endpoint = () => options.endpoint ?? 'http://127.0.0.1:4566';
  const queues = createQueues({ clock, activity, endpoint });
  const functions = createFunctions({
    clock,
    activity,
    queues,
    endpoint,
    maxEnvironments: options.maxEnvironments,
    maxWarmEnvironments: options.maxWarmEnvironments,
    takeMetrics: options.takeMetrics,
    credentialsFor: (role, session) => ({
      accessKeyId: `key of ${role}`,
      secretAccessKey: 'secret',
      sessionToken: `token of ${session}`,
    }),
    requireRole(role, { action }) {
      if (options.denied?.includes(action))
        throw new AwsError('AccessDeniedException', `${role} may not ${action}`, { status: 403 });
    },
    log: ({ functionName, text }) => lines.push(`${functionName}: ${text}`),
  });
  onTestFinished(async () => {
    await functions.stop();
    clock.stop();
  });

  /** Deploys `index.mjs` with this source; returns the function's ARN. */
  function deploy(FunctionName: string, source: string, more: Partial<FunctionConfiguration> = {}): string {
    functions.create(ACCOUNT, {
      FunctionName,
      Handler: 'index.handler',
      Runtime: 'nodejs24.x',
      Role: ROLE,
      Timeout: 5,
      codeDirectory: codeFolder({ 'index.mjs': source }),
      ...more,
    });
    return `arn:aws:lambda:us-east-1:${ACCOUNT}:function:${FunctionName}`;
  }
  async function invoke(arn: string, event: Wire = {}): Promise<{ answer: Wire; functionError: string | undefined }> {
    const { payload, functionError } = await functions.invoke(arn, JSON.stringify(event));
    return { answer: JSON.parse(payload), functionError };
  }
  async function lambda(operation: string, input: Wire, account = ACCOUNT): Promise<Wire> {
    return functions.service.operations[operation]!.run(input, administrator(account));
  }
  async function createQueue(QueueName: string, Attributes: Record<string, string> = {}): Promise<string> {
    await queues.service.operations.CreateQueue!.run({ QueueName, Attributes }, administrator(ACCOUNT));
    return `arn:aws:sqs:us-east-1:${ACCOUNT}:${QueueName}`;
  }
  /** The JSON bodies of all visible messages. */
  function bodiesOf(queueArn: string): Wire[] {
    return queues.receive(queueArn, 100, 0).map(message => JSON.parse(message.Body));
  }
  return { activity, clock, queues, functions, lines, deploy, invoke, lambda, createQueue, bodiesOf };
}
