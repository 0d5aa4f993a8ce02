import { Command, CommanderError } from 'commander';
import packageFile from '../package.json' with { type: 'json' };
import { type AccessParts, addAccessCommands } from './access-command.ts';
import { type ApplyCommandOptions, type CommandParts, runApply } from './apply-command.ts';
import { addCatalogCommands, type CatalogParts } from './catalog-command.ts';
import { UsageError } from './connection.ts';
import { describeError } from './describe-error.ts';
import { type PolicyTestOptions, policyTestCommand, runPolicyTest } from './policy-command.ts';
import { type ReconcileOptions, type ReconcileParts, reconcileCommand, runReconcile } from './reconcile-command.ts';

/** What the commands need of the outside. */
export interface ProgramParts extends CommandParts, CatalogParts, ReconcileParts, AccessParts {}

/** Runs the command that the arguments name. Gives the exit code: 0 done, 1 failed, refused or not all done, 2 not understood, 130 left by Ctrl-C. */
export async function runTrellis(args: readonly string[], parts: ProgramParts): Promise<number> {
  const { terminal } = parts;
  let exitCode = 0;
  const program = new Command('trellis')
    .description(packageFile.description)
    .version(packageFile.version, '--version', 'the version')
    .helpOption('-h, --help', 'this help')
    .helpCommand('help [command]', 'help on a command')
    .exitOverride()
    .configureOutput({
      writeOut: text => terminal.out(text.trimEnd()),
      writeErr: text => terminal.err(text.trimEnd()),
    })
    .showHelpAfterError('(trellis --help says what there is)')
    .showSuggestionAfterError();
  applyCommand(program).action(async (file: string, options: ApplyCommandOptions) => {
    exitCode = await runApply(file, options, parts);
  });
  const catalog = addCatalogCommands(program, parts);
  reconcileCommand(catalog).action(async (options: ReconcileOptions) => {
    exitCode = await runReconcile(options, parts);
  });
  addAccessCommands(program, parts, code => {
    exitCode = code;
  });
  policyTestCommand(program).action((folder: string, options: PolicyTestOptions) => {
    exitCode = runPolicyTest(folder, options, parts);
  });

  try {
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    // Commander has written what it has to say. Help that was not asked for, because no command was given, is a usage error.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    terminal.err(describeError(error));
    return error instanceof UsageError ? 2 : 1;
  }
}

function applyCommand(program: Command): Command {
  return program
    .command('apply')
    .summary('make the hub what mesh.yml says')
    .description(
      "Makes the hub what mesh.yml and its policies say: its data lake settings, the domains' locations, the grants of the role that writes the central catalog, and the mesh in force. Checks the accounts, brings in who joins and offboards what leaves. Shows what would change first. Run with an administrator's credentials of the hub's account.",
    )
    .argument('<mesh.yml>', 'the file; policies are looked for beside it')
    .option('--stage <name>', 'the stage (default: TRELLIS_STAGE, or local when the endpoint is this machine)')
    .option('--dry-run', 'show what would change, and change nothing')
    .option('--yes', 'apply without asking')
    .option('--json', 'one JSON document, and nothing asked: with --yes or --dry-run')
    .option('--remove <digest>', 'let leave what a dry run has shown under this digest')
    .option('--no-wait', 'begin offboarding and go; the next apply finishes it')
    .option('--strict', 'change nothing when a check of an account fails or cannot be made')
    .option('--no-checks', "do not look whether Trellis can work in the mesh's accounts")
    .option('--administrator <arn>', 'the role that you run with, where its path is not known (IAM Identity Center)')
    .option('--profile <name>', "a profile of AWS's configuration files")
    .option('--region <name>', "the hub's Region (default: AWS's usual environment)")
    .option('--endpoint-url <url>', "another endpoint than AWS's, such as the local mesh");
}
