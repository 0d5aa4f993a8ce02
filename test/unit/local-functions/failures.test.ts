import { describe, expect, it } from 'vitest';
import { codeFolder, ROLE, startLambda } from './lambda.ts';

describe('a function that fails', () => {
  it.each([
    ["throw new TypeError('bad table')", { errorType: 'TypeError', errorMessage: 'bad table' }],
    ["return Promise.reject(new RangeError('too far'))", { errorType: 'RangeError', errorMessage: 'too far' }],
    ["throw 'only text'", { errorType: 'string', errorMessage: 'only text', trace: [] }],
    ['const loop = {}; loop.loop = loop; return loop', { errorMessage: 'Unable to stringify response body' }],
    ["return 'x'.repeat(6_291_557)", { errorType: 'Function.ResponseSizeTooLarge' }],
    [
      'return undefined.columns',
      { errorType: 'TypeError', trace: expect.arrayContaining([expect.stringContaining('index.mjs')]) },
    ],
  ])('answers with the error of `%s`', async (body, error) => {
    const { deploy, invoke } = startLambda();
    const { answer, functionError } = await invoke(deploy('fails', `export const handler = async () => { ${body} };`));
    expect(answer).toMatchObject(error);
    expect(functionError).toBe('Unhandled');
  });

  it.each([
    [
      "throw new Error('no configuration'); export const handler = 1;",
      { errorType: 'Error', errorMessage: 'no configuration' },
    ],
    ["import './missing.mjs'; export const handler = async () => 1;", { errorType: 'Runtime.ImportModuleError' }],
    ['export const handler = async () => {{{', { errorType: 'Runtime.UserCodeSyntaxError' }],
    [
      'export const other = async () => 1;',
      { errorType: 'Runtime.HandlerNotFound', errorMessage: 'index.handler is undefined or not exported' },
    ],
  ])('says what its import met: %s', async (source, error) => {
    const { deploy, invoke } = startLambda();
    const arn = deploy('broken', source);
    for (const outcome of [await invoke(arn), await invoke(arn)]) {
      expect(outcome).toMatchObject({ answer: error, functionError: 'Unhandled' });
    }
  });

  it('says that its code is missing', async () => {
    const { functions, invoke } = startLambda();
    functions.create('111111111111', {
      FunctionName: 'empty',
      Handler: 'index.handler',
      Runtime: 'nodejs24.x',
      Role: ROLE,
      codeDirectory: codeFolder({}),
    });
    const { answer } = await invoke('arn:aws:lambda:us-east-1:111111111111:function:empty');
    expect(answer.errorType).toBe('Runtime.ImportModuleError');
  });

  it('keeps its environment after an ordinary error', async () => {
    const { deploy, invoke } = startLambda();
    const arn = deploy(
      'sometimes',
      "let n = 0; export const handler = async () => { if (++n === 1) throw new Error('once'); return n; };",
    );
    await invoke(arn);
    expect((await invoke(arn)).answer).toBe(2);
  });

  it.each([
    [
      'exits',
      'process.exit(3)',
      { errorType: 'Runtime.ExitError', errorMessage: expect.stringMatching(/exited with error: exit status 3$/) },
    ],
    [
      'exits quietly',
      'process.exit(0)',
      { errorType: 'Runtime.ExitError', errorMessage: expect.stringMatching(/exited without providing a reason$/) },
    ],
    [
      'runs out of memory',
      'const all = []; for (;;) all.push(new Array(100_000).fill({}).map(() => ({})))',
      { errorType: 'Runtime.ExitError', errorMessage: expect.stringMatching(/signal: killed$/) },
    ],
    [
      'throws beside its handler',
      "setTimeout(() => { throw new Error('aside'); }, 1); await new Promise(() => {})",
      { errorType: 'Error', errorMessage: 'aside' },
    ],
    [
      'forgets a rejection',
      "Promise.reject(new Error('lost')); await new Promise(() => {})",
      { errorType: 'Runtime.UnhandledPromiseRejection', errorMessage: 'Error: lost' },
    ],
  ])('starts anew after one that %s', async (_title, body, error) => {
    const { deploy, invoke } = startLambda();
    const arn = deploy(
      'dies',
      `let n = 0; export const handler = async event => { n++; if (event.die) { ${body} } return n; };`,
      { Timeout: 30 },
    );
    expect((await invoke(arn)).answer).toBe(1);
    expect(await invoke(arn, { die: true })).toMatchObject({ answer: error, functionError: 'Unhandled' });
    expect((await invoke(arn)).answer).toBe(1);
  });

  it('is stopped at its Timeout, even in an endless loop, and starts anew', async () => {
    const { deploy, invoke } = startLambda({ maxEnvironments: 1 });
    const arn = deploy(
      'slow',
      `
      let n = 0;
      export const handler = async event => {
        n++;
        if (event === 'loop') for (;;);
        if (event === 'wait') await new Promise(() => {});
        return n;
      };`,
      { Timeout: 1 },
    );
    for (const how of ['loop', 'wait']) {
      const [late, next] = await Promise.all([invoke(arn, how), invoke(arn)]);
      expect(late).toMatchObject({
        functionError: 'Unhandled',
        answer: {
          errorType: 'Sandbox.Timedout',
          errorMessage: expect.stringMatching(/Task timed out after 1\.00 seconds$/),
        },
      });
      expect(next.answer).toBe(1);
    }
  });

  it('holds the mesh’s clock while it works', async () => {
    const { deploy, invoke, clock } = startLambda();
    const arn = deploy(
      'works',
      'export const handler = async () => { const start = Date.now(); await new Promise(done => setTimeout(done, 100)); return Date.now() - start; };',
    );
    const before = clock.now();
    const [{ answer }] = await Promise.all([invoke(arn), clock.advance(3_600)]);
    expect(answer).toBeLessThan(3_000_000);
    expect(clock.now() - before).toBeGreaterThanOrEqual(3_600_000);
  });
});

describe('stopping', () => {
  it('ends what runs and refuses what waits', async () => {
    const { deploy, invoke, functions } = startLambda({ maxEnvironments: 1 });
    const arn = deploy('endless', 'export const handler = async () => new Promise(() => {});');
    const [running, waiting] = [invoke(arn), invoke(arn)];
    const refused = expect(waiting).rejects.toMatchObject({ code: 'ServiceException' });
    await functions.stop();
    expect((await running).answer.errorType).toBe('Runtime.ExitError');
    await refused;
    await expect(invoke(arn)).rejects.toMatchObject({ code: 'ServiceException' });
  });
});
