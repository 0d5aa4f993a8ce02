import { describe, expect, it } from 'vitest';
import { stackTopics } from '../../../shared/mesh/stack-topics.ts';
import { MESH } from '../../property/sample-mesh.ts';

const topics = stackTopics(MESH);

describe('the topics of a mesh', () => {
  it('are one for each domain and one for each account, the hub’s too, encrypted', () => {
    const made = Object.values(topics).filter(({ Type }) => Type === 'AWS::SNS::Topic');
    const domains = Object.keys(MESH.domains).map(name => `trellis-${MESH.stage}-domain-${name}`);
    const members = [...Object.values(MESH.domains), ...Object.values(MESH.consumers)].map(({ account }) => account);
    const accounts = [...new Set([MESH.hub, ...members])].map(account => `trellis-${MESH.stage}-account-${account}`);
    expect(made.map(({ Properties }) => Properties.TopicName).sort()).toEqual([...domains, ...accounts].sort());
    for (const { Properties } of made)
      expect(Properties.KmsMasterKeyId).toEqual({ 'Fn::GetAtt': ['NoticesKey', 'Arn'] });
  });

  it('let in the account whose they are, to subscribe and to look, and nobody else', () => {
    const policies = Object.entries(topics).filter(([, { Type }]) => Type === 'AWS::SNS::TopicPolicy');
    expect(policies).toHaveLength(Object.values(topics).length - policies.length - 1);
    for (const [id, { Properties }] of policies) {
      const topic = topics[id.replace(/Policy$/, '')]!;
      const name = String(topic.Properties.TopicName);
      const [, domain = '', account = MESH.domains[domain]?.account] =
        /-(?:domain-(\w+)|account-(\d+))$/.exec(name) ?? [];
      const { Statement } = Properties.PolicyDocument as { Statement: Record<string, unknown>[] };
      for (const statement of Statement)
        expect(statement).toMatchObject({
          Effect: 'Allow',
          Principal: { AWS: `arn:aws:iam::${account}:root` },
          Resource: { Ref: id.replace(/Policy$/, '') },
        });
      expect(Statement.flatMap(({ Action }) => Action)).toEqual([
        'sns:Subscribe',
        'sns:GetTopicAttributes',
        'sns:ListSubscriptionsByTopic',
      ]);
      expect(JSON.stringify(Statement[0]?.Condition)).not.toMatch(/"http"/);
    }
  });
});
