import { AwsError, notInLocalMesh } from '../core/aws-error.ts';
import type { DeliverToTarget, RequireRole, SendToQueue } from '../core/ports.ts';
import type { Access } from '../core/service.ts';
import type { Functions } from '../functions/functions.ts';
import type { Iam } from '../iam/iam.ts';
import type { Queues } from '../queues/queues.ts';

const EVENTS = 'events.amazonaws.com';

export interface TargetParts {
  iam: Iam;
  queues: Pick<Queues, 'send' | 'policyOf'>;
  functions: Pick<Functions, 'invokeAsync' | 'policyOf'>;
  startExecution: (stateMachineArn: string, input: string, name: string) => Promise<unknown>;
}

/**
 * Hands what a rule sends to its target: with the target's role where it names one, otherwise by the policy of the queue or the function,
 * which knows the rule as `aws:SourceArn`. A state machine has no policy of its own, and needs the role.
 * Source: EventBridge User Guide, "Using resource-based policies for Amazon EventBridge" (eb-use-resource-based).
 */
export function deliverToTarget({ iam, queues, functions, startExecution }: TargetParts): DeliverToTarget {
  const requireRole = requireTargetRole(iam);
  return async ({ targetArn, eventId, ruleArn, ruleAccount, roleArn, payload }) => {
    const require = (access: Access) =>
      roleArn ? requireRole(roleArn, access) : iam.requireServicePrincipal(EVENTS, access);
    const context = { 'aws:SourceArn': ruleArn, 'aws:SourceAccount': ruleAccount };
    const service = targetArn.split(':')[2];
    switch (service) {
      case 'sqs':
        require({
          action: 'sqs:SendMessage',
          resource: targetArn,
          context,
          resourcePolicy: queues.policyOf(targetArn),
        });
        return queues.send(targetArn, payload);
      case 'lambda':
        require({
          action: 'lambda:InvokeFunction',
          resource: targetArn,
          context,
          resourcePolicy: functions.policyOf(targetArn),
        });
        return functions.invokeAsync(targetArn, payload);
      case 'states':
        if (!roleArn) throw new AwsError('AccessDeniedException', `RoleArn is required for target ${targetArn}.`);
        require({ action: 'states:StartExecution', resource: targetArn, context });
        await startExecution(targetArn, payload, executionName(eventId));
        return;
      default:
        throw notInLocalMesh(`rule targets of the service ${service} (${targetArn})`);
    }
  };
}

/**
 * What EventBridge does with a target's role: assumes it, and needs its permission. A role that does not exist or does not trust EventBridge
 * fails the delivery with a code of its own. Source: EventBridge User Guide, eb-rule-dlq, the codes in `ERROR_CODE`.
 */
export function requireTargetRole(iam: Iam): RequireRole {
  return (roleArn, access) => {
    try {
      iam.requireTrust(roleArn, EVENTS, access.context);
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      throw new AwsError('FAILED_TO_ASSUME_ROLE', error.message, { status: error.status });
    }
    iam.requireRole(roleArn, access);
  };
}

/**
 * EventBridge names the executions that it starts after the event, which may start several. AWS does not document the name; that it has the event's id is
 * what localstack/localstack pull request 11427 found.
 */
function executionName(eventId: string): string {
  return `${eventId}_${crypto.randomUUID()}`;
}

/** Sends a topic's message where the queue's policy lets the topic. Source: SNS Developer Guide, "Subscribing an Amazon SQS queue", permissions. */
export function sendFromTopic({ iam, queues }: Pick<TargetParts, 'iam' | 'queues'>) {
  return async (queueArn: string, topicArn: string, body: string): Promise<void> => {
    iam.requireServicePrincipal('sns.amazonaws.com', {
      action: 'sqs:SendMessage',
      resource: queueArn,
      context: { 'aws:SourceArn': topicArn, 'aws:SourceAccount': topicArn.split(':')[4] ?? '' },
      resourcePolicy: queues.policyOf(queueArn),
    });
    await queues.send(queueArn, body);
  };
}

/** Sends a rule's dead letter where the queue's policy lets the rule. Source: EventBridge User Guide, eb-rule-dlq, "Granting permissions". */
export function sendDeadLetter({ iam, queues }: Pick<TargetParts, 'iam' | 'queues'>): SendToQueue {
  return async (queueArn, body, attributes = {}) => {
    const ruleArn = attributes.RULE_ARN ?? '';
    iam.requireServicePrincipal(EVENTS, {
      action: 'sqs:SendMessage',
      resource: queueArn,
      context: { 'aws:SourceArn': ruleArn, 'aws:SourceAccount': ruleArn.split(':')[4] ?? '' },
      resourcePolicy: queues.policyOf(queueArn),
    });
    await queues.send(queueArn, body, attributes);
  };
}
