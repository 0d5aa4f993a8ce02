import { describe, expect, it } from 'vitest';
import { bucketStatements } from '../../../shared/mesh/apply-bucket-statements.ts';
import { DATA, sampleStage } from './memory-hub.ts';

describe("what the owners of the domains' buckets must add", () => {
  it('lets the data role read a whole bucket that is a prefix', () => {
    const [aviation] = bucketStatements(sampleStage().mesh);
    expect(aviation).toMatchObject({ bucket: 'trellis-aviation', accounts: ['222222222222'], domains: ['aviation'] });
    expect(aviation?.statements).toEqual([
      {
        Sid: 'TrellisLocalList',
        Effect: 'Allow',
        Principal: { AWS: DATA },
        Action: 's3:ListBucket',
        Resource: 'arn:aws:s3:::trellis-aviation',
      },
      {
        Sid: 'TrellisLocalRead',
        Effect: 'Allow',
        Principal: { AWS: DATA },
        Action: 's3:GetObject',
        Resource: ['arn:aws:s3:::trellis-aviation/*'],
      },
    ]);
  });

  it('lets it read and list under the prefixes only, those of several domains together', () => {
    const { mesh } = sampleStage();
    mesh.domains.aviation!.prefixes = ['s3://shared/aviation/'];
    const shared = bucketStatements(mesh).find(({ bucket }) => bucket === 'shared');
    expect(shared).toMatchObject({ accounts: ['222222222222', '333333333333'], domains: ['aviation', 'climate'] });
    expect(shared?.statements).toMatchObject([
      { Condition: { StringLike: { 's3:prefix': ['aviation/*', 'climate/*'] } } },
      { Resource: ['arn:aws:s3:::shared/aviation/*', 'arn:aws:s3:::shared/climate/*'] },
    ]);
  });

  it('never lets it write', () => {
    expect(JSON.stringify(bucketStatements(sampleStage().mesh))).not.toMatch(/Put|Delete|Encrypt|GenerateDataKey/);
  });

  it('names statements with letters and digits alone', () => {
    const { mesh } = sampleStage();
    const [first] = bucketStatements({ ...mesh, stage: 'pre-prod-2' });
    expect(first?.keyStatement.Sid).toBe('TrellisPreprod2Decrypt');
  });
});
