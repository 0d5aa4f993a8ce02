import { REGION, type Wire } from '../../core/service.ts';
import { compilePolicy } from '../../iam/policy.ts';
import { jsonText, numberOf, physicalName, pick, type ResourceType } from '../resource-type.ts';

const EventBus: ResourceType = {
  properties: ['Name', 'Policy', 'Description'],
  ignored: ['Tags', 'LogConfig', 'KmsKeyIdentifier'],
  async make(resource, { call }) {
    const { account, properties } = resource;
    const Name = physicalName(resource, 'Name', 256);
    const { EventBusArn } = await call(account, 'events', 'CreateEventBus', {
      Name,
      ...pick(properties, ['Description']),
    });
    if (properties.Policy) {
      compilePolicy(properties.Policy, 'resource');
      await call(account, 'events', 'PutPermission', { EventBusName: Name, Policy: jsonText(properties.Policy) });
    }
    return { ref: Name, attributes: { Arn: EventBusArn, Name } };
  },
};

/** One statement of a bus's policy: the others stay. */
const EventBusPolicy: ResourceType = {
  properties: ['EventBusName', 'StatementId', 'Statement'],
  ignored: [],
  async make({ account, properties }, { call }) {
    const bus = properties.EventBusName ?? 'default';
    const statement = { Sid: properties.StatementId, ...properties.Statement };
    const { Policy } = await call(account, 'events', 'DescribeEventBus', { Name: bus });
    const before: Wire[] = Policy ? [JSON.parse(Policy).Statement].flat() : [];
    const document = {
      Version: '2012-10-17',
      Statement: [...before.filter(other => other.Sid !== statement.Sid), statement],
    };
    compilePolicy(document, 'resource');
    await call(account, 'events', 'PutPermission', { EventBusName: bus, Policy: JSON.stringify(document) });
    return { ref: String(properties.StatementId) };
  },
};

const Archive: ResourceType = {
  properties: ['ArchiveName', 'Description', 'EventPattern', 'RetentionDays', 'SourceArn'],
  ignored: ['KmsKeyIdentifier'],
  async make(resource, { call }) {
    const { account, properties } = resource;
    const ArchiveName = physicalName(resource, 'ArchiveName', 48);
    const { ArchiveArn } = await call(account, 'events', 'CreateArchive', {
      ArchiveName,
      EventSourceArn: properties.SourceArn,
      ...pick(properties, ['Description']),
      ...(properties.EventPattern && { EventPattern: jsonText(properties.EventPattern) }),
      ...(properties.RetentionDays !== undefined && { RetentionDays: numberOf(properties.RetentionDays) }),
    });
    return { ref: ArchiveName, attributes: { Arn: ArchiveArn, ArchiveName } };
  },
};

const Rule: ResourceType = {
  properties: [
    'Name',
    'Description',
    'EventBusName',
    'EventPattern',
    'RoleArn',
    'ScheduleExpression',
    'State',
    'Targets',
  ],
  ignored: ['Tags'],
  async make(resource, { call }) {
    const { account, properties } = resource;
    const Name = physicalName(resource, 'Name');
    const bus = pick(properties, ['EventBusName']);
    const { RuleArn } = await call(account, 'events', 'PutRule', {
      Name,
      ...bus,
      ...pick(properties, ['Description', 'RoleArn', 'ScheduleExpression', 'State']),
      ...(properties.EventPattern && { EventPattern: jsonText(properties.EventPattern) }),
    });
    const Targets = (properties.Targets ?? []).map(targetWithNumbers);
    if (Targets.length > 0) {
      const { FailedEntries } = await call(account, 'events', 'PutTargets', { Rule: Name, ...bus, Targets });
      if (FailedEntries?.length > 0) throw new Error(`PutTargets refused: ${JSON.stringify(FailedEntries)}`);
    }
    // A rule of another bus than the default one has the bus's name in its Ref.
    const busName = String(properties.EventBusName ?? 'default').replace(
      `arn:aws:events:${REGION}:${account}:event-bus/`,
      '',
    );
    return { ref: busName === 'default' ? Name : `${busName}|${Name}`, attributes: { Arn: RuleArn } };
  },
};

function targetWithNumbers(target: Wire): Wire {
  if (!target.RetryPolicy) return target;
  const numbers = Object.entries(target.RetryPolicy).map(([name, value]) => [name, numberOf(value)]);
  return { ...target, RetryPolicy: Object.fromEntries(numbers) };
}

export const EVENTS_TYPES: Record<string, ResourceType> = {
  'AWS::Events::EventBus': EventBus,
  'AWS::Events::EventBusPolicy': EventBusPolicy,
  'AWS::Events::Archive': Archive,
  'AWS::Events::Rule': Rule,
};
