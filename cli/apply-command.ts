import { readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Connection } from '../shared/aws/apply-services.ts';
import { bucketStatements } from '../shared/mesh/apply-bucket-statements.ts';
import type { ApplyPlan } from '../shared/mesh/apply-changes.ts';
import { type ApplyServices, carryOut, prepareApply, refuseRemovals } from '../shared/mesh/apply-mesh.ts';
import type { Mesh } from '../shared/mesh/mesh.ts';
import { MeshFileError } from '../shared/mesh/parse-mesh.ts';
import { readStage, type StageOfFolder } from '../shared/mesh/read-mesh-folder.ts';
import {
  checkSpokes,
  type SpokeChecker,
  SpokeCheckMissingError,
  type SpokeReport,
} from '../shared/mesh/spoke-checks.ts';
import { isConfirmed } from './ask-first.ts';
import { type ConnectionOptions, connectionOf, type Environment, stageOf, UsageError } from './connection.ts';
import { progressOf } from './progress.ts';
import { countWrong, describeWrong, writeReports } from './show-checks.ts';
import { writeBucketStatements, writePlan } from './show-plan.ts';
import type { Terminal } from './terminal.ts';

export interface CommandParts {
  terminal: Terminal;
  environment: Environment;
  applyServices(
    connection: Connection,
    stage: Pick<Mesh, 'stage' | 'hub'>,
    now: () => string,
  ): ApplyServices & { spokes: SpokeChecker };
}

export interface ApplyCommandOptions extends ConnectionOptions {
  dryRun?: true;
  yes?: true;
  json?: true;
  remove?: string;
  /** False by `--no-wait`. */
  wait: boolean;
  strict?: true;
  /** False by `--no-checks`. */
  checks: boolean;
  administrator?: string;
}

/** `trellis apply`. Gives the exit code. */
export async function runApply(file: string, options: ApplyCommandOptions, parts: CommandParts): Promise<number> {
  const { terminal, environment } = parts;
  if (options.json && !options.yes && !options.dryRun) {
    throw new UsageError('--json asks nothing: add --yes to apply, or --dry-run to look.');
  }
  if (options.strict && !options.checks) throw new UsageError('--strict needs the checks: leave out --no-checks.');
  const stage = readStageOfFile(file, stageOf(options, environment));
  const services = parts.applyServices(connectionOf(options, environment), stage.mesh, () => new Date().toISOString());
  const plan = await prepareApply(services, stage, options);
  const checked = options.checks ? await look(services.spokes, stage.mesh, options, terminal) : undefined;
  const tell = (told: ApplyPlan, applied: boolean, lastLine: string) => {
    if (options.json) writeJson(terminal, stage, { ...told, applied, checks: checked });
    else terminal.out(lastLine);
  };

  if (!options.json) {
    for (const line of writePlan(terminal, stage.mesh, plan)) terminal.out(line);
    // What was looked at is told with what is missing; otherwise all that the new locations need.
    const lines = checked ? writeReports(terminal, checked) : writeBucketStatements(stage.mesh, plan);
    for (const line of lines) terminal.out(line);
  }
  const wrong = countWrong(checked ?? []);
  if (options.strict && (wrong > 0 || !checked)) {
    tell(plan, false, `Nothing was changed: ${checked ? describeWrong(wrong) : 'the accounts could not be checked.'}`);
    return 1;
  }
  if (plan.changes.length === 0) {
    tell(plan, false, 'Nothing to change: the hub is as mesh.yml says.');
    return 0;
  }
  if (options.dryRun) {
    const remove =
      plan.removal === undefined ? '' : ` Something leaves the mesh. To apply that: --remove ${plan.removal}`;
    tell(plan, false, `Dry run: ${count(plan)} would be made, none was.${remove}`);
    return 0;
  }
  refuseRemovals(plan, options.remove);
  if (!options.yes && !(await isConfirmed(terminal, `Make ${count(plan)}?`))) {
    terminal.out('Nothing was changed.');
    return 1;
  }
  const progress = progressOf(terminal, options);
  try {
    const onProgress = (line: string) => progress(`Offboarding: ${line}`);
    const applied = await carryOut(services, stage, plan, { ...options, isNotWaiting: !options.wait, onProgress });
    progress('');
    if (!options.json) for (const note of applied.notes.slice(plan.notes.length)) terminal.err(note);
    const lastLine = applied.isFinished
      ? `Applied: ${count(plan)} made to stage ${stage.mesh.stage}.`
      : `Applied to stage ${stage.mesh.stage}. What leaves is still being offboarded.`;
    tell(applied, true, lastLine);
    return 0;
  } catch (error) {
    progress('');
    terminal.err('Stopped before the end. What was done stays; applying again goes on with the rest.');
    throw error;
  }
}

/** Looks at every account; undefined when this stage has nothing to look with. */
async function look(
  spokes: SpokeChecker,
  mesh: Mesh,
  options: ApplyCommandOptions,
  terminal: Terminal,
): Promise<SpokeReport[] | undefined> {
  const progress = progressOf(terminal, options);
  try {
    return await checkSpokes(spokes, mesh, (done, of) =>
      progress(`Checking the accounts of the mesh: ${done} of ${of}`),
    );
  } catch (error) {
    if (!(error instanceof SpokeCheckMissingError)) throw error;
    terminal.err(error.message);
    return undefined;
  } finally {
    progress('');
  }
}

/** @throws MeshFileError with the file's own name, PolicyInvalidError. */
function readStageOfFile(file: string, stage: string): StageOfFolder {
  try {
    return readStage(dirname(file), readFileSync(file, 'utf8'), stage);
  } catch (error) {
    throw error instanceof MeshFileError ? new MeshFileError(error.problems, basename(file)) : error;
  }
}

function writeJson(
  terminal: Terminal,
  { mesh }: StageOfFolder,
  { changes, notes, removal, applied, checks }: ApplyPlan & { applied: boolean; checks: SpokeReport[] | undefined },
): void {
  const { stage, hub } = mesh;
  const document = { stage, hub, changes, notes, removal, applied, checks, bucketStatements: bucketStatements(mesh) };
  terminal.out(JSON.stringify(document, null, 2));
}

function count({ changes }: ApplyPlan): string {
  return changes.length === 1 ? '1 change' : `${changes.length} changes`;
}
