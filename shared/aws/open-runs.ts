import { setTimeout as sleep } from 'node:timers/promises';
import { SFNClient } from '@aws-sdk/client-sfn';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { ledgerTableName } from '../mesh/hub-roles.ts';
import type { OperatedRuns } from '../reconcile/follow-run.ts';
import type { Connection } from './apply-services.ts';
import { clientOptions, documentClient } from './clients.ts';
import { ReconcileMachine } from './reconcile-machine.ts';
import { ReconcileLedger } from './run-ledger.ts';

/** The runs of a stage whose hub is the caller's account. `now` gives ISO 8601. */
export async function openRuns(connection: Connection, stage: string, now: () => string): Promise<OperatedRuns> {
  const options = { ...clientOptions, ...connection };
  const { Account: hub } = await new STSClient(options).send(new GetCallerIdentityCommand({}));
  if (!hub) throw new Error('STS does not say whose credentials these are.');
  const machine = new ReconcileMachine(new SFNClient(options), { stage, hub });
  const ledger = new ReconcileLedger(documentClient(connection), ledgerTableName(stage), now);
  return {
    ask: (run, request) => machine.ask(run, request),
    state: run => machine.state(run),
    report: run => ledger.report(run),
    parts: run => ledger.parts(run),
    pause,
  };
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}
