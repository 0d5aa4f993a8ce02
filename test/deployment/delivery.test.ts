/** Nothing is lost on its way: retries, dead-letter queues, alarms, and time enough for each piece of work. */
import { describe, expect, it } from 'vitest';
import { restSeconds } from '../../shared/lambda/retry-pace.ts';
import { hub, list, type Resource, type Stack, spokes, statementsOf, targetsOf } from './stacks.ts';

const stacks: [string, Stack][] = [
  ['the hub', hub],
  ...spokes.map(spoke => [`the spoke ${spoke.account}`, spoke] as [string, Stack]),
];
const functions = hub.ofType('AWS::Lambda::Function');
const DAY = 86_400;

/** The queues that hold what could not be done: for whom, by ARN. */
function deadLetterQueues(stack: Stack): Map<string, string[]> {
  const queues = new Map<string, string[]>();
  const add = (arn: string, sender: string) => queues.set(arn, [...(queues.get(arn) ?? []), sender]);
  for (const { rule, target } of targetsOf(stack))
    if (target.DeadLetterConfig) add(target.DeadLetterConfig.Arn, rule.arn);
  for (const queue of stack.ofType('AWS::SQS::Queue'))
    if (queue.properties.RedrivePolicy) add(queue.properties.RedrivePolicy.deadLetterTargetArn, queue.arn);
  for (const { properties } of stack.ofType('AWS::Lambda::EventInvokeConfig'))
    add(properties.DestinationConfig.OnFailure.Destination, String(properties.FunctionName));
  return queues;
}

/** The rules that send to a queue: as its target, or what did not reach theirs. */
function rulesOf(stack: Stack, queue: Resource): string[] {
  const rules = targetsOf(stack)
    .filter(({ target }) => target.Arn === queue.arn || target.DeadLetterConfig?.Arn === queue.arn)
    .map(({ rule }) => rule.arn);
  return [...new Set(rules)].sort();
}

