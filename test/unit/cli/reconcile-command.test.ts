import { beforeEach, describe, expect, it } from 'vitest';
import { runTrellis } from '../../../cli/program.ts';
import { FakeTerminal, NO_CATALOG } from './fake-terminal.ts';
import { counts, different, MemoryRuns, part } from './memory-runs.ts';

const RUNNING = { kind: 'running' } as const;

let terminal: FakeTerminal;
let runs: MemoryRuns;
let openedStage: string | undefined;

beforeEach(() => {
  terminal = new FakeTerminal();
  runs = new MemoryRuns();
});

function reconcile(...args: string[]): Promise<number> {
  return runTrellis(['catalog', 'reconcile', ...args], {
    ...NO_CATALOG,
    terminal,
    environment: { TRELLIS_STAGE: 'prod' },
    applyServices: () => {
      throw new Error('Nothing is applied here.');
    },
    openRuns: async (_, stage) => {
      openedStage = stage;
      return runs;
    },
    now: () => '2026-11-21T12:00:00.123Z',
  });
}

const repairedPart = () =>
  part('ops', {
    counts: counts({ tables: 4, central: 3, missing: 1, different: 1, repaired: 2 }),
    differences: [
      different('aviation_ops.airports'),
      different('aviation_ops.gates', { kind: 'missing', found: 'nothing' }),
    ],
  });

