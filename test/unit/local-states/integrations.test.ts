import { describe, expect, it } from 'vitest';
import { AwsError } from '../../../local/core/aws-error.ts';
import type { Access, Wire } from '../../../local/core/service.ts';
import { lambda, rig } from './rig.ts';

const task = (resource: string, args: unknown, more: Wire = {}) => ({
  Type: 'Task',
  Resource: resource,
  Arguments: args,
  End: true,
  ...more,
});

describe('tasks', () => {
  it('invokes a function by name or ARN and gives the answer under Payload', async () => {
    const { run } = rig({ functions: { greet: ({ who }) => `hello ${who}` } });
    for (const FunctionName of ['greet', 'arn:aws:lambda:us-east-1:111111111111:function:greet:$LATEST']) {
      const { output } = await run({
        T: task('arn:aws:states:::lambda:invoke', { FunctionName, Payload: { who: 'you' } }),
      });
      expect(output).toEqual({ ExecutedVersion: '$LATEST', Payload: 'hello you', StatusCode: 200 });
    }
  });

  it('asks the machine’s role first: a denial fails the task, and the function is not invoked', async () => {
    const asked: Access[] = [];
    const { run, invoked } = rig({
      isAllowed: access => {
        asked.push(access);
        return false;
      },
    });
    const execution = await run({ T: lambda('secret', { End: true }) });
    expect(execution).toMatchObject({ status: 'FAILED', error: 'Lambda.AWSLambdaException' });
    expect(execution.cause).toContain('not authorized to perform: lambda:InvokeFunction');
    expect(asked).toEqual([
      { action: 'lambda:InvokeFunction', resource: 'arn:aws:lambda:us-east-1:111111111111:function:secret' },
    ]);
    expect(invoked).toEqual([]);
  });

  it('names what Lambda itself answers after the service', async () => {
    const { run } = rig({
      functions: {
        busy: () => {
          throw new AwsError('TooManyRequestsException', 'Rate exceeded', { status: 429 });
        },
      },
    });
    expect(await run({ T: lambda('busy', { End: true }) })).toMatchObject({ error: 'Lambda.TooManyRequestsException' });
  });

  it('starts another execution, with the role’s permission', async () => {
    const mesh = rig();
    const inner = await mesh.machine({ In: { Type: 'Pass', End: true } });
    const { output } = await mesh.run({
      T: task('arn:aws:states:::states:startExecution', { StateMachineArn: inner, Name: 'inner-1', Input: { n: 1 } }),
    });
    expect(output.ExecutionArn).toBe(`${inner.replace(':stateMachine:', ':execution:')}:inner-1`);
    await mesh.activity.idle();
    expect(await mesh.describe(output.ExecutionArn)).toMatchObject({ status: 'SUCCEEDED', output: { n: 1 } });
    const again = await mesh.run({
      T: task('arn:aws:states:::states:startExecution', { StateMachineArn: inner, Name: 'inner-1', Input: { n: 2 } }),
    });
    expect(again).toMatchObject({ status: 'FAILED', error: 'StepFunctions.ExecutionAlreadyExistsException' });
  });

  it('calls a service as the SDK would, and names its errors after it', async () => {
    const calls: Wire[] = [];
    const { run } = rig({
      service(serviceId, operation, input) {
        calls.push([serviceId, operation, input]);
        if (operation === 'PutItem')
          throw new AwsError('ConditionalCheckFailedException', 'The conditional request failed');
        return operation === 'DescribeExecution' ? { executionArn: 'e', status: 'RUNNING' } : { ok: true };
      },
    });
    expect((await run({ T: task('arn:aws:states:::aws-sdk:glue:getTable', { Name: 't' }) })).output).toEqual({
      ok: true,
    });
    expect(
      (await run({ T: task('arn:aws:states:::aws-sdk:sfn:describeExecution', { ExecutionArn: 'e' }) })).output,
    ).toEqual({
      ExecutionArn: 'e',
      Status: 'RUNNING',
    });
    const failed = await run({ T: task('arn:aws:states:::aws-sdk:dynamodb:putItem', { TableName: 't' }) });
    expect(failed).toMatchObject({ status: 'FAILED', error: 'DynamoDb.ConditionalCheckFailedException' });
    expect(calls).toEqual([
      ['glue', 'GetTable', { Name: 't' }],
      ['states', 'DescribeExecution', { executionArn: 'e' }],
      ['dynamodb', 'PutItem', { TableName: 't' }],
    ]);
  });

  it('puts events with the execution among their resources, and fails when an entry failed', async () => {
    let failures = 0;
    const entries: Wire[] = [];
    const { run } = rig({
      service(_, __, input) {
        entries.push(...input.Entries);
        return { FailedEntryCount: failures, Entries: [] };
      },
    });
    const states = { T: task('arn:aws:states:::events:putEvents', { Entries: [{ Detail: { a: 1 }, Source: 's' }] }) };
    const execution = await run(states);
    expect(execution.status).toBe('SUCCEEDED');
    expect(entries[0]).toEqual({
      Detail: '{"a":1}',
      Source: 's',
      Resources: [execution.executionArn, execution.stateMachineArn],
    });
    failures = 1;
    expect(await run(states)).toMatchObject({ status: 'FAILED', error: 'EventBridge.FailedEntry' });
  });
});
