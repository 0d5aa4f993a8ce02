import { randomBytes } from 'node:crypto';
import type { Command } from 'commander';
import type { Connection } from '../shared/aws/apply-services.ts';
import { addUpParts, type PartsSum } from '../shared/reconcile/add-up-parts.ts';
import { followRun, type OperatedRuns, RunFailedError, RunUnknownError } from '../shared/reconcile/follow-run.ts';
import type { PartReport, ReconcileRequest, RunReport } from '../shared/reconcile/reconcile-run.ts';
import { isConfirmed } from './ask-first.ts';
import { type ConnectionOptions, connectionOf, type Environment, stageOf, UsageError } from './connection.ts';
import { explainingRefusals } from './explain-refusal.ts';
import { progressOf } from './progress.ts';
import { describeRequest, isAllDone, writeRun, writeSum } from './show-run.ts';
import type { Terminal } from './terminal.ts';

export interface ReconcileParts {
  terminal: Terminal;
  environment: Environment;
  /** Runs of the stage whose hub the connection leads to. */
  openRuns(connection: Connection, stage: string, now: () => string): Promise<OperatedRuns>;
  /** ISO 8601. */
  now(): string;
}

export interface ReconcileOptions extends ConnectionOptions {
  domain?: string;
  database?: string;
  dryRun?: true;
  confirmRemovals?: true;
  yes?: true;
  json?: true;
  /** False by `--no-wait`. */
  wait: boolean;
  show?: string;
}

export function reconcileCommand(catalog: Command): Command {
  return catalog
    .command('reconcile')
    .summary('compare with the sources, and repair')
    .description(
      "Compares the producers' catalogs with the central one, both ways, and repairs what differs, as the night's reconcile does. Without --domain: every domain. Run with an administrator's credentials of the hub's account. Exits with 1 when something was left, held back or could not be compared.",
    )
    .option('--domain <name>', 'only this domain')
    .option('--database <name>', "only this database of the domain, by its producer's name")
    .option('--dry-run', 'compare, and change nothing')
    .option('--confirm-removals', 'let the tables of the domain go whose database is gone, however many they are')
    .option('--yes', 'begin without asking')
    .option('--json', 'one JSON document, and nothing asked: with --yes, --dry-run or --show')
    .option('--no-wait', 'begin and go, or with --show look once')
    .option('--show <run>', 'show what a run came to; of one that goes on, how far it is, until it ends')
    .option('--stage <name>', 'the stage (default: TRELLIS_STAGE, or local when the endpoint is this machine)')
    .option('--profile <name>', "a profile of AWS's configuration files")
    .option('--region <name>', "the hub's Region (default: AWS's usual environment)")
    .option('--endpoint-url <url>', "another endpoint than AWS's, such as the local mesh");
}

const RECONCILING_TAKES = [
  "It takes an administrator of the hub's account: states:StartExecution on the state machine trellis-<stage>-reconcile, states:DescribeExecution on its executions, dynamodb:GetItem and dynamodb:Query on the ledger's table.",
];

/** The shell's word for a process that was ended by Ctrl-C. */
const LEFT = 130;

/** `trellis catalog reconcile`. Gives the exit code. */
export function runReconcile(options: ReconcileOptions, parts: ReconcileParts): Promise<number> {
  return explainingRefusals(RECONCILING_TAKES, async () => {
    const { terminal, environment } = parts;
    const request = requestOf(options);
    const stage = stageOf(options, environment);
    const runs = await parts.openRuns(connectionOf(options, environment), stage, parts.now);
    const shown = { stage, options, terminal, runs };
    if (options.show !== undefined) return showRun(shown, options.show);
    if (!request.dryRun && !options.yes && !(await isConfirmed(terminal, questionOf(request, stage)))) {
      terminal.out('Nothing was changed.');
      return 1;
    }
    const run = runName(parts.now());
    await runs.ask(run, request);
    if (!options.wait) {
      if (options.json) terminal.out(JSON.stringify({ stage, run, status: 'running' }, null, 2));
      else terminal.out(`The run ${run} has begun. What comes of it: ${commandOf(options)} --show ${run}`);
      return 0;
    }
    return await waitFor(shown, run, true);
  });
}

interface Shown {
  stage: string;
  options: ReconcileOptions;
  terminal: Terminal;
  runs: OperatedRuns;
}

