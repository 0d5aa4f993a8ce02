/** Who may do what: a role of its own for each function, machine and rule, with names instead of stars. */
import { describe, expect, it } from 'vitest';
import { hub, list, type Resource, type Stack, spokes, statementsOf, statementsOfRole, targetsOf } from './stacks.ts';

const stacks: [string, Stack][] = [
  ['the hub', hub],
  ...spokes.map(spoke => [`the spoke ${spoke.account}`, spoke] as [string, Stack]),
];
const functions = hub.ofType('AWS::Lambda::Function');
const machines = hub.ofType('AWS::StepFunctions::StateMachine');
const roles = hub.ofType('AWS::IAM::Role');

/**
 * Actions that may be allowed on `*`, each with the reason. Lake Formation's and Organizations' have no resources in IAM, and Lake Formation's own
 * permissions decide. Source: Service Authorization Reference, "Actions, resources, and condition keys" of each service.
 */
const ON_EVERYTHING: Record<string, string> = {
  'lakeformation:BatchGrantPermissions': 'has no resources',
  'lakeformation:BatchRevokePermissions': 'has no resources',
  'lakeformation:CreateDataCellsFilter': 'has no resources',
  'lakeformation:DeleteDataCellsFilter': 'has no resources',
  'lakeformation:GetDataLakeSettings': 'has no resources',
  'lakeformation:GrantPermissions': 'has no resources',
  'lakeformation:ListDataCellsFilter': 'has no resources',
  'lakeformation:ListPermissions': 'has no resources',
  'organizations:DescribeOrganization': 'has no resources',
  'ram:GetResourceShareAssociations': 'has no resources',
  'ram:GetResourceShareInvitations': 'has no resources',
  's3:GetBucketPolicy': "the template knows no member's buckets, and the ARN of a bucket has no account",
  's3:GetEncryptionConfiguration': "the template knows no member's buckets, and the ARN of a bucket has no account",
  'ram:AcceptResourceShareInvitation': 'nobody knows the ARN of an invitation before it comes',
};

/** Actions on `*` that a condition holds to what Lake Formation makes. Source: the managed policy AWSLakeFormationCrossAccountManager. */
const HELD_BY_CONDITION: Record<string, string> = {
  'ram:CreateResourceShare': 'ram:RequestedResourceType',
  'ram:UpdateResourceShare': 'ram:ResourceShareName',
  'ram:DeleteResourceShare': 'ram:ResourceShareName',
  'ram:AssociateResourceShare': 'ram:ResourceShareName',
  'ram:DisassociateResourceShare': 'ram:ResourceShareName',
  'ram:GetResourceShares': 'ram:ResourceShareName',
  'ram:AssociateResourceSharePermission': 'ram:PermissionArn',
};

/** Functions that have the role of another, each with the reason. */
const WITH_ANOTHERS_ROLE: Record<string, string> = {
  // It proves what catalog-sync may do in the accounts: with another role it would prove nothing of that one.
  SpokeCheckLambdaFunction: 'CatalogSyncLambdaFunction',
  // Lake Formation lets only who made a central table change it: the central catalog has one writer, in two functions.
  ReconcileLambdaFunction: 'CatalogSyncLambdaFunction',
};

/** Roles of the hub that neither a function nor a machine nor a rule has: what assumes them. */
const ASSUMED_BY_OTHERS: Record<string, string> = {
  // Registered with each prefix, for the data.
  DataRole: 'lakeformation.amazonaws.com',
};

/** Roles of the hub that people assume from other accounts. */
const ASSUMED_BY_PEOPLE = ['ReaderRole'];

/** Who uses each role, and the service that assumes it for them. */
function usersOf(role: Resource): { user: string; service: string }[] {
  return [
    ...functions
      .filter(one => one.properties.Role === role.arn)
      .map(one => ({ user: one.id, service: 'lambda.amazonaws.com' })),
    ...machines
      .filter(one => one.properties.RoleArn === role.arn)
      .map(one => ({ user: one.id, service: 'states.amazonaws.com' })),
    ...targetsOf(hub)
      .filter(({ target }) => target.RoleArn === role.arn)
      .map(({ rule }) => ({ user: rule.id, service: 'events.amazonaws.com' })),
  ];
}