describe('trellis catalog reconcile', () => {
  it('starts a run under a name that says when, and shows what came of it in columns', async () => {
    runs.kept = [part('hr', { counts: counts({ tables: 2, central: 2 }) }), repairedPart()];
    expect(await reconcile('--yes')).toBe(0);
    const [{ run, request }] = runs.asked as [{ run: string; request: object }];
    expect(run).toMatch(/^asked-20261121T120000Z-[0-9a-f]{6}$/);
    expect(request).toEqual({ dryRun: false, confirmRemovals: false, reason: 'asked' });
    expect(openedStage).toBe('prod');
    expect(terminal.errorOutput).toBe(`The run ${run} has begun.`);
    expect(terminal.written.slice(0, 3)).toEqual([
      `Run ${run}: every domain`,
      '  2 databases in 42 s: 6 tables at the sources, 5 in the central catalog',
      '',
    ]);
    expect(terminal.output).toMatch(/^ {2}missing +1 {2}at its source, and not in the central catalog$/m);
    expect(terminal.output).toMatch(/^ {2}extra +0 /m);
    expect(terminal.output).toMatch(/^ {2}repaired +2$/m);
    expect(terminal.output).toMatch(/^ {2}left +0$/m);
    const at = terminal.written.indexOf('Differences');
    expect(terminal.written.slice(at)).toEqual([
      'Differences',
      '  table                  kind       expected → found                  outcome',
      '  aviation_ops.airports  different  as at its source → other columns  repaired',
      '  aviation_ops.gates     missing    as at its source → nothing        repaired',
      '',
      'Done: 2 differences, repaired.',
    ]);
  });

  it('never gives two runs one name', async () => {
    await reconcile('--yes');
    await reconcile('--yes');
    expect(runs.asked[0]?.run).not.toBe(runs.asked[1]?.run);
  });

  it('asks for what the options say', async () => {
    await reconcile('--domain', 'Aviation', '--database', 'OPS', '--confirm-removals', '--yes');
    await reconcile('--domain', 'aviation', '--dry-run');
    expect(runs.asked.map(({ request }) => request)).toEqual([
      { domain: 'aviation', database: 'ops', dryRun: false, confirmRemovals: true, reason: 'asked' },
      { domain: 'aviation', dryRun: true, confirmRemovals: false, reason: 'asked' },
    ]);
  });

  it('asks before it begins, and says what is confirmed', async () => {
    terminal.isInteractive = true;
    expect(await reconcile('--domain', 'aviation', '--confirm-removals')).toBe(1);
    expect(terminal.questions).toEqual([
      'Reconcile domain aviation of stage prod, and let its tables go whose database is gone?',
    ]);
    expect(terminal.output).toBe('Nothing was changed.');
    expect(runs.asked).toEqual([]);
    terminal.answer = true;
    expect(await reconcile()).toBe(0);
    expect(terminal.questions[1]).toBe('Reconcile every domain of stage prod?');
    expect(runs.asked).toHaveLength(1);
  });

  it('begins nothing when nobody can be asked, and asks nothing in a dry run', async () => {
    expect(await reconcile()).toBe(1);
    expect(terminal.errorOutput).toContain('--yes');
    expect(runs.asked).toEqual([]);
    expect(await reconcile('--dry-run')).toBe(0);
    expect(runs.asked).toHaveLength(1);
  });

  it('says of a dry run what would be repaired, and what no run would', async () => {
    const reason = 'Left as it is: remove it.';
    runs.kept = [
      part('ops', {
        counts: counts({ tables: 2, central: 2, different: 1, foreign: 1, left: 2 }),
        differences: [
          different('aviation_ops.airports', { repaired: false }),
          different('aviation_ops.mine', { kind: 'foreign', repaired: false, reason }),
        ],
      }),
    ];
    expect(await reconcile('--dry-run')).toBe(0);
    expect(terminal.output).toMatch(/^ {2}would be repaired +1$/m);
    expect(terminal.output).toMatch(/^ {2}left +1$/m);
    expect(terminal.output).toMatch(/aviation_ops\.airports .* would be repaired$/m);
    expect(terminal.output).toMatch(/aviation_ops\.mine .* left\n {4}Left as it is: remove it\.$/m);
    expect(terminal.written.at(-1)).toBe('Dry run: 1 of 2 differences would be repaired. Nothing was changed.');
  });

  it('exits with 1 when something was left, and says why', async () => {
    const reason = 'Glue is\nthrottled.';
    const left = different('aviation_ops.airports', { repaired: false, reason });
    runs.kept = [part('ops', { counts: counts({ different: 1, left: 1 }), differences: [left] })];
    expect(await reconcile('--yes')).toBe(1);
    expect(terminal.output).toContain(' left\n    Glue is throttled.\n');
    expect(terminal.written.at(-1)).toBe('Not all is done: 1 difference left; 0 repaired.');
  });

  it('exits with 1 when a database could not be compared, of a dry run too, and says why', async () => {
    runs.kept = [repairedPart(), part('hr', { failure: 'Access denied.' }), part('*', { failure: 'No spoke.' })];
    expect(await reconcile('--yes')).toBe(1);
    expect(terminal.output).toContain('  ! aviation.hr\n      Access denied.\n  ! all of aviation\n      No spoke.');
    expect(terminal.written.at(-1)).toBe('Not all is done: 2 databases not compared; 2 repaired.');
    expect(await reconcile('--dry-run')).toBe(1);
  });

  describe('of removals that are inferred', () => {
    beforeEach(() => {
      const gone = counts({ central: 3, inferred: 3 });
      runs.kept = [part('ops', { source: 'gone', counts: gone })];
      runs.heldBack = [{ domain: 'aviation', removals: 3, ofTables: 4 }];
    });

    it('says what was held back and how to let it go, and exits with 1', async () => {
      expect(await reconcile('--yes', '--stage', 'test', '--region', 'eu-west-1')).toBe(1);
      expect(terminal.output).toMatch(/^ {2}inferred +3 /m);
      expect(terminal.output).toMatch(/^ {2}aviation\.ops +3$/m);
      expect(terminal.output).toContain('3 of 4 tables of aviation seem to be gone');
      expect(terminal.output).toContain(
        '      trellis catalog reconcile --stage test --region eu-west-1 --domain aviation --confirm-removals\n',
      );
      expect(terminal.written.at(-1)).toBe('Not all is done: 3 removals held back; 0 repaired.');
    });

    it('confirms no more than was asked for', async () => {
      await reconcile('--yes', '--domain', 'aviation', '--database', 'ops');
      expect(terminal.output).toContain('--domain aviation --database ops --confirm-removals');
    });

    it('says of a dry run what would become of them', async () => {
      runs.heldBack = [];
      expect(await reconcile('--domain', 'aviation', '--dry-run')).toBe(0);
      expect(terminal.output).toContain('caps.inferredRemovalShare');
      expect(terminal.written.at(-1)).toContain('3 tables gone with their databases');
      await reconcile('--domain', 'aviation', '--dry-run', '--confirm-removals');
      expect(terminal.output).toContain('They would be let go.');
    });
  });

  it('does not call it done when nobody has the database that was asked for', async () => {
    runs.kept = [part('opps', { source: 'gone' })];
    expect(await reconcile('--domain', 'aviation', '--database', 'opps', '--yes')).toBe(1);
    expect(terminal.written.at(-1)).toMatch(/^Nothing was compared: the database opps of aviation is neither/);
    runs.kept = [part('opps', { source: 'given-up' })];
    expect(await reconcile('--domain', 'aviation', '--database', 'opps', '--dry-run')).toBe(1);
    expect(terminal.written.at(-1)).toMatch(/none that the mesh takes in/);
  });

  it('says how many differences there are beyond those that are shown and kept', async () => {
    const differences = Array.from({ length: 50 }, (_, at) => different(`aviation_ops.t${at}`));
    const kept = { counts: counts({ different: 70, repaired: 70 }), differences };
    runs.kept = Array.from({ length: 5 }, (_, at) => part(`db${at}`, kept));
    expect(await reconcile('--yes')).toBe(0);
    const at = terminal.written.indexOf('Differences');
    expect(terminal.written.slice(at + 2, -2)).toHaveLength(200 + 2);
    expect(terminal.written.slice(-4, -2)).toEqual([
      '  … and 50 more: --json has them.',
      '  … and 100 more, which are only counted: a run keeps the first 50 of a database.',
    ]);
  });

  it('writes one JSON document and nothing else: the report, and the databases with something to tell', async () => {
    runs.kept = [part('hr'), repairedPart()];
    runs.states = [RUNNING, { kind: 'succeeded' }];
    expect(await reconcile('--yes', '--json')).toBe(0);
    expect(terminal.written).toHaveLength(1);
    expect(JSON.parse(terminal.output)).toMatchObject({
      stage: 'prod',
      status: 'succeeded',
      run: runs.asked[0]?.run,
      databases: 2,
      counts: { missing: 1, repaired: 2 },
      heldBack: [],
      unread: 0,
      parts: [{ database: 'ops', differences: [{ subject: 'aviation_ops.airports' }, {}] }],
    });
    expect(terminal.errorOutput).toBe('');
    expect(terminal.told).toEqual([]);
  });
});

