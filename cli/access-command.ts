import { type Command, InvalidArgumentError, Option } from 'commander';
import { STATUSES } from '../shared/access/list-access.ts';
import type { Connection } from '../shared/aws/apply-services.ts';
import type { AccessDesk } from '../shared/aws/open-access.ts';
import type { MeshPlace } from '../shared/aws/reader-session.ts';
import type { DecideOptions, ExtendOptions, RequestOptions, RevokeOptions } from './access-events.ts';
import type { ChangeOptions } from './carry-out.ts';
import { runDecide, runExtend, runRequest, runRevoke } from './change-access.ts';
import type { Environment } from './connection.ts';
import { explainingRefusals } from './explain-refusal.ts';
import { type HubOptions, withHubOptions } from './hub-place.ts';
import { type ListOptions, runExplain, runList, runShow } from './look-at-access.ts';
import type { Terminal } from './terminal.ts';

export interface AccessParts {
  terminal: Terminal;
  environment: Environment;
  /** What the caller may do with access. @throws when the hub is not found */
  openAccess(connection: Connection, place: MeshPlace, now: () => string): Promise<AccessDesk>;
  /** ISO 8601. */
  now(): string;
}

/** `trellis access`. Each command gives its exit code to `onExit`. */
export function addAccessCommands(program: Command, parts: AccessParts, onExit: (exitCode: number) => void): void {
  const access = program
    .command('access')
    .summary('ask for access, decide on it, end it, and explain it')
    .description(
      'Asks for access, decides on it, extends and ends it, by events of your own account, and shows what there is and why. From any account of the mesh: each sees what it asked for and what is asked of it, the hub all.',
    );
  const run = (takes: readonly string[], command: () => Promise<number>) =>
    explainingRefusals(takes, command).then(onExit);
  const change = (command: () => Promise<number>) => run(CHANGING_TAKES, command);
  const look = (command: () => Promise<number>) => run(LOOKING_TAKES, command);

  ending(narrowing(changing(access.command('request'))))
    .summary('ask for access to tables')
    .description(
      'Asks that a role or a user of your account may read tables, and waits for the answer. The same command with the same --id is the same request, however often it is given. Exits with 0 when access is granted, or waits for the owner.',
    )
    .argument('<tables...>', 'central tables: <domain>_<database>.<table>')
    .requiredOption('--purpose <text>', 'what the data is for')
    .option('--days <n>', 'for so many days', wholeNumber)
    .option('--principal <arn>', 'who is to read: an ARN, or role/<name> or user/<name> (default: you)')
    .option('--describe-only', 'to see the tables, not their rows')
    .option('--id <id>', 'the name of the request, unique in the mesh (default: a new one)')
    .action((tables: string[], options: RequestOptions & ChangeOptions) =>
      change(() => runRequest(tables, options, parts)),
    );
  ending(narrowing(changing(access.command('decide'))))
    .summary('answer a request that waits for you')
    .description(
      "Answers the open question of a request or an extension, for the domain that owns the tables: run with credentials of the domain's account.",
    )
    .argument('<request>', 'its id')
    .argument('<answer>', 'approve or deny')
    .option('--reason <text>', 'why')
    .option('--as <arn>', 'the steward who decides: an ARN, or role/<name> or user/<name> (default: you)')
    .option('--direct', "put the answer straight on the hub's bus, as you: for domains with `decisions: direct`")
    .action((requestId: string, answer: string, options: DecideOptions & ChangeOptions) =>
      change(() => runDecide(requestId, answer, options, parts)),
    );
  ending(changing(access.command('extend')))
    .summary('ask for a later end')
    .description('Asks for a later end of a grant of your account. It is decided like a request.')
    .argument('<request>', 'its id')
    .option('--days <n>', 'for so many days from now', wholeNumber)
    .option('--purpose <text>', 'what the data is for, if that has changed')
    .action((requestId: string, options: ExtendOptions & ChangeOptions) =>
      change(() => runExtend(requestId, options, parts)),
    );
  changing(access.command('revoke'))
    .summary('end access at once')
    .description(
      'Ends access at once and for good: that of one request, or of all that the options name. By the account that asked, the account of the domain that owns the tables, or the hub.',
    )
    .argument('[request]', 'its id')
    .requiredOption('--reason <text>', 'why')
    .option('--principal <arn>', 'all of a role or a user')
    .option('--table <name>', 'all on a central table; beside a request, what that gives on it')
    .option('--product <name>', 'all of a data product: <domain>/<product>')
    .option('--yes', 'end it without asking')
    .action((requestId: string | undefined, options: RevokeOptions & ChangeOptions) =>
      change(() => runRevoke(requestId, options, parts)),
    );
  withHubOptions(access.command('list'))
    .summary('list requests and grants')
    .description("Lists what your account asked for and what is asked of it; from the hub's account, everything.")
    .option('--principal <arn>', 'only of a role or a user: an ARN, or role/<name> or user/<name>')
    .option('--table <name>', 'only on this central table')
    .option('--domain <name>', 'only on tables of this domain')
    .addOption(
      new Option('--status <status>', 'only these (open: what waits, or gives access)')
        .choices(STATUSES)
        .default('open'),
    )
    .option('--at <time>', "who could read then, by the ledger's steps: a day or an instant. From the hub's account")
    .option('--limit <n>', 'show no more than so many (default: 50, and all with --json)', wholeNumber)
    .action((options: ListOptions) => look(() => runList(options, parts)));
  withHubOptions(access.command('show'))
    .summary('show one request')
    .description("Shows where a request stands and why; from the hub's account, with every step that it took.")
    .argument('<request>', 'its id')
    .action((requestId: string, options: HubOptions) => look(() => runShow(requestId, options, parts)));
  withHubOptions(access.command('explain'))
    .summary('explain what a principal can read of a table')
    .description(
      'Explains why a principal can read what it can of a table: its grants and their policies, the one entry in Lake Formation, what its own account lacks (seen with credentials of that account), and what ends when. Exits with 1 when it has no access.',
    )
    .argument('<principal>', 'an ARN, or role/<name> or user/<name> of your account')
    .argument('<table>', 'its name in the central catalog: <domain>_<database>.<table>')
    .action((principal: string, table: string, options: HubOptions) =>
      look(() => runExplain(principal, table, options, parts)),
    );
}

