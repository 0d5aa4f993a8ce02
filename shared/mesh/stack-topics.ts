import { accountsOf, type Mesh } from './mesh.ts';

/** Resources of CloudFormation by their logical ids. */
export type StackResources = Record<string, { Type: string; Properties: Record<string, unknown> }>;

/** How people may subscribe. Plain HTTP is not among them. */
const PROTOCOLS = ['email', 'email-json', 'https', 'lambda', 'sqs'];

/**
 * The topics that people subscribe to: one for each domain, read by its stewards, and one for each account, read by those who have grants there. Each with
 * a policy by which the account itself subscribes: nobody of the hub is needed. Encrypted with the stack's key `NoticesKey`.
 */
export function stackTopics(mesh: Mesh): StackResources {
  const ofDomains = Object.entries(mesh.domains).map(([name, { account }]) => topicOf(mesh, 'domain', name, account));
  const ofAccounts = accountsOf(mesh).map(account => topicOf(mesh, 'account', account, account));
  return Object.assign({}, ...ofDomains, ...ofAccounts);
}

/** @param account who may subscribe */
function topicOf(mesh: Mesh, kind: 'domain' | 'account', name: string, account: string): StackResources {
  // Letters and digits, as CloudFormation asks; a domain's name and an account's id have no others.
  const id = `${capitalized(kind)}${capitalized(name)}Topic`;
  const topic = {
    Type: 'AWS::SNS::Topic',
    Properties: {
      TopicName: `trellis-${mesh.stage}-${kind}-${name}`,
      DisplayName: `Trellis ${mesh.stage}`,
      KmsMasterKeyId: { 'Fn::GetAtt': ['NoticesKey', 'Arn'] },
    },
  };
  // The hub's own people need none: their IAM policies decide.
  if (account === mesh.hub) return { [id]: topic };
  const policy = {
    Type: 'AWS::SNS::TopicPolicy',
    Properties: { Topics: [{ Ref: id }], PolicyDocument: letsSubscribe(id, account) },
  };
  return { [id]: topic, [`${id}Policy`]: policy };
}

function capitalized(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

function letsSubscribe(id: string, account: string) {
  const allow = { Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${account}:root` }, Resource: { Ref: id } };
  return {
    Version: '2012-10-17',
    Statement: [
      { ...allow, Action: 'sns:Subscribe', Condition: { StringEquals: { 'sns:Protocol': PROTOCOLS } } },
      { ...allow, Action: ['sns:GetTopicAttributes', 'sns:ListSubscriptionsByTopic'] },
    ],
  };
}
