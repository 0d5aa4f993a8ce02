import { spokeCredentials } from '../aws/clients.ts';
import { AwsSpokeProbes } from '../aws/spoke-probes.ts';
import type { ProveSpokeServices } from '../mesh/prove-spoke.ts';
import { hubSettings, setting } from './environment.ts';

/** What proving an account needs. The credentials are made anew for each check: a role that was deployed a moment ago counts. */
export function spokeCheckServices(): () => ProveSpokeServices {
  const { account, region } = hubSettings();
  const hub = { hub: account, stage: setting('TRELLIS_STAGE'), region };
  return () => ({
    probes: new AwsSpokeProbes(spokeCredentials('trellis-check')),
    hub,
    newName: () => `probe_${crypto.randomUUID().replaceAll('-', '')}`,
  });
}
