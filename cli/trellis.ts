#!/usr/bin/env node
/** The command line of Trellis. `trellis --help` says what it can do. */
import { applyServices } from '../shared/aws/apply-services.ts';
import { openAccess } from '../shared/aws/open-access.ts';
import { openCatalog } from '../shared/aws/open-catalog.ts';
import { openRuns } from '../shared/aws/open-runs.ts';
import { runTrellis } from './program.ts';
import { processTerminal } from './terminal.ts';

process.exitCode = await runTrellis(process.argv.slice(2), {
  terminal: processTerminal(),
  environment: process.env,
  applyServices,
  openCatalog,
  openRuns,
  openAccess,
  now: () => new Date().toISOString(),
});