describe('waiting for a run', () => {
  it('says how far it is, and takes that away at the end', async () => {
    runs.kept = [
      repairedPart(),
      part('hr', { counts: counts({ tables: 9 }), position: { source: 'm', central: 'm' } }),
    ];
    runs.states = [RUNNING, RUNNING, { kind: 'succeeded' }];
    await reconcile('--yes');
    expect(terminal.told).toEqual([
      '1 database compared, 13 tables, 2 differences, 2 repaired',
      '1 database compared, 13 tables, 2 differences, 2 repaired',
      '',
    ]);
    expect(runs.paused).toBe(4_000);
  });

  it('reads what was found more rarely where it is much, and looks for the end as often', async () => {
    runs.kept = Array.from({ length: 1_000 }, (_, at) => part(`db${at}`));
    runs.states = [...Array.from({ length: 30 }, () => RUNNING), { kind: 'succeeded' }];
    await reconcile('--yes');
    expect(runs.looks).toBe(31);
    // Each 20 s of 60, and once more for the report.
    expect(runs.reads).toBe(3 + 1);
  });

  it('leaves the run going at Ctrl-C, and says how to see it', async () => {
    runs.states = [RUNNING];
    runs.onPause = () => terminal.interruption.abort();
    expect(await reconcile('--yes', '--stage', 'test')).toBe(130);
    expect(terminal.errorOutput).toContain(
      `The run goes on. To see it: trellis catalog reconcile --stage test --show ${runs.asked[0]?.run}`,
    );
    expect(terminal.written).toEqual([]);
    expect(terminal.told.at(-1)).toBe('');
  });

  it('goes without waiting when it is told so', async () => {
    runs.states = [new Error('nobody looks')];
    expect(await reconcile('--yes', '--no-wait')).toBe(0);
    const { run } = runs.asked[0]!;
    expect(terminal.output).toContain(`trellis catalog reconcile --show ${run}`);
    terminal = new FakeTerminal();
    expect(await reconcile('--yes', '--no-wait', '--json')).toBe(0);
    expect(JSON.parse(terminal.output)).toEqual({ stage: 'prod', run: runs.asked[1]?.run, status: 'running' });
  });

  it('waits for a run that is too new to be seen, and not for ever', async () => {
    runs.states = [undefined, undefined, { kind: 'succeeded' }];
    expect(await reconcile('--yes')).toBe(0);
    runs = new MemoryRuns();
    runs.states = [undefined];
    expect(await reconcile('--yes')).toBe(1);
    expect(runs.paused).toBe(30_000);
    expect(terminal.errorOutput).toContain('There is no run asked-');
  });

  it('says that the run goes on when it cannot be looked at any more', async () => {
    runs.states = [RUNNING, new Error('The network is gone.')];
    expect(await reconcile('--yes')).toBe(1);
    expect(terminal.errorOutput).toMatch(/The run goes on\. To see it: .*\nThe network is gone\./);
  });

  it('tells why a run was refused, and what helps', async () => {
    const reason = 'The mesh has no domain avition. It has: aviation.';
    runs.states = [RUNNING, { kind: 'failed', status: 'FAILED', error: 'RequestError', reason }];
    expect(await reconcile('--domain', 'avition', '--yes')).toBe(1);
    expect(terminal.errorOutput).toMatch(/The mesh has no domain avition\. It has: aviation\.\nNothing was compared\./);
    expect(terminal.errorOutput).not.toMatch(/goes on|Until it failed/);
  });

  it('tells of a failed run how far it came', async () => {
    runs.kept = [repairedPart()];
    const failed = { kind: 'failed', status: 'TIMED_OUT', error: undefined, reason: 'no cause is given.' } as const;
    runs.states = [RUNNING, failed];
    expect(await reconcile('--yes')).toBe(1);
    expect(terminal.errorOutput).toMatch(
      /Until it failed: 1 database compared, .* 2 repaired\.\nThe run asked-\S+ ended with TIMED_OUT: no cause is given\./,
    );
  });

  it('says what it takes when AWS refuses', async () => {
    runs.refusal = Object.assign(new Error('not authorized'), { name: 'AccessDeniedException', $fault: 'client' });
    expect(await reconcile('--yes')).toBe(1);
    expect(terminal.errorOutput).toMatch(/AccessDeniedException: not authorized\n.*states:StartExecution/);
  });
});

