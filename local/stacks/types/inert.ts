/** Resources that do nothing in the local mesh: they have a name and an ARN, so that others can refer to them. */
import { REGION } from '../../core/service.ts';
import { type MadeResource, physicalName, type ResourceToMake, type ResourceType } from '../resource-type.ts';

function inert(make: (resource: ResourceToMake) => MadeResource): ResourceType {
  return { properties: [], ignored: 'all', make };
}

/** For those that nothing refers to by more than a name. */
const nameless = inert(({ stackName, logicalId }) => ({ ref: `${stackName}-${logicalId}` }));

function schemasArn(account: string, path: string): string {
  return `arn:aws:schemas:${REGION}:${account}:${path}`;
}

export const INERT_TYPES: Record<string, ResourceType> = {
  'AWS::Logs::LogGroup': inert(resource => {
    const name = physicalName(resource, 'LogGroupName', 512);
    return { ref: name, attributes: { Arn: `arn:aws:logs:${REGION}:${resource.account}:log-group:${name}:*` } };
  }),
  'AWS::Logs::MetricFilter': nameless,
  'AWS::CloudWatch::Alarm': inert(resource => {
    const name = physicalName(resource, 'AlarmName', 255);
    return { ref: name, attributes: { Arn: `arn:aws:cloudwatch:${REGION}:${resource.account}:alarm:${name}` } };
  }),
  'AWS::CloudWatch::Dashboard': nameless,
  'AWS::EventSchemas::Registry': inert(resource => {
    const name = physicalName(resource, 'RegistryName');
    const arn = schemasArn(resource.account, `registry/${name}`);
    return { ref: arn, attributes: { RegistryArn: arn, RegistryName: name } };
  }),
  'AWS::EventSchemas::Schema': inert(resource => {
    const name = physicalName(resource, 'SchemaName', 385);
    const arn = schemasArn(resource.account, `schema/${resource.properties.RegistryName}/${name}`);
    return { ref: arn, attributes: { SchemaArn: arn, SchemaName: name, SchemaVersion: '1' } };
  }),
  'AWS::EventSchemas::RegistryPolicy': nameless,
  'AWS::EventSchemas::Discoverer': nameless,
};