async function showRun(shown: Shown, run: string): Promise<number> {
  const { stage, options, terminal, runs } = shown;
  const report = await runs.report(run);
  if (report) return showReport(shown, report);
  if (options.wait) return waitFor(shown, run, false);
  const state = await runs.state(run);
  if (!state) throw new RunUnknownError(run);
  if (state.kind === 'failed') throw new RunFailedError(run, state);
  const sum = await addUpParts(runs.parts(run));
  if (options.json) terminal.out(JSON.stringify({ stage, run, status: 'running', ...sum }, null, 2));
  else terminal.out(`The run ${run} goes on: ${writeSum(sum)}.`);
  return 0;
}

/** Waits for the run's end and shows what came of it. Whatever happens to whoever waits, the run goes on. */
async function waitFor(shown: Shown, run: string, isNew: boolean): Promise<number> {
  const { options, terminal, runs } = shown;
  const progress = progressOf(terminal, options);
  const goesOn = `The run goes on. To see it: ${commandOf(options)} --show ${run}`;
  let last: PartsSum | undefined;
  try {
    const report = await terminal.leavable(signal => {
      if (isNew && !options.json) terminal.err(`The run ${run} has begun.`);
      const onProgress = (sum: PartsSum) => {
        last = sum;
        progress(writeSum(sum));
      };
      return followRun(runs, run, { isNew, signal, onProgress });
    });
    progress('');
    if (report) return await showReport(shown, report);
    terminal.err(goesOn);
    return LEFT;
  } catch (error) {
    progress('');
    if (error instanceof RunFailedError) {
      if (last && !error.isRefused) terminal.err(`Until it failed: ${writeSum(last)}.`);
    } else if (!(error instanceof RunUnknownError)) terminal.err(goesOn);
    throw error;
  }
}

async function showReport({ stage, options, terminal, runs }: Shown, report: RunReport): Promise<number> {
  const parts: PartReport[] = [];
  for await (const page of runs.parts(report.run)) parts.push(...page.filter(hasSomethingToTell));
  if (options.json) terminal.out(JSON.stringify({ stage, status: 'succeeded', ...report, parts }, null, 2));
  else for (const line of writeRun(terminal, report, parts, commandOf(options))) terminal.out(line);
  return isAllDone(report, parts) ? 0 : 1;
}

function hasSomethingToTell({ differences, counts, failure, source }: PartReport): boolean {
  return differences.length > 0 || counts.inferred > 0 || failure !== undefined || source !== 'there';
}

/** @throws UsageError when the options do not go together */
function requestOf(options: ReconcileOptions): ReconcileRequest {
  const { domain, database, dryRun = false, confirmRemovals = false, yes, json, show } = options;
  if (show !== undefined) {
    const others = { domain, database, dryRun: options.dryRun, confirmRemovals: options.confirmRemovals, yes };
    if (Object.values(others).some(value => value !== undefined))
      throw new UsageError('--show shows a run as it was asked for: it goes with --json and --no-wait alone.');
    if (!/^[\w-]{1,80}$/.test(show)) throw new UsageError(`No run has the name ${show}.`);
  } else if (json && !yes && !dryRun) {
    throw new UsageError('--json asks nothing: add --yes to reconcile, or --dry-run to look.');
  }
  if (database !== undefined && domain === undefined) throw new UsageError('--database needs its --domain.');
  if (confirmRemovals && domain === undefined)
    throw new UsageError('--confirm-removals needs a --domain: removals are confirmed one domain at a time.');
  return {
    // Glue and mesh.yml have no capitals.
    ...(domain !== undefined && { domain: domain.toLowerCase() }),
    ...(database !== undefined && { database: database.toLowerCase() }),
    dryRun,
    confirmRemovals,
    reason: 'asked',
  };
}

function questionOf(request: ReconcileRequest, stage: string): string {
  const what = `Reconcile ${describeRequest({ ...request, confirmRemovals: false })} of stage ${stage}`;
  return request.confirmRemovals ? `${what}, and let its tables go whose database is gone?` : `${what}?`;
}

/** Says when it was asked for; the rest makes it the only one. */
function runName(now: string): string {
  return `asked-${now.replace(/\.\d+/, '').replace(/[-:]/g, '')}-${randomBytes(3).toString('hex')}`;
}

/** The command as it was given, to go on with. */
function commandOf({ stage, profile, region, endpointUrl }: ConnectionOptions): string {
  const given = Object.entries({ stage, profile, region, 'endpoint-url': endpointUrl });
  return ['trellis catalog reconcile', ...given.flatMap(([name, value]) => (value ? [`--${name} ${value}`] : []))].join(
    ' ',
  );
}
