import { describe, expect, it } from 'vitest';
import { diffMesh } from '../../../shared/mesh/apply-diff.ts';
import { diffPolicies } from '../../../shared/mesh/apply-policy-diff.ts';
import type { Mesh } from '../../../shared/mesh/mesh.ts';
import { sampleStage } from './memory-hub.ts';

/** What changes when the sample's mesh is changed so: kind and sentence. */
function changed(change: (mesh: Mesh) => void): string[] {
  const after = sampleStage().mesh;
  change(after);
  return diffMesh(sampleStage().mesh, after).map(({ kind, sentence }) => `${kind}: ${sentence}`);
}

const STEWARD = 'arn:aws:iam::222222222222:role/Second';

describe('what changes in a mesh', () => {
  it('is nothing when it is the same', () => {
    expect(changed(() => {})).toEqual([]);
  });

  it.each<[string, (mesh: Mesh) => void, string[]]>([
    [
      'a domain that leaves, and its account',
      mesh => delete mesh.domains.aviation,
      [
        'mesh-removed: domain aviation leaves: account 222222222222, all databases, s3://trellis-aviation/',
        'mesh-removed: account 222222222222 leaves the mesh',
      ],
    ],
    [
      'a domain that leaves while its account stays as a consumer',
      mesh => {
        mesh.consumers.team = { account: '222222222222' };
        delete mesh.domains.aviation;
      },
      [
        'mesh-removed: domain aviation leaves: account 222222222222, all databases, s3://trellis-aviation/',
        'mesh-added: consumer team joins: account 222222222222',
      ],
    ],
    [
      'a database that a domain no longer gives',
      mesh => {
        mesh.domains.climate!.databases = ['daily'];
      },
      ['mesh-removed: domain climate loses the database hourly'],
    ],
    [
      'all databases that become named ones',
      mesh => {
        mesh.domains.aviation!.databases = ['ops'];
      },
      ['mesh-removed: domain aviation gives ops only, no longer all its databases'],
    ],
    [
      'named databases that become all',
      mesh => {
        mesh.domains.climate!.databases = '*';
      },
      ['mesh-changed: domain climate gives all its databases, no longer named ones only'],
    ],
    [
      'a prefix that goes and one that comes',
      mesh => {
        mesh.domains.aviation!.prefixes = ['s3://new-aviation/'];
      },
      [
        'mesh-added: domain aviation gains the prefix s3://new-aviation/',
        'mesh-removed: domain aviation loses the prefix s3://trellis-aviation/',
      ],
    ],
    [
      'stewards',
      mesh => {
        mesh.domains.aviation!.stewards = [STEWARD];
      },
      [
        `mesh-changed: domain aviation gains the steward ${STEWARD}`,
        'mesh-changed: domain aviation loses the steward arn:aws:iam::222222222222:role/Steward',
      ],
    ],
    [
      'who gets the governed copy of its own tables',
      mesh => {
        mesh.domains.aviation!.shareBack = [STEWARD];
      },
      [`mesh-changed: domain aviation shares its central tables back to ${STEWARD}`],
    ],
    [
      'a consumer that leaves, and its account',
      mesh => delete mesh.consumers.auditor,
      [
        'mesh-changed: consumer auditor is no longer listed: account 555555555555, outside the organization',
        'mesh-removed: account 555555555555 leaves the mesh',
      ],
    ],
    [
      'a consumer that is listed no more while its account stays as a domain',
      mesh => {
        mesh.domains.audit = { ...mesh.domains.aviation!, account: '555555555555', prefixes: ['s3://audit/'] };
        delete mesh.consumers.auditor;
      },
      [
        'mesh-added: domain audit joins: account 555555555555, all databases, s3://audit/',
        'mesh-changed: consumer auditor is no longer listed: account 555555555555, outside the organization',
      ],
    ],
    [
      'periods, caps and purposes',
      mesh => {
        mesh.graceHours = 12;
        mesh.noticeHours = 24;
        mesh.answerWithinHours = 48;
        mesh.caps.inferredRemovalShare = 0.2;
        mesh.piiPurposes = ['safety'];
        delete mesh.organization;
      },
      [
        'mesh-changed: organization changes from o-trellislocal to none',
        'mesh-changed: graceHours changes from 24 to 12',
        'mesh-changed: noticeHours changes from 168 to 24',
        'mesh-changed: answerWithinHours changes from 168 to 48',
        'mesh-changed: caps.inferredRemovalShare changes from 0.1 to 0.2',
        'mesh-changed: personal data may be read for safety',
        'mesh-changed: personal data may no longer be read for fraud-investigation',
      ],
    ],
    [
      'how decisions arrive',
      mesh => {
        mesh.domains.aviation!.decisions = 'direct';
      },
      ['mesh-changed: domain aviation: decisions change from events to direct'],
    ],
  ])('tells %s', (_, change, expected) => {
    expect(changed(change)).toEqual(expected);
  });
});

describe('what changes in policies', () => {
  const rule = (id: string, when = 'true') =>
    `@id("aviation.${id}")\npermit (principal, action, resource in Domain::"aviation") when { ${when} };\n`;
  const texts = (aviation: string) => ({ ...sampleStage().policies, domains: { aviation } });
  const diff = (before: string, after: string) =>
    diffPolicies(texts(before), texts(after)).map(({ kind, subject }) => `${kind} ${subject}`);

  it('names the policies that are new, written anew and gone', () => {
    expect(diff(rule('a') + rule('b') + rule('c'), rule('a') + rule('c', '1 == 1') + rule('d'))).toEqual([
      'mesh-changed aviation.c',
      'mesh-added aviation.d',
      'mesh-changed aviation.b',
    ]);
  });

  it('does not tell that policies moved or that a comment changed', () => {
    expect(diff(rule('a') + rule('b'), `// New.\n${rule('b')}${rule('a')}`)).toEqual([]);
  });

  it('tells a changed schema', () => {
    const after = { ...texts(rule('a')), schema: 'entity Other;' };
    expect(diffPolicies(texts(rule('a')), after)).toEqual([expect.objectContaining({ subject: 'schema' })]);
  });

  it('counts the policies of a domain that is new', () => {
    const after = { ...texts(rule('a')), domains: { aviation: rule('a'), ocean: '' } };
    expect(diffPolicies(texts(rule('a')), after).map(({ sentence }) => sentence)).toEqual([
      '0 policies of domain ocean',
    ]);
  });
});
