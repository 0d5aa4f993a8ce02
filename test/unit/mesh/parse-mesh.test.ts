import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { meshSchema } from '../../../shared/mesh/mesh-schema.ts';
import { MeshFileError, type MeshFileProblem, parseMesh } from '../../../shared/mesh/parse-mesh.ts';
import { MESH_TEXT, withLine } from './sample-mesh.ts';

function problemsOf(text: string, stage = 'local'): MeshFileProblem[] {
  try {
    parseMesh(text, stage);
  } catch (error) {
    if (error instanceof MeshFileError) return error.problems;
    throw error;
  }
  return [];
}

const aviation = 'stages.local.domains.aviation';
const climate = 'stages.local.domains.climate';

/** One line replaced, and what is told: line, column, path, and words of the message. */
const MISTAKES: [number, string | undefined, number, number, string, RegExp][] = [
  [1, 'stage:', 1, 1, 'stage', /unknown key; did you mean stages\?/],
  [2, '  Local:', 2, 3, 'stages.Local', /stage name/],
  [2, '  this-name-is-too-long:', 2, 3, 'stages.this-name-is-too-long', /stage name/],
  [3, undefined, 2, 3, 'stages.local.hub', /missing: an account id/],
  [3, '    hub: 111111111111', 3, 10, 'stages.local.hub', /needs quotes.*'111111111111'/],
  [3, "    hub: '11111111111'", 3, 10, 'stages.local.hub', /twelve digits.*"11111111111"/],
  [3, "    hub: '１１１１１１１１１１１１'", 3, 10, 'stages.local.hub', /twelve digits/],
  [3, '    hub:', 3, 9, 'stages.local.hub', /found nothing/],
  [3, '    hub: [a]', 3, 10, 'stages.local.hub', /twelve digits/],
  [3, "    hub: '222222222222'", 7, 18, `${aviation}.account`, /hub's account holds the central catalog/],
  [3, "    hub: '444444444444'", 22, 18, 'stages.local.consumers.analytics.account', /can be no consumer/],
  [4, '    organization: trellis', 4, 19, 'stages.local.organization', /organization id.*"trellis"/],
  [4, '    organisation: o-trellislocal', 4, 5, 'stages.local.organisation', /did you mean organization\?/],
  [5, '    domain:', 5, 5, 'stages.local.domain', /did you mean domains\?/],
  [6, '      avi_ation:', 6, 7, 'stages.local.domains.avi_ation', /no underscore/],
  [6, '      avi-ation:', 6, 7, 'stages.local.domains.avi-ation', /no hyphen/],
  [6, '      Aviation:', 6, 7, 'stages.local.domains.Aviation', /lower-case letter/],
  [6, '      1aviation:', 6, 7, 'stages.local.domains.1aviation', /lower-case letter/],
  [6, `      a${'b'.repeat(31)}:`, 6, 7, `stages.local.domains.a${'b'.repeat(31)}`, /up to 30/],
  [6, '      trellis:', 7, 9, 'stages.local.domains.trellis', /is taken/],
  [6, '      guardrail:', 7, 9, 'stages.local.domains.guardrail', /is taken/],
  [6, '      climate:', 13, 7, '', /unique/],
  [7, undefined, 6, 7, `${aviation}.account`, /missing: an account id/],
  [7, '        account: 012222222222', 7, 18, `${aviation}.account`, /leading zeros are lost: write '012222222222'/],
  [7, "        account: '22222222222a'", 7, 18, `${aviation}.account`, /twelve digits/],
  [7, "        account: '999999999999'", 10, 20, `${aviation}.stewards[0]`, /must be of its account 999999999999/],
  [7, "        acount: '222222222222'", 7, 9, `${aviation}.acount`, /did you mean account\?/],
  [8, undefined, 6, 7, `${aviation}.databases`, /missing: '\*' for all databases/],
  [8, '        databases: *', 8, 20, '', /alias/i],
  [8, '        databases: all', 8, 20, `${aviation}.databases`, /a list of their names.*"all"/],
  [8, '        databases: []', 8, 20, `${aviation}.databases`, /at least one database/],
  [8, '        databases: [Ops]', 8, 21, `${aviation}.databases[0]`, /lower-case.*"Ops"/],
  [8, '        databases: [ops, trellis_links]', 8, 26, `${aviation}.databases[1]`, /not beginning with trellis_/],
  [8, '        databases: [ops, ops]', 8, 26, `${aviation}.databases[1]`, /listed twice/],
  [8, '        databases: [1]', 8, 21, `${aviation}.databases[0]`, /Glue database.*found 1/],
  [8, `        databases: [${'d'.repeat(240)}]`, 8, 21, `${aviation}.databases[0]`, /at most 255/],
  [9, '        prefixes: []', 9, 19, `${aviation}.prefixes`, /at least one S3 prefix/],
  [9, '        prefixes: s3://trellis-aviation/', 9, 19, `${aviation}.prefixes`, /a list of S3 prefixes/],
  [9, '        prefixes: [s3://trellis-aviation]', 9, 20, `${aviation}.prefixes[0]`, /slash at its end/],
  [9, '        prefixes: [s3a://trellis-aviation/]', 9, 20, `${aviation}.prefixes[0]`, /S3 prefix/],
  [9, '        prefixes: [s3://Trellis/]', 9, 20, `${aviation}.prefixes[0]`, /S3 prefix/],
  [9, '        prefixes: [s3://trellis/a//b/]', 9, 20, `${aviation}.prefixes[0]`, /S3 prefix/],
  [9, "        prefixes: ['s3://trellis/*/']", 9, 20, `${aviation}.prefixes[0]`, /S3 prefix/],
  [
    9,
    '        prefixes: [s3://t-a/x/, s3://t-a/]',
    9,
    33,
    `${aviation}.prefixes[1]`,
    /overlaps with s3:\/\/t-a\/x\/ of this domain/,
  ],
  [
    9,
    '        prefixes: [s3://shared/]',
    16,
    43,
    `${climate}.prefixes[1]`,
    /overlaps with s3:\/\/shared\/ of domain aviation/,
  ],
  [
    9,
    '        prefixes: [s3://shared/climate/]',
    16,
    43,
    `${climate}.prefixes[1]`,
    /already a prefix of domain aviation/,
  ],
  [10, '        stewards: []', 10, 19, `${aviation}.stewards`, /nobody can decide/],
  [10, '        stewards: [Steward]', 10, 20, `${aviation}.stewards[0]`, /ARN of a role or a user/],
  [10, '        stewards: [arn:aws:iam::222222222222:root]', 10, 20, `${aviation}.stewards[0]`, /ARN of a role/],
  [
    10,
    "        stewards: ['arn:aws:sts::222222222222:assumed-role/S/me']",
    10,
    20,
    `${aviation}.stewards[0]`,
    /ARN of a role/,
  ],
  [10, "        stewards: ['arn:aws:iam::222222222222:role/*']", 10, 20, `${aviation}.stewards[0]`, /ARN of a role/],
  [
    10,
    '        stewards: [arn:aws:iam::333333333333:role/Steward]',
    10,
    20,
    `${aviation}.stewards[0]`,
    /not of 333333333333/,
  ],
  [11, undefined, 6, 7, `${aviation}.policies`, /missing: a folder/],
  [11, '        policies: ../secrets', 11, 19, `${aviation}.policies`, /folder of this project/],
  [11, '        policies: /etc', 11, 19, `${aviation}.policies`, /folder of this project/],
  [11, '        policies: policies/climate', 18, 19, `${climate}.policies`, /also domain aviation's/],
  [12, '        decisions: directly', 12, 20, `${aviation}.decisions`, /events or direct.*"directly"/],
  [12, '        shareBack: Reporting', 12, 20, `${aviation}.shareBack`, /a list of role or user ARNs/],
  [12, '        shareBack: [Reporting]', 12, 21, `${aviation}.shareBack[0]`, /ARN of a role or a user/],
  [
    12,
    '        shareBack: [arn:aws:iam::333333333333:role/Reporting]',
    12,
    21,
    `${aviation}.shareBack[0]`,
    /of its account 222222222222, not of 333333333333/,
  ],
  [
    12,
    '        shareBack: [arn:aws:iam::222222222222:role/R, arn:aws:iam::222222222222:role/R]',
    12,
    55,
    `${aviation}.shareBack[1]`,
    /listed twice/,
  ],
  [12, '        owner: me', 12, 9, `${aviation}.owner`, /unknown key; it may have account, databases/],
  [
    14,
    "        account: '222222222222'",
    15,
    20,
    `${climate}.databases`,
    /same account 222222222222: name the databases/,
  ],
  [20, '    consumer:', 20, 5, 'stages.local.consumer', /did you mean consumers\?/],
  [21, '      Analytics:', 21, 7, 'stages.local.consumers.Analytics', /consumer name/],
  [22, '        account: 444444444444', 22, 18, 'stages.local.consumers.analytics.account', /needs quotes/],
  [22, undefined, 21, 17, 'stages.local.consumers.analytics', /a consumer: account; found nothing/],
  [
    24,
    "        account: '444444444444'",
    24,
    18,
    'stages.local.consumers.auditor.account',
    /consumer analytics has the same account/,
  ],
  [
    24,
    "        account: '333333333333'",
    25,
    30,
    'stages.local.consumers.auditor.outsideOrganization',
    /also domain climate's/,
  ],
  [
    25,
    "        outsideOrganization: 'yes'",
    25,
    30,
    'stages.local.consumers.auditor.outsideOrganization',
    /true or false.*"yes"/,
  ],
  [
    25,
    '        outsideOrganisation: true',
    25,
    9,
    'stages.local.consumers.auditor.outsideOrganisation',
    /did you mean outsideOrganization\?/,
  ],
  [26, '    graceHours: -1', 26, 17, 'stages.local.graceHours', /whole number of hours from 0.*-1/],
  [26, '    graceHours: 1.5', 26, 17, 'stages.local.graceHours', /whole number/],
  [26, "    graceHours: '24'", 26, 17, 'stages.local.graceHours', /whole number.*"24"/],
  [26, '    gracehours: 24', 26, 5, 'stages.local.gracehours', /did you mean graceHours\?/],
  [27, '    noticeHours: 0', 27, 18, 'stages.local.noticeHours', /from 1 to 8760/],
  [28, '    answerWithinHours: 9000', 28, 24, 'stages.local.answerWithinHours', /from 1 to 8760/],
  [28, '    answerWithinHours: .inf', 28, 24, 'stages.local.answerWithinHours', /whole number/],
  [29, '    cap:', 29, 5, 'stages.local.cap', /did you mean caps\?/],
  [30, '      inferredRemovalShare: 10', 30, 29, 'stages.local.caps.inferredRemovalShare', /from 0 to 1.*10/],
  [30, '      inferredRemovalShare: 10%', 30, 29, 'stages.local.caps.inferredRemovalShare', /from 0 to 1.*"10%"/],
  [30, '      removalShare: 0.1', 30, 7, 'stages.local.caps.removalShare', /unknown key/],
  [31, '    piiPurposes: fraud', 31, 18, 'stages.local.piiPurposes', /a list of purposes/],
  [31, "    piiPurposes: ['']", 31, 19, 'stages.local.piiPurposes[0]', /some text/],
  [33, '    hub: 012345678901', 33, 10, 'stages.prod.hub', /write '012345678901'/],
  [34, '    domains: []', 34, 14, 'stages.prod.domains', /domains by name/],
  [34, '    domains: !!js/function {}', 34, 14, '', /tag/i],
  [34, '\tdomains: {}', 34, 1, '', /tab/i],
];

describe('a mistake in mesh.yml', () => {
  it.each(MISTAKES)('line %i as %j is told at %i:%i, %s: %s', (line, replacement, atLine, atColumn, path, message) => {
    const problems = problemsOf(withLine(line, replacement));
    expect(problems).toContainEqual({ line: atLine, column: atColumn, path, message: expect.stringMatching(message) });
  });

  it('in several places is told all at once, in the order of the file', () => {
    const text = withLine(30, '      inferredRemovalShare: 2')
      .replace("'222222222222'", '222222222222')
      .replace('s3://trellis-climate/', 's3://trellis-climate')
      .replace("account: '555555555555'", "account: '444444444444'");
    expect(problemsOf(text).map(({ line }) => line)).toEqual([7, 16, 24, 30]);
  });

  it('is readable by a person', () => {
    expect(() => parseMesh(withLine(9, '        prefixes: [s3://trellis-aviation]'), 'local')).toThrow(
      'mesh.yml has a problem:\n  mesh.yml:9:20 stages.local.domains.aviation.prefixes[0]: expected an S3 prefix with a slash at its end: ' +
        's3://bucket/ or s3://bucket/path/; found "s3://trellis-aviation"',
    );
  });

  it('of the whole file is told', () => {
    expect(problemsOf('')).toEqual([{ line: 1, column: 1, path: '', message: expect.stringMatching(/key stages/) }]);
    expect(problemsOf('just text')[0]).toMatchObject({ line: 1, message: expect.stringMatching(/key stages/) });
    expect(problemsOf(`${MESH_TEXT}---\n${MESH_TEXT}`)[0]?.message).toMatch(/document/);
  });

  it('of the stage names the stages that there are', () => {
    expect(problemsOf(MESH_TEXT, 'porod')).toEqual([
      {
        line: 1,
        column: 1,
        path: 'stages',
        message: 'there is no stage porod (did you mean prod?); the file has local, prod',
      },
    ]);
    expect(problemsOf(MESH_TEXT, 'constructor')[0]?.message).toMatch(/no stage constructor/);
  });

  it('that would eat the machine is refused', () => {
    const bomb = [
      'a: &a [1,1,1,1,1,1,1,1,1,1]',
      'b: &b [*a,*a,*a,*a,*a,*a,*a,*a]',
      'c: [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]',
    ];
    expect(problemsOf(bomb.join('\n'))[0]?.message).toMatch(/alias count/);
    expect(problemsOf('['.repeat(20_000)).length).toBeGreaterThan(0);
  });

  it('within an alias is told where the value stands', () => {
    const text = withLine(9, '        prefixes: &p [s3://bad]').replace(
      '[s3://trellis-climate/, s3://shared/climate/]',
      '*p',
    );
    expect(problemsOf(text)).toEqual([
      { line: 9, column: 23, path: `${aviation}.prefixes[0]`, message: expect.stringMatching(/S3 prefix/) },
      { line: 9, column: 23, path: `${climate}.prefixes[0]`, message: expect.stringMatching(/S3 prefix/) },
    ]);
  });
});

describe('mesh.yml', () => {
  it('gives the mesh of the stage that is asked for', () => {
    const mesh = parseMesh(MESH_TEXT, 'local');
    expect(mesh.stage).toBe('local');
    expect(mesh.domains.climate).toEqual({
      account: '333333333333',
      databases: ['daily', 'hourly'],
      prefixes: ['s3://trellis-climate/', 's3://shared/climate/'],
      stewards: ['arn:aws:iam::333333333333:user/keeper'],
      policies: 'policies/climate',
      decisions: 'direct',
    });
    expect(mesh.consumers).toEqual({
      analytics: { account: '444444444444' },
      auditor: { account: '555555555555', outsideOrganization: true },
    });
  });

  it('needs no more than hub and domains: the rest has defaults', () => {
    expect(parseMesh(MESH_TEXT, 'prod')).toEqual({
      stage: 'prod',
      hub: '012345678901',
      domains: {},
      consumers: {},
      graceHours: 24,
      noticeHours: 168,
      answerWithinHours: 168,
      caps: { inferredRemovalShare: 0.1 },
      piiPurposes: [],
    });
    const text = withLine(12, undefined).replace('      inferredRemovalShare: 0.1\n', '').replace('caps:', 'caps: {}');
    expect(parseMesh(text, 'local').domains.aviation?.decisions).toBe('events');
    expect(parseMesh(text, 'local').caps).toEqual({ inferredRemovalShare: 0.1 });
  });

  it('lets two domains share an account when each names its own databases', () => {
    const text = withLine(8, '        databases: [ops]')
      .replace("'333333333333'", "'222222222222'")
      .replace('333333333333:user', '222222222222:user')
      .replace('decisions: direct', 'decisions: events');
    expect(problemsOf(text)).toEqual([]);
    expect(problemsOf(text.replace('[ops]', '[ops, hourly]'))).toEqual([
      {
        line: 15,
        column: 28,
        path: `${climate}.databases[1]`,
        message: 'database hourly of account 222222222222 already belongs to domain aviation',
      },
    ]);
  });

  it('has domains that share an account decide the same way, and directly by the same stewards', () => {
    const shared = withLine(8, '        databases: [ops]')
      .replace("'333333333333'", "'222222222222'")
      .replace('333333333333:user', '222222222222:user');
    expect(problemsOf(shared)).toMatchObject([
      { path: `${climate}.decisions`, message: expect.stringMatching(/its decisions arrive the same way, events/) },
    ]);
    const direct = shared.replace('decisions: events', 'decisions: direct');
    expect(problemsOf(direct)).toMatchObject([
      { path: `${climate}.stewards`, message: expect.stringMatching(/both have the same stewards/) },
    ]);
  });

  it('becomes JSON that functions read as the same mesh, and refuse when it is not one', () => {
    const mesh = parseMesh(MESH_TEXT, 'local');
    expect(meshSchema.parse(JSON.parse(JSON.stringify(mesh)))).toEqual(mesh);
    expect(meshSchema.safeParse({ ...mesh, hub: 1 }).success).toBe(false);
    expect(meshSchema.safeParse({ ...mesh, extra: 1 }).success).toBe(false);
  });

  it('of this project is valid and has the sample of the local mesh', () => {
    const mesh = parseMesh(readFileSync('mesh.yml', 'utf8'), 'local');
    expect(mesh.hub).toBe('111111111111');
    expect(Object.entries(mesh.domains).map(([name, { account, prefixes }]) => [name, account, prefixes])).toEqual([
      ['aviation', '222222222222', ['s3://trellis-aviation/']],
      ['climate', '333333333333', ['s3://trellis-climate/']],
    ]);
    expect(mesh.consumers).toEqual({ analytics: { account: '444444444444' } });
  });

  it('of this project shows a stage in its comments that is valid too', () => {
    const lines = readFileSync('mesh.yml', 'utf8').split('\n');
    const start = lines.findIndex(line => /^ {2}# prod:/.test(line));
    const stage = lines.slice(start).map(line => line.replace(/^ {2}# ?/, '  '));
    expect(Object.keys(parseMesh(['stages:', ...stage].join('\n'), 'prod').domains)).toEqual(['payments']);
  });
});