describe('roles of the hub', () => {
  const owners = [...functions, ...machines].filter(one => !(one.id in WITH_ANOTHERS_ROLE));

  it.each(owners.map(one => [one.id, one] as const))('%s has one of its own', (id, one) => {
    const role = hub.byArn(one.properties.Role ?? one.properties.RoleArn);
    const users = usersOf(role).map(({ user }) => user);
    expect(users.filter(user => WITH_ANOTHERS_ROLE[user] !== id)).toEqual([id]);
    expect(role.ref.replace(`${hub.name}-`, '')).toBe(one.arn.split(':').at(-1)?.replace(`${hub.name}-`, ''));
  });

  it.each(Object.entries(WITH_ANOTHERS_ROLE))('%s has that of %s', (id, owner) => {
    const roleOf = (wanted: string) => functions.find(one => one.id === wanted)?.properties.Role;
    expect(roleOf(id)).toBe(roleOf(owner));
  });

  const ofServices = roles.filter(({ id }) => !ASSUMED_BY_PEOPLE.includes(id));
  it.each(ofServices.map(role => [role.id, role] as const))(
    '%s is assumed by one service, for one purpose',
    (id, role) => {
      const services = [...new Set(usersOf(role).map(({ service }) => service)), ...list(ASSUMED_BY_OTHERS[id])];
      expect(services).toHaveLength(1);
      expect(statementsOf(role.properties.AssumeRolePolicyDocument)).toEqual([
        { Effect: 'Allow', Principal: { Service: services[0] }, Action: 'sts:AssumeRole' },
      ]);
    },
  );

  it('let people of the mesh’s other accounts in for reading alone, each as their own account', () => {
    const people = roles.filter(({ id }) => ASSUMED_BY_PEOPLE.includes(id));
    expect(people.map(({ id }) => id)).toEqual(ASSUMED_BY_PEOPLE);
    for (const role of people) {
      expect(usersOf(role)).toEqual([]);
      expect(statementsOf(role.properties.AssumeRolePolicyDocument)).toEqual([
        {
          Effect: 'Allow',
          Principal: { AWS: spokes.map(({ account }) => `arn:aws:iam::${account}:root`) },
          Action: ['sts:AssumeRole', 'sts:TagSession'],
          Condition: { StringEquals: { 'aws:RequestTag/account': '${aws:PrincipalAccount}' } },
        },
      ]);
      for (const { Action, Resource, Condition } of statementsOfRole(role)) {
        for (const action of list(Action))
          expect(action).toMatch(/^(glue:Get(Table|Tables|Databases)|dynamodb:Query)$/);
        if (!list(Action).includes('dynamodb:Query')) continue;
        // An index by account answers for the session's own account alone, and the table for what is no secret within the mesh, and for what
        // became of the events that the account sent itself.
        const isIndex = list(Resource).every(resource => resource.includes('/index/'));
        expect(Condition).toEqual({
          ...(isIndex
            ? { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': ['${aws:PrincipalTag/account}'] } }
            : {
                'ForAllValues:StringLike': {
                  'dynamodb:LeadingKeys': ['partitions#*', 'quarantine#*', 'seen#${aws:PrincipalTag/account}#*'],
                },
              }),
          Null: { 'dynamodb:LeadingKeys': 'false' },
        });
      }
    }
  });

  it('are all that there are: no other policy gives them anything', () => {
    const types = hub.resources.map(resource => resource.type).filter(type => type.startsWith('AWS::IAM::'));
    expect(new Set(types)).toEqual(new Set(['AWS::IAM::Role']));
    for (const role of roles) expect(role.properties.ManagedPolicyArns ?? [], role.id).toEqual([]);
  });

  it('write their own log alone', () => {
    for (const one of functions) {
      const [statement, ...others] = statementsOfRole(hub.byArn(one.properties.Role)).filter(({ Action }) =>
        list(Action).some(action => action.startsWith('logs:')),
      );
      expect(others, one.id).toEqual([]);
      expect(statement?.Action, one.id).toEqual(['logs:CreateLogStream', 'logs:PutLogEvents']);
      const own = functions.filter(other => other.properties.Role === one.properties.Role);
      const groups = own.map(({ ref }) => expect.stringContaining(`:log-group:/aws/lambda/${ref}:`));
      expect(list(statement?.Resource), one.id).toEqual(groups);
    }
  });

  it('let one function write the central catalog, and one grant', () => {
    const who = (...actions: string[]) =>
      roles
        .filter(role =>
          statementsOfRole(role).some(({ Action }) => list(Action).some(action => actions.includes(action))),
        )
        .map(role => role.id);
    expect(
      who(
        'glue:CreateDatabase',
        'glue:CreateTable',
        'glue:UpdateTable',
        'glue:DeleteTable',
        'glue:DeleteDatabase',
        'glue:BatchCreatePartition',
      ),
    ).toEqual(['CatalogSyncRole']);
    expect(
      who(
        'lakeformation:GrantPermissions',
        'lakeformation:BatchGrantPermissions',
        'lakeformation:BatchRevokePermissions',
      ),
    ).toEqual(['AccessEnforceRole']);
  });
});

describe.each(stacks)('policies in %s', (_, stack) => {
  const statements = stack
    .ofType('AWS::IAM::Role')
    .flatMap(role =>
      statementsOfRole(role).map(statement => [`${role.id}: ${list(statement.Action).join(', ')}`, statement] as const),
    );

  it.each(statements)('%s: names each action', (__, statement) => {
    expect(statement.Effect).toBe('Allow');
    expect(statement.NotAction ?? statement.NotResource).toBeUndefined();
    expect(list(statement.Action).length).toBeGreaterThan(0);
    for (const action of list(statement.Action)) expect(action).toMatch(/^[a-z0-9-]+:[A-Za-z]+$/);
  });

  it.each(statements)('%s: says on what', (__, statement) => {
    if (!list(statement.Resource).includes('*')) {
      expect(list(statement.Resource).length).toBeGreaterThan(0);
      // An account each, unless the ARN has none.
      for (const resource of list(statement.Resource))
        expect(resource).toMatch(/^arn:aws:(s3:::[^*]|[a-z0-9-]+:[^:]*:\d{12}:[^*])/);
      return;
    }
    const keys = Object.values(statement.Condition ?? {}).flatMap(Object.keys);
    for (const action of list(statement.Action)) {
      const key = HELD_BY_CONDITION[action];
      if (key) expect(keys, action).toContain(key);
      else expect(ON_EVERYTHING, action).toHaveProperty([action]);
    }
  });
});
