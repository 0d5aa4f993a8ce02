import { describe, expect, it } from 'vitest';
import { startLambda } from './lambda.ts';

/** Fails the first `failures` times; says which attempt it is. */
const failing = (failures: number) => `
  let attempt = 0;
  export const handler = async event => {
    if (++attempt <= ${failures}) throw new Error('attempt ' + attempt + ' of ' + event.table);
    return { attempt };
  };`;

describe('an asynchronous invoke', () => {
  it('is accepted at once, and is activity until it was handled', async () => {
    const { deploy, functions, activity, lines } = startLambda();
    const arn = deploy(
      'quiet',
      "export const handler = async event => { await new Promise(done => setTimeout(done, 30)); console.log('got', event.table); };",
    );
    await functions.invokeAsync(arn, '{"table":"flights"}');
    expect(activity.labels()).toContain('asynchronous invoke quiet');
    await activity.idle();
    await expect.poll(() => lines).toEqual(['quiet: got flights']);
  });

  it('is tried again after one minute, then after two; the waits are not activity', async () => {
    const { deploy, functions, activity, clock, createQueue, bodiesOf } = startLambda();
    const done = await createQueue('done');
    const arn = deploy('mends', failing(2));
    functions.configureAsync('111111111111', 'mends', { DestinationConfig: { OnSuccess: { Destination: done } } });
    await functions.invokeAsync(arn, '{"table":"flights"}');
    expect(await activity.idle(5_000)).toBe(true);
    await clock.advance(60 + 119);
    expect(bodiesOf(done)).toEqual([]);
    await clock.advance(2);
    expect(bodiesOf(done)).toMatchObject([
      {
        requestContext: { condition: 'Success', approximateInvokeCount: 3 },
        responseContext: { statusCode: 200, executedVersion: '$LATEST' },
        responsePayload: { attempt: 3 },
      },
    ]);
  });

  it('is told to the failure destination when its retries are exhausted', async () => {
    const { deploy, functions, clock, createQueue, bodiesOf } = startLambda();
    const dead = await createQueue('dead');
    const arn = deploy('fails', failing(9));
    functions.configureAsync('111111111111', arn, { DestinationConfig: { OnFailure: { Destination: dead } } });
    await functions.invokeAsync(arn, '{"table":"flights"}');
    await clock.advance(200);
    expect(bodiesOf(dead)).toEqual([
      {
        version: '1.0',
        timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
        requestContext: {
          requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
          functionArn: `${arn}:$LATEST`,
          condition: 'RetriesExhausted',
          approximateInvokeCount: 3,
        },
        requestPayload: { table: 'flights' },
        responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
        responsePayload: { errorType: 'Error', errorMessage: 'attempt 3 of flights', trace: expect.any(Array) },
      },
    ]);
  });

  it('is tried as often, and kept as long, as it is configured', async () => {
    const { deploy, functions, clock, createQueue, bodiesOf } = startLambda();
    const dead = await createQueue('dead');
    const DestinationConfig = { OnFailure: { Destination: dead } };
    const once = deploy('once', failing(9));
    functions.configureAsync('111111111111', 'once', { MaximumRetryAttempts: 0, DestinationConfig });
    await functions.invokeAsync(once, '{}');
    await clock.advance(0);
    expect(bodiesOf(dead)).toMatchObject([
      { requestContext: { condition: 'RetriesExhausted', approximateInvokeCount: 1 } },
    ]);
    const short = deploy('short', failing(9));
    functions.configureAsync('111111111111', 'short', { MaximumEventAgeInSeconds: 100, DestinationConfig });
    await functions.invokeAsync(short, '{}');
    await clock.advance(90);
    expect(bodiesOf(dead)).toHaveLength(1);
    await clock.advance(20);
    expect(bodiesOf(dead)[1]).toMatchObject({
      requestContext: { condition: 'EventAgeExceeded', approximateInvokeCount: 2 },
    });
  });

  it('goes to the failure destination untried when the function may not run', async () => {
    const { deploy, functions, clock, createQueue, bodiesOf, invoke } = startLambda();
    const dead = await createQueue('dead');
    const arn = deploy('off', failing(0), { ReservedConcurrentExecutions: 0 });
    functions.configureAsync('111111111111', 'off', { DestinationConfig: { OnFailure: { Destination: dead } } });
    await functions.invokeAsync(arn, '{"table":"flights"}');
    await clock.advance(0);
    expect(bodiesOf(dead)).toMatchObject([
      { requestContext: { condition: 'ZeroReservedConcurrency', approximateInvokeCount: 0 } },
    ]);
    expect(bodiesOf(dead)[0]).not.toHaveProperty('responsePayload');
    await expect(invoke(arn)).rejects.toMatchObject({ code: 'TooManyRequestsException' });
  });

  it('is not configured with a destination that the role may not send to, or that is not a queue', async () => {
    const { deploy, functions, createQueue } = startLambda({ denied: ['sqs:SendMessage'] });
    const dead = await createQueue('dead');
    deploy('fails', failing(9));
    const configure = (Destination: string) => () =>
      functions.configureAsync('111111111111', 'fails', { DestinationConfig: { OnFailure: { Destination } } });
    expect(configure(dead)).toThrow(/does not have permissions to call SendMessage on .*:dead/);
    expect(configure('arn:aws:sns:us-east-1:111111111111:topic')).toThrow(
      /local mesh does not have Lambda destinations other than SQS/,
    );
  });

  it('says in the log that its record could not be delivered', async () => {
    const denied: string[] = [];
    const { deploy, functions, clock, createQueue, bodiesOf, lines } = startLambda({ denied });
    const dead = await createQueue('dead');
    const arn = deploy('fails', failing(9));
    functions.configureAsync('111111111111', 'fails', {
      MaximumRetryAttempts: 0,
      DestinationConfig: { OnFailure: { Destination: dead } },
    });
    denied.push('sqs:SendMessage');
    await functions.invokeAsync(arn, '{}');
    await clock.advance(0);
    expect(bodiesOf(dead)).toEqual([]);
    expect(lines).toContainEqual(expect.stringContaining('AccessDeniedException'));
  });

  it('refuses what is not JSON, and functions that do not exist', async () => {
    const { deploy, functions } = startLambda();
    await expect(functions.invokeAsync(deploy('any', failing(0)), 'not json')).rejects.toMatchObject({
      code: 'InvalidRequestContentException',
    });
    await expect(
      functions.invokeAsync('arn:aws:lambda:us-east-1:111111111111:function:none', '{}'),
    ).rejects.toMatchObject({ code: 'ResourceNotFoundException' });
  });
});