describe('trellis catalog reconcile --show', () => {
  it('shows the report of a run again, and how it was asked for, and starts none', async () => {
    runs.hasEnded = true;
    runs.kept = [repairedPart()];
    expect(await reconcile('--show', 'night-1')).toBe(0);
    expect(terminal.written[0]).toBe('Run night-1: every domain, nightly');
    expect(terminal.written.at(-1)).toBe('Done: 2 differences, repaired.');
    expect(runs.asked).toEqual([]);
    expect(runs.looks).toBe(0);
  });

  it('waits for one that goes on', async () => {
    runs.states = [RUNNING, { kind: 'succeeded' }];
    runs.kept = [repairedPart()];
    expect(await reconcile('--show', 'night-1')).toBe(0);
    expect(terminal.told[0]).toBe('1 database compared, 4 tables, 2 differences, 2 repaired');
    expect(terminal.written[0]).toBe('Run night-1: every domain, nightly');
  });

  it('looks once when it is told not to wait', async () => {
    runs.states = [RUNNING];
    runs.kept = [repairedPart(), part('hr', { failure: 'Access denied.' })];
    expect(await reconcile('--show', 'night-1', '--no-wait')).toBe(0);
    expect(terminal.output).toBe(
      'The run night-1 goes on: 2 databases compared, 4 tables, 2 differences, 2 repaired, 1 not compared.',
    );
    terminal = new FakeTerminal();
    await reconcile('--show', 'night-1', '--no-wait', '--json');
    expect(JSON.parse(terminal.output)).toMatchObject({ run: 'night-1', status: 'running', databases: 2, unread: 1 });
    expect(runs.paused).toBe(0);
  });

  it.each([['--no-wait'], ['--json']])('says when there is no such run, or it failed: %s', async option => {
    runs.states = [undefined];
    expect(await reconcile('--show', 'night-1', option)).toBe(1);
    expect(terminal.errorOutput).toContain('There is no run night-1');
    runs.states = [{ kind: 'failed', status: 'ABORTED', error: undefined, reason: 'Stopped by hand.' }];
    expect(await reconcile('--show', 'night-1', option)).toBe(1);
    expect(terminal.errorOutput).toContain('ABORTED: Stopped by hand.');
    expect(terminal.written).toEqual([]);
  });
});