describe.each(stacks)('%s', (_, stack) => {
  it('retries what a rule sends, and keeps what did not arrive', () => {
    expect(targetsOf(stack).length).toBeGreaterThan(0);
    for (const { rule, target } of targetsOf(stack)) {
      expect(target, rule.id).toMatchObject({
        DeadLetterConfig: { Arn: expect.stringMatching(/^arn:aws:sqs:/) },
        RetryPolicy: { MaximumRetryAttempts: expect.any(Number), MaximumEventAgeInSeconds: expect.any(Number) },
      });
      // A schedule comes again by itself; an event does not, and EventBridge keeps trying for a day at most.
      if (rule.properties.EventPattern) expect(target.RetryPolicy.MaximumEventAgeInSeconds).toBe(DAY);
    }
  });

  it('has an alarm for each queue of dead letters, at the first one', () => {
    const alarms = stack.ofType('AWS::CloudWatch::Alarm').map(alarm => alarm.properties);
    for (const arn of deadLetterQueues(stack).keys()) {
      const QueueName = arn.split(':').at(-1);
      const own = alarms.filter(alarm =>
        list<{ Value: string }>(alarm.Dimensions).some(({ Value }) => Value === QueueName),
      );
      expect(own, QueueName).toMatchObject([
        {
          Namespace: 'AWS/SQS',
          MetricName: 'ApproximateNumberOfMessagesVisible',
          Dimensions: [{ Name: 'QueueName', Value: QueueName }],
          Threshold: 0,
          ComparisonOperator: 'GreaterThanThreshold',
          AlarmDescription: expect.stringContaining('docs/operations.md'),
        },
      ]);
    }
  });

  it('keeps dead letters as long as SQS can, and takes nothing from them by itself', () => {
    const consumed = stack.ofType('AWS::Lambda::EventSourceMapping').map(mapping => mapping.properties.EventSourceArn);
    for (const arn of deadLetterQueues(stack).keys()) {
      expect(stack.byArn(arn).properties.MessageRetentionPeriod).toBe(14 * DAY);
      expect(stack.byArn(arn).properties.RedrivePolicy).toBeUndefined();
      expect(consumed).not.toContain(arn);
    }
  });

  it('lets into each queue exactly the rules that send there', () => {
    const policies = stack.ofType('AWS::SQS::QueuePolicy').map(policy => policy.properties);
    for (const queue of stack.ofType('AWS::SQS::Queue')) {
      const own = policies.filter(policy => list(policy.Queues).includes(queue.ref));
      const statements = own.flatMap(policy => statementsOf(policy.PolicyDocument));
      const rules = rulesOf(stack, queue);
      const expected = {
        Effect: 'Allow',
        Principal: { Service: 'events.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Resource: queue.arn,
        Condition: { ArnEquals: { 'aws:SourceArn': expect.anything() } },
      };
      expect(statements, queue.id).toEqual(rules.length > 0 ? [expected] : []);
      const allowed = statements.flatMap(statement => list(statement.Condition?.ArnEquals?.['aws:SourceArn']));
      expect(allowed.toSorted(), queue.id).toEqual(rules);
    }
  });

  it('encrypts every queue', () => {
    for (const queue of stack.ofType('AWS::SQS::Queue'))
      expect(queue.properties, queue.id).toMatchObject({ SqsManagedSseEnabled: true });
  });

  it('has no queue that nothing sends to', () => {
    const dead = deadLetterQueues(stack);
    const roles = JSON.stringify(stack.ofType('AWS::IAM::Role').map(role => role.properties.Policies));
    const idle = stack
      .ofType('AWS::SQS::Queue')
      .filter(queue => !dead.has(queue.arn) && rulesOf(stack, queue).length === 0);
    for (const queue of idle) expect(roles, queue.id).toContain(`"${queue.arn}"`);
  });
});

describe('the hub', () => {
  const mappings = hub.ofType('AWS::Lambda::EventSourceMapping').map(mapping => {
    const queue = hub.byArn(mapping.properties.EventSourceArn);
    return [queue.id, queue, hub.byArn(mapping.properties.FunctionName), mapping] as const;
  });

  it.each(mappings)('gives up on a message of %s in the end, and keeps it', (_, queue) => {
    expect(queue.properties.RedrivePolicy.maxReceiveCount).toBeGreaterThanOrEqual(3);
    expect(hub.byArn(queue.properties.RedrivePolicy.deadLetterTargetArn).type).toBe('AWS::SQS::Queue');
  });

  it.each(mappings.filter(([id]) => id !== 'EnforceQueue'))(
    'tries a message of %s for longer than an hour, whatever chance does to its rests, and not for half a day',
    (_, queue) => {
      const rests = Array.from({ length: queue.properties.RedrivePolicy.maxReceiveCount - 1 }, (_, index) => index + 1);
      const seconds = (chance: number) => rests.reduce((sum, tries) => sum + restSeconds(tries, chance), 0);
      expect(seconds(1)).toBeGreaterThan(3600);
      expect(seconds(0)).toBeLessThan(DAY / 2);
    },
  );

  it('tries a message of EnforceQueue for longer than a lease, which a dead process may have left', () => {
    const [, queue, consumer] = mappings.find(([id]) => id === 'EnforceQueue')!;
    const { RedrivePolicy, VisibilityTimeout } = queue.properties;
    // It comes back by itself: functions/access-enforce.ts
    expect((RedrivePolicy.maxReceiveCount - 1) * VisibilityTimeout).toBeGreaterThan(consumer.properties.Timeout + 1);
  });

  it.each(mappings)(
    'hides a message of %s for six times as long as its function may take',
    (_, queue, consumer, mapping) => {
      // Source: Lambda Developer Guide, "Creating and configuring an Amazon SQS event source mapping".
      const window = mapping.properties.MaximumBatchingWindowInSeconds ?? 0;
      expect(queue.properties.VisibilityTimeout).toBeGreaterThanOrEqual(6 * consumer.properties.Timeout + window);
    },
  );

  it('keeps what an asynchronous invocation could not do', () => {
    const rules = targetsOf(hub).map(({ target }) => target.Arn);
    const asynchronous = functions.filter(one => rules.includes(one.arn));
    const configured = hub.ofType('AWS::Lambda::EventInvokeConfig').map(config => config.properties);
    expect(asynchronous.length).toBeGreaterThan(0);
    for (const one of asynchronous) {
      const own = configured.filter(config => config.FunctionName === one.ref);
      expect(own, one.id).toMatchObject([{ DestinationConfig: { OnFailure: { Destination: expect.any(String) } } }]);
      // Lambda sends there with the function's own role.
      const policies = JSON.stringify(hub.byArn(one.properties.Role).properties.Policies);
      expect(policies).toContain(own[0]?.DestinationConfig.OnFailure.Destination);
    }
  });

  it('runs every function on Node 24 and arm64, and keeps its log for a while', () => {
    const groups = new Map(
      hub.ofType('AWS::Logs::LogGroup').map(group => [group.ref, group.properties.RetentionInDays]),
    );
    for (const { id, ref, properties } of functions) {
      expect(properties, id).toMatchObject({ Runtime: 'nodejs24.x', Architectures: ['arm64'] });
      expect(groups.get(`/aws/lambda/${ref}`), id).toBeGreaterThanOrEqual(30);
    }
    expect(groups.size).toBe(functions.length);
  });

  it('keeps the ledger whatever happens to the stack, and can turn it back; records that only save work may go', () => {
    const tables = new Map(hub.ofType('AWS::DynamoDB::Table').map(table => [table.id, table]));
    expect([...tables.keys()].sort()).toEqual(['Idempotency', 'Ledger']);
    expect(tables.get('Ledger')).toMatchObject({
      deletionPolicy: 'Retain',
      properties: {
        TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        SSESpecification: { SSEEnabled: true },
      },
    });
    expect(tables.get('Idempotency')).toMatchObject({
      deletionPolicy: 'Delete',
      properties: {
        TimeToLiveSpecification: { AttributeName: 'expiration', Enabled: true },
        SSESpecification: { SSEEnabled: true },
      },
    });
    expect(tables.get('Idempotency')?.properties.PointInTimeRecoverySpecification).toBeUndefined();
  });
});