function changing(command: Command): Command {
  return withHubOptions(
    command
      .option('--dry-run', 'show the event that would be put, and put nothing')
      .option('--no-wait', 'put the event and go')
      .option('--wait-for <time>', 'wait for the answer at most so long (30s, 5m, 1h)', '3m'),
  );
}

function narrowing(command: Command): Command {
  return command
    .option('--columns <names>', 'only these columns, separated by commas', names)
    .option('--rows <filter>', 'only the rows for which this holds, such as "origin = \'SEA\'"');
}

function ending(command: Command): Command {
  return command.option('--until <time>', 'until this day (its beginning, in UTC) or instant');
}

const CHANGING_TAKES = [
  "It takes events:PutEvents on the default bus of your account (from the hub, and with --direct, on the hub's bus trellis-<stage>).",
  'To see the answer it takes what `trellis access list` does; --no-wait goes without.',
];

const LOOKING_TAKES = [
  "In the hub's account it takes an administrator of the data lake who may read Glue's catalog and the ledger's table (glue:GetTable, dynamodb:GetItem, dynamodb:Query; dynamodb:Scan on its index holder; lakeformation:ListPermissions, lakeformation:ListDataCellsFilter).",
  'In any other account: has the hub been deployed, and `trellis apply` been run, since this version?',
];

function wholeNumber(written: string): number {
  if (!/^[1-9]\d{0,5}$/.test(written)) throw new InvalidArgumentError('It is a whole number from 1.');
  return Number(written);
}

function names(written: string): string[] {
  const all = written.split(',').map(name => name.trim());
  if (all.includes('')) throw new InvalidArgumentError('They are names separated by commas.');
  return all;
}
