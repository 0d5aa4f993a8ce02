import { describe, expect, it } from 'vitest';
import { administrator } from '../../../local/core/service.ts';
import { ACCOUNT, ROLE, startLambda } from './lambda.ts';

const ECHO = "export const handler = async event => { if (event.fails) throw new Error('no'); return { event }; };";

describe('Invoke', () => {
  it('waits for the answer, and tells a function’s error as one', async () => {
    const { deploy, lambda } = startLambda();
    const arn = deploy('echo', ECHO);
    for (const FunctionName of ['echo', arn, `${arn}:$LATEST`, `${ACCOUNT}:function:echo`]) {
      expect(await lambda('Invoke', { FunctionName, Payload: '{"a":1}' })).toEqual({
        StatusCode: 200,
        ExecutedVersion: '$LATEST',
        Payload: '{"event":{"a":1}}',
      });
    }
    expect(await lambda('Invoke', { FunctionName: 'echo', Payload: '{"fails":1}' })).toMatchObject({
      StatusCode: 200,
      FunctionError: 'Unhandled',
      Payload: expect.stringContaining('"errorMessage":"no"'),
    });
    expect(await lambda('Invoke', { FunctionName: 'echo' })).toMatchObject({ Payload: '{"event":{}}' });
  });

  it('only accepts an Event, and runs nothing for a DryRun', async () => {
    const { deploy, lambda, activity, lines } = startLambda();
    deploy('talk', 'export const handler = async event => console.log(event.n);');
    expect(
      await lambda('Invoke', { FunctionName: 'talk', InvocationType: 'DryRun', Payload: '{"n":1}' }),
    ).toMatchObject({ StatusCode: 204 });
    expect(await lambda('Invoke', { FunctionName: 'talk', InvocationType: 'Event', Payload: '{"n":2}' })).toMatchObject(
      { StatusCode: 202 },
    );
    await activity.idle();
    await expect.poll(() => lines).toEqual(['talk: 2']);
  });

  it('refuses bad payloads and missing functions', async () => {
    const { deploy, lambda } = startLambda();
    deploy('echo', ECHO);
    await expect(lambda('Invoke', { FunctionName: 'echo', Payload: '{' })).rejects.toMatchObject({
      code: 'InvalidRequestContentException',
    });
    const Payload = JSON.stringify('x'.repeat(1_048_576));
    await expect(lambda('Invoke', { FunctionName: 'echo', InvocationType: 'Event', Payload })).rejects.toMatchObject({
      code: 'RequestTooLargeException',
      status: 413,
    });
    await expect(lambda('Invoke', { FunctionName: 'none' })).rejects.toMatchObject({
      code: 'ResourceNotFoundException',
      status: 404,
    });
    await expect(lambda('Invoke', { FunctionName: 'echo' }, '222222222222')).rejects.toMatchObject({
      code: 'ResourceNotFoundException',
    });
  });

  it('asks IAM about the function, with the function’s own policy', async () => {
    const { deploy, functions } = startLambda();
    const arn = deploy('echo', ECHO);
    const access = () => functions.service.operations.Invoke!.access({ FunctionName: 'echo' }, administrator(ACCOUNT));
    expect(await access()).toEqual([{ action: 'lambda:InvokeFunction', resource: arn, resourcePolicy: undefined }]);
    const statement = {
      Effect: 'Allow',
      Principal: { Service: 'events.amazonaws.com' },
      Action: 'lambda:InvokeFunction',
      Resource: arn,
    } as const;
    functions.addPermission(ACCOUNT, 'echo', statement);
    expect(functions.policyOf(`${arn}:$LATEST`)).toEqual({ Version: '2012-10-17', Statement: [statement] });
    expect(await access()).toEqual([
      { action: 'lambda:InvokeFunction', resource: arn, resourcePolicy: functions.policyOf(arn) },
    ]);
  });
});

describe('a function', () => {
  it('is shown and listed in its account', async () => {
    const { deploy, lambda } = startLambda();
    const FunctionArn = deploy('echo', ECHO, { ReservedConcurrentExecutions: 1 });
    expect(await lambda('GetFunction', { FunctionName: 'echo' })).toMatchObject({
      Configuration: {
        FunctionName: 'echo',
        FunctionArn,
        Runtime: 'nodejs24.x',
        Role: ROLE,
        Handler: 'index.handler',
        Timeout: 5,
        MemorySize: 128,
      },
      Concurrency: { ReservedConcurrentExecutions: 1 },
    });
    expect((await lambda('ListFunctions', {})).Functions).toMatchObject([{ FunctionName: 'echo' }]);
    expect(await lambda('ListFunctions', {}, '222222222222')).toEqual({ Functions: [] });
  });

  it.each([
    [{ Runtime: 'python3.13' }, 'local mesh does not have the Lambda runtime python3.13'],
    [{ Timeout: 901 }, 'Timeout of bad must be between 1 and 900'],
    [{ MemorySize: 64 }, 'MemorySize of bad must be between 128 and 10240'],
    [{ Environment: { Variables: { AWS_REGION: 'eu-west-1' } } }, 'contain reserved keys: AWS_REGION'],
  ])('is not created with %j', (more, message) => {
    const { deploy } = startLambda();
    expect(() => deploy('bad', ECHO, more)).toThrow(message);
  });

  it('is not created twice', () => {
    const { deploy } = startLambda();
    deploy('echo', ECHO);
    expect(() => deploy('echo', ECHO)).toThrow('already exist');
  });
});
