import { describe, expect, it } from 'vitest';
import { type Asked, effectOf } from '../../../shared/mesh/policy-effect.ts';

const ROLE = 'arn:aws:iam::111111111111:role/trellis-local-data';
const READ: Asked = {
  role: ROLE,
  action: 's3:GetObject',
  resource: 'arn:aws:s3:::lake/curated/*',
  context: { 'aws:principalarn': ROLE, 'aws:securetransport': 'true', 'aws:principalorgid': 'o-mesh' },
};
const LIST: Asked = {
  ...READ,
  action: 's3:ListBucket',
  resource: 'arn:aws:s3:::lake',
  context: { ...READ.context, 's3:prefix': 'curated/*' },
};
const allow = (more: object = {}) => ({
  Sid: 'Allowed',
  Effect: 'Allow',
  Principal: { AWS: ROLE },
  Action: 's3:GetObject',
  Resource: 'arn:aws:s3:::lake/curated/*',
  ...more,
});
const deny = (more: object) => ({ ...allow(), Sid: 'Denied', Effect: 'Deny', Principal: '*', Action: 's3:*', ...more });
const effect = (statements: object | object[], asked = READ) =>
  effectOf(JSON.stringify({ Version: '2012-10-17', Statement: statements }), [asked]);

describe('what allows the role to read', () => {
  it.each<[string, object]>([
    ['the very statement', {}],
    ['the whole bucket', { Resource: ['arn:aws:s3:::lake', 'arn:aws:s3:::lake/*'] }],
    ['the hub, whose own policies decide', { Principal: { AWS: 'arn:aws:iam::111111111111:root' } }],
    ['the hub by its id', { Principal: { AWS: ['222222222222', '111111111111'] } }],
    [
      'everybody of the organization',
      { Principal: '*', Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-mesh' } } },
    ],
    [
      'everybody whose name is like it',
      { Principal: '*', Condition: { ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:role/trellis-*' } } },
    ],
    ['several actions, in any case', { Action: ['s3:listbucket', 'S3:GET*'] }],
    ['all but something else', { Action: undefined, NotAction: 's3:Put*' }],
    ['encrypted transport', { Condition: { Bool: { 'aws:SecureTransport': 'true' } } }],
  ])('%s', (_, more) => {
    expect(effect(allow(more)).effect).toBe('allowed');
  });

  it.each<[string, object]>([
    ['another role', { Principal: { AWS: `${ROLE}-2` } }],
    ['another account', { Principal: { AWS: 'arn:aws:iam::222222222222:root' } }],
    ['a service', { Principal: { Service: 'lakeformation.amazonaws.com' } }],
    ['another action', { Action: 's3:GetObjectTagging' }],
    ['a part of the prefix', { Resource: 'arn:aws:s3:::lake/curated/2024/*' }],
    ['one object', { Resource: 'arn:aws:s3:::lake/curated/a' }],
    ['another prefix', { Resource: 'arn:aws:s3:::lake/raw/*' }],
    ['as many characters as it says, no more', { Resource: 'arn:aws:s3:::lake/curated/????' }],
    ['another organization', { Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-other' } } }],
  ])('not %s', (_, more) => {
    expect(effect(allow(more)).effect).toBe('missing');
  });

  it('not a bucket without a policy', () => {
    expect(effectOf(undefined, [READ]).effect).toBe('missing');
  });

  it('lists under its prefix only, when the policy says so', () => {
    const list = { Action: 's3:ListBucket', Resource: 'arn:aws:s3:::lake' };
    const like = (prefix: string | string[]) => ({ ...list, Condition: { StringLike: { 's3:prefix': prefix } } });
    expect(effect(allow(list), LIST).effect).toBe('allowed');
    expect(effect(allow(like(['raw/*', 'curated/*'])), LIST).effect).toBe('allowed');
    expect(effect(allow(like('raw/*')), LIST).effect).toBe('missing');
    expect(effect(allow(like('curated/2024/*')), LIST).effect).toBe('unclear');
    expect(effect(allow({ ...list, Condition: { StringEquals: { 's3:prefix': 'curated/' } } }), LIST).effect).toBe(
      'unclear',
    );
  });

  it('is unclear when it rests on what nobody here knows', () => {
    const endpoint = { Condition: { StringEquals: { 'aws:SourceVpce': 'vpce-1' } } };
    expect(effect(allow(endpoint))).toEqual({ effect: 'unclear', because: ['Allowed'] });
    expect(effect([allow(endpoint), allow()]).effect).toBe('allowed');
    expect(effect(allow({ Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } })).effect).toBe('unclear');
  });
});

describe('what denies it', () => {
  it.each<[string, object]>([
    ['all of it', { Resource: '*' }],
    ['everything but another prefix', { Resource: undefined, NotResource: 'arn:aws:s3:::lake/raw/*' }],
    ['everybody but another role', { Principal: undefined, NotPrincipal: { AWS: `${ROLE}-2` } }],
    ['everybody outside another organization', { Condition: { StringNotEquals: { 'aws:PrincipalOrgID': 'o-other' } } }],
    [
      'everybody who is not named so',
      { Condition: { ArnNotLike: { 'aws:PrincipalArn': 'arn:aws:iam::222222222222:*' } } },
    ],
  ])('%s', (_, more) => {
    expect(effect([allow(), deny(more)])).toEqual({ effect: 'denied', because: ['Denied'] });
  });

  it.each<[string, object]>([
    ['another prefix', { Resource: 'arn:aws:s3:::lake/raw/*' }],
    ['everything but its prefix', { Resource: undefined, NotResource: ['arn:aws:s3:::lake/curated/*'] }],
    ['writing', { Action: ['s3:PutObject', 's3:DeleteObject'] }],
    ['everybody but it', { Principal: undefined, NotPrincipal: { AWS: ROLE } }],
    ['plain transport', { Condition: { Bool: { 'aws:SecureTransport': 'false' } } }],
    ['everybody outside its organization', { Condition: { StringNotEquals: { 'aws:PrincipalOrgID': 'o-mesh' } } }],
  ])('not: %s', (_, more) => {
    expect(effect([allow(), deny(more)]).effect).toBe('allowed');
  });

  it.each<[string, object]>([
    ['a part of it', { Resource: 'arn:aws:s3:::lake/curated/secret/*' }],
    ['files of a kind', { Resource: 'arn:aws:s3:::lake/*.csv' }],
    ['whoever does not come through an endpoint', { Condition: { StringNotEquals: { 'aws:SourceVpce': 'vpce-1' } } }],
  ])('perhaps: %s', (_, more) => {
    expect(effect([allow(), deny(more)])).toEqual({ effect: 'unclear', because: ['Denied'] });
  });

  it('counts before what is missing', () => {
    expect(effectOf(JSON.stringify({ Statement: deny({ Resource: '*' }) }), [READ, LIST]).effect).toBe('denied');
  });
});

it('is quick about a pattern that is made to be slow', () => {
  const Resource = `arn:aws:s3:::lake/${'*a'.repeat(400)}`;
  const asked = { ...READ, resource: `arn:aws:s3:::lake/${'a'.repeat(900)}b` };
  const startedAt = performance.now();
  expect(effect(allow({ Resource }), asked).effect).toBe('missing');
  expect(performance.now() - startedAt).toBeLessThan(1000);
});
