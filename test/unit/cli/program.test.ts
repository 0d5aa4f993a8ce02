import { describe, expect, it } from 'vitest';
import { connectionOf, type Environment, stageOf } from '../../../cli/connection.ts';
import { describeError } from '../../../cli/describe-error.ts';
import { runTrellis } from '../../../cli/program.ts';
import packageFile from '../../../package.json' with { type: 'json' };
import { FakeTerminal, NO_CATALOG } from './fake-terminal.ts';

async function run(args: string[], environment: Environment = {}) {
  const terminal = new FakeTerminal();
  const applyServices = () => {
    throw new Error('AWS is not needed for this');
  };
  const exitCode = await runTrellis(args, { terminal, environment, applyServices, ...NO_CATALOG });
  return { exitCode, output: terminal.output, errors: terminal.errorOutput };
}

describe('the command line', () => {
  it('tells its version', async () => {
    expect(await run(['--version'])).toEqual({ exitCode: 0, output: packageFile.version, errors: '' });
  });

  it.each([[['--help']], [['help']]])('lists its commands for %j', async args => {
    const { exitCode, output } = await run(args);
    expect(exitCode).toBe(0);
    expect(output).toContain('apply [options] <mesh.yml>');
    expect(output).toContain('catalog ');
  });

  it.each([[['apply', '--help']], [['help', 'apply']]])('explains apply for %j', async args => {
    const { exitCode, output } = await run(args);
    expect(exitCode).toBe(0);
    for (const option of ['--stage', '--dry-run', '--yes', '--json', '--profile', '--region', '--endpoint-url'])
      expect(output).toContain(option);
  });

  it.each([
    ['no command', [], 'Usage: trellis'],
    ['an unknown command', ['aply'], 'Did you mean apply?'],
    ['an unknown option', ['apply', 'mesh.yml', '--yess'], '--yes'],
    ['a missing file', ['apply'], "missing required argument 'mesh.yml'"],
    ['one argument too many', ['apply', 'a.yml', 'b.yml'], 'too many arguments'],
    ['catalog alone', ['catalog'], 'Usage: trellis catalog'],
    ['an unknown command of catalog', ['catalog', 'serch'], 'Did you mean search?'],
    ['a table that is not named', ['catalog', 'show'], "missing required argument 'table'"],
    ['a label that nobody has', ['catalog', 'search', '--label', 'secret'], 'unlabelled'],
    ['a state that nothing has', ['catalog', 'search', '--state', 'gone'], 'quarantined'],
    ['a limit that is none', ['catalog', 'search', '--limit', '0'], 'whole number'],
    ['a length of time that is none', ['catalog', 'search', '--stage', 'x', '--fresh-within', 'soon'], '24h'],
    ['a hub that is no account', ['catalog', 'search', '--stage', 'x', '--hub', 'prod'], 'twelve digits'],
    ['a database without its domain', ['catalog', 'reconcile', '--stage', 'x', '--database', 'ops'], '--domain'],
    [
      'removals of every domain',
      ['catalog', 'reconcile', '--stage', 'x', '--confirm-removals'],
      'one domain at a time',
    ],
    ['a document with a question', ['catalog', 'reconcile', '--stage', 'x', '--json'], '--yes'],
    ['a run that is begun and shown', ['catalog', 'reconcile', '--stage', 'x', '--show', 'r', '--yes'], '--no-wait'],
    ['a run with a name that none has', ['catalog', 'reconcile', '--stage', 'x', '--show', 'a:b'], 'a:b'],
    ['no stage to reconcile', ['catalog', 'reconcile'], 'TRELLIS_STAGE'],
    ['no stage', ['apply', 'mesh.yml'], 'TRELLIS_STAGE'],
    ['an endpoint that is none', ['apply', 'mesh.yml', '--endpoint-url', 'here'], 'not an address'],
  ])('does not understand %s: exit code 2, said on the standard error', async (_, args, text) => {
    const { exitCode, output, errors } = await run(args);
    expect({ exitCode, output }).toEqual({ exitCode: 2, output: '' });
    expect(errors).toContain(text);
  });
});

describe('which stage and which endpoint', () => {
  const LOCAL = 'http://127.0.0.1:4566';

  it('takes the option before TRELLIS_STAGE, and that before the endpoint', () => {
    const environment = { TRELLIS_STAGE: 'test', AWS_ENDPOINT_URL: LOCAL };
    expect(stageOf({ stage: 'prod' }, environment)).toBe('prod');
    expect(stageOf({}, environment)).toBe('test');
    expect(stageOf({}, { ...environment, TRELLIS_STAGE: '' })).toBe('local');
  });

  it.each(['http://localhost:4566', 'http://[::1]:4566', 'http://127.0.0.2', LOCAL])(
    'knows %s for local',
    endpointUrl => {
      expect(stageOf({ endpointUrl }, {})).toBe('local');
    },
  );

  it.each(['https://localhost.example.com', 'https://127.0.0.1.example.com'])(
    'does not take %s for local',
    endpointUrl => {
      expect(() => stageOf({ endpointUrl }, {})).toThrow('Which stage?');
    },
  );

  it('reads the Region where the AWS CLI does, in its order', () => {
    const environment = { AWS_REGION: 'eu-west-1', AWS_DEFAULT_REGION: 'eu-west-2', AWS_ENDPOINT_URL: LOCAL };
    expect(connectionOf({ region: 'eu-west-3' }, environment).region).toBe('eu-west-3');
    expect(connectionOf({}, environment).region).toBe('eu-west-1');
    expect(connectionOf({}, { ...environment, AWS_REGION: '' }).region).toBe('eu-west-2');
    expect(connectionOf({}, { AWS_ENDPOINT_URL: LOCAL }).region).toBe('us-east-1');
  });

  it('leaves to the SDK what nobody says', () => {
    expect(connectionOf({}, {})).toEqual({});
    expect(connectionOf({ profile: 'hub' }, {})).toEqual({ profile: 'hub' });
  });
});

describe('what a person is told of an error', () => {
  const awsError = (name: string, message: string) => Object.assign(new Error(message), { name, $fault: 'client' });

  it.each([
    [
      'the stage is not deployed',
      awsError('ResourceNotFoundException', 'Requested resource not found'),
      'serverless deploy',
    ],
    [
      'a principal is gone',
      awsError('InvalidInputException', 'Invalid principal, arn: arn:x'),
      'data lake administrators',
    ],
    [
      'the caller may not',
      awsError('AccessDeniedException', 'not authorized'),
      "an administrator of the hub's account",
    ],
    ['credentials are missing', Object.assign(new Error('none'), { name: 'CredentialsProviderError' }), '--profile'],
    ['the Region is missing', new Error('Region is missing'), '--region'],
    [
      'nothing answers',
      Object.assign(new AggregateError([new Error('connect 127.0.0.1:1')]), { code: 'ECONNREFUSED' }),
      'connect 127.0.0.1:1',
    ],
  ])('what helps when %s', (_, error, text) => {
    expect(describeError(error)).toContain(text);
  });

  it("keeps AWS's own words", () => {
    expect(describeError(awsError('ThrottlingException', 'Rate exceeded'))).toBe(
      'AWS answers ThrottlingException: Rate exceeded',
    );
  });

  it('shows no stack of an error that somebody can do something about', () => {
    expect(describeError(new Error('Plain words.'))).toBe('Plain words.');
  });
});
