import type { Wire } from '../../core/service.ts';
import { physicalName, type ResourceType } from '../resource-type.ts';

const StateMachine: ResourceType = {
  properties: [
    'Definition',
    'DefinitionString',
    'DefinitionSubstitutions',
    'RoleArn',
    'StateMachineName',
    'StateMachineType',
  ],
  ignored: ['EncryptionConfiguration', 'LoggingConfiguration', 'Tags', 'TracingConfiguration'],
  async make(resource, { call, iam }) {
    const { account, properties } = resource;
    const name = physicalName(resource, 'StateMachineName', 80);
    iam.requireTrust(properties.RoleArn, 'states.amazonaws.com');
    const { stateMachineArn } = await call(account, 'states', 'CreateStateMachine', {
      name,
      definition: definitionText(properties),
      roleArn: properties.RoleArn,
      type: properties.StateMachineType ?? 'STANDARD',
    });
    return { ref: stateMachineArn, attributes: { Arn: stateMachineArn, Name: name } };
  },
};

/** The definition with its `${Name}` substitutions. Source: CloudFormation reference, AWS::StepFunctions::StateMachine. */
function definitionText({ Definition, DefinitionString, DefinitionSubstitutions }: Record<string, Wire>): string {
  const values = Object.entries(DefinitionSubstitutions ?? {}).map(
    ([name, value]) => [`\${${name}}`, String(value)] as const,
  );
  const substitute = (text: string) => values.reduce((done, [name, value]) => done.replaceAll(name, () => value), text);
  if (DefinitionString !== undefined) return substitute(DefinitionString);
  return JSON.stringify(Definition, (_name, value) => (typeof value === 'string' ? substitute(value) : value));
}

export const STATES_TYPES: Record<string, ResourceType> = { 'AWS::StepFunctions::StateMachine': StateMachine };
