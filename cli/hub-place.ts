import type { Command } from 'commander';
import type { Connection } from '../shared/aws/apply-services.ts';
import type { MeshPlace } from '../shared/aws/reader-session.ts';
import { type ConnectionOptions, connectionOf, type Environment, stageOf, UsageError } from './connection.ts';

/** The options of commands that any account of the mesh may run. */
export interface HubOptions extends ConnectionOptions {
  hub?: string;
  json?: true;
}

export function withHubOptions(command: Command): Command {
  return command
    .option('--stage <name>', 'the stage (default: TRELLIS_STAGE, or local when the endpoint is this machine)')
    .option('--hub <account>', "the hub's account (default: TRELLIS_HUB, or as the account's forwarding rule says)")
    .option('--json', 'one JSON document')
    .option('--profile <name>', "a profile of AWS's configuration files")
    .option('--region <name>', "the hub's Region (default: AWS's usual environment)")
    .option('--endpoint-url <url>', "another endpoint than AWS's, such as the local mesh");
}

/** How AWS is reached, and which mesh is meant. @throws UsageError when the options do not say enough, or what cannot be */
export function placeOf(options: HubOptions, environment: Environment): { connection: Connection; place: MeshPlace } {
  const stage = stageOf(options, environment);
  const hub = options.hub ?? (environment.TRELLIS_HUB || undefined);
  if (hub !== undefined && !/^\d{12}$/.test(hub))
    throw new UsageError(`The hub is an account, twelve digits, not ${hub}.`);
  return { connection: connectionOf(options, environment), place: { stage, ...(hub !== undefined && { hub }) } };
}
