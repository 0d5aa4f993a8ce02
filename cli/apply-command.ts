import { readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Connection } from '../shared/aws/apply-services.ts';
import { bucketStatements } from '../shared/mesh/apply-bucket-statements.ts';
import { type ApplyPlan, removalsOf } from '../shared/mesh/apply-changes.ts';
import { type ApplyServices, carryOut, prepareApply, RemovalsRefusedError } from '../shared/mesh/apply-mesh.ts';
import type { Mesh } from '../shared/mesh/mesh.ts';
import { MeshFileError } from '../shared/mesh/parse-mesh.ts';
import { readStage, type StageOfFolder } from '../shared/mesh/read-mesh-folder.ts';
import { type ConnectionOptions, connectionOf, type Environment, stageOf, UsageError } from './connection.ts';
import { writeBucketStatements, writePlan } from './show-plan.ts';
import type { Terminal } from './terminal.ts';

export interface CommandParts {
  terminal: Terminal;
  environment: Environment;
  applyServices(connection: Connection, stage: Pick<Mesh, 'stage' | 'hub'>, now: () => string): ApplyServices;
}

export interface ApplyCommandOptions extends ConnectionOptions {
  dryRun?: true;
  yes?: true;
  json?: true;
  allowRemovals?: true;
  administrator?: string;
}

/** `trellis apply`. Gives the exit code. */
export async function runApply(file: string, options: ApplyCommandOptions, parts: CommandParts): Promise<number> {
  const { terminal, environment } = parts;
  if (options.json && !options.yes && !options.dryRun) {
    throw new UsageError('--json asks nothing: add --yes to apply, or --dry-run to look.');
  }
  const stage = readStageOfFile(file, stageOf(options, environment));
  const services = parts.applyServices(connectionOf(options, environment), stage.mesh, () => new Date().toISOString());
  const plan = await prepareApply(services, stage, options);
  const tell = (told: ApplyPlan, applied: boolean, lastLine: string) => {
    if (options.json) writeJson(terminal, stage, told, applied);
    else terminal.out(lastLine);
  };

  if (!options.json) {
    for (const line of writePlan(terminal, stage.mesh, plan)) terminal.out(line);
    for (const line of writeBucketStatements(stage.mesh, plan)) terminal.out(line);
  }
  if (plan.changes.length === 0) {
    tell(plan, false, 'Nothing to change: the hub is as mesh.yml says.');
    return 0;
  }
  const removals = removalsOf(plan);
  if (options.dryRun) {
    const refusal = removals.length > 0 && !options.allowRemovals ? ' Applying needs --allow-removals.' : '';
    tell(plan, false, `Dry run: ${count(plan)} would be made, none was.${refusal}`);
    return 0;
  }
  if (removals.length > 0 && !options.allowRemovals) throw new RemovalsRefusedError(removals);
  if (!options.yes && !(await isConfirmed(terminal, plan))) {
    terminal.out('Nothing was changed.');
    return 1;
  }
  try {
    const applied = await carryOut(services, stage, plan, options);
    for (const note of applied.notes.slice(plan.notes.length)) terminal.err(note);
    tell(applied, true, `Applied: ${count(plan)} made to stage ${stage.mesh.stage}.`);
    return 0;
  } catch (error) {
    terminal.err('Stopped before the end. What was done stays; applying again goes on with the rest.');
    throw error;
  }
}

async function isConfirmed(terminal: Terminal, plan: ApplyPlan): Promise<boolean> {
  if (!terminal.isInteractive) throw new NobodyToAskError();
  return terminal.confirm(`Make ${count(plan)}?`);
}

/** @throws MeshFileError with the file's own name, PolicyInvalidError. */
function readStageOfFile(file: string, stage: string): StageOfFolder {
  try {
    return readStage(dirname(file), readFileSync(file, 'utf8'), stage);
  } catch (error) {
    throw error instanceof MeshFileError ? new MeshFileError(error.problems, basename(file)) : error;
  }
}

function writeJson(terminal: Terminal, { mesh }: StageOfFolder, { changes, notes }: ApplyPlan, applied: boolean): void {
  const { stage, hub } = mesh;
  terminal.out(
    JSON.stringify({ stage, hub, changes, notes, applied, bucketStatements: bucketStatements(mesh) }, null, 2),
  );
}

function count({ changes }: ApplyPlan): string {
  return changes.length === 1 ? '1 change' : `${changes.length} changes`;
}

/** Changes wait for a yes, and nobody can say it. */
class NobodyToAskError extends Error {
  override name = 'NobodyToAskError';

  constructor() {
    super('There is no terminal to ask on, so nothing was changed: add --yes to apply, or --dry-run to look only.');
  }
}
