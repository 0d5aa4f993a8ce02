/** What an account of the mesh must have so that Trellis can work in it, and how each answer of AWS is to be read. */
import type { PolicyStatement } from './apply-bucket-statements.ts';

/** One account of the mesh, as `apply` asks for it: mesh.yml may be ahead of what is in force. */
export interface SpokeCheck {
  account: string;
  /** Whether a domain of its own is synced, or its people only read. */
  kind: 'domain' | 'consumer';
  /** The Glue databases of its domains. */
  databases: '*' | string[];
  /** The buckets of its domains, with all prefixes of the mesh in each. */
  buckets: { bucket: string; prefixes: string[] }[];
  isOutsideOrganization: boolean;
  organization?: string | undefined;
}

export interface SpokeFinding {
  /** What was looked at, for example `glue:GetTable`. */
  check: string;
  /** `unknown`: neither proven nor disproven. */
  ok: boolean | 'unknown';
  found: string;
  /** What to do about it. */
  fix?: string;
  /** The statements that are missing, for the owner of the bucket or the key to add. */
  missing?: { policyOf: string; statements: PolicyStatement[] };
  /** Trellis works without it: worth doing, no fault. */
  isAdvice?: true;
}

/** A Glue call with a name that cannot exist: it changes nothing, whatever it is answered. */
export interface GlueProbe {
  action:
    | 'GetDatabases'
    | 'GetDatabase'
    | 'GetTables'
    | 'GetTable'
    | 'GetPartitions'
    | 'GetPartition'
    | 'BatchGetPartition'
    | 'DeleteTable';
  /** What the name stands for. */
  purpose: 'read' | 'link';
  database: string;
  table: string;
}

/** What AWS answered to a probe: nothing wrong, or an error. */
export type ProbeAnswer = Error | undefined;

const READS = ['GetTable', 'GetTables', 'GetDatabase', 'GetPartitions', 'GetPartition', 'BatchGetPartition'] as const;
const LINK_CALLS = ['GetDatabase', 'GetTable', 'DeleteTable'] as const;

/**
 * The Glue calls that Trellis makes in the account, each with a name that cannot exist.
 * @param unusedName never used for anything, so that nothing has it. A domain's name is never empty: no link database begins with `trellis__`.
 */
export function glueProbes({ kind, databases }: SpokeCheck, unusedName: string): GlueProbe[] {
  const links = LINK_CALLS.map(action => ({
    action,
    purpose: 'link' as const,
    database: `trellis__${unusedName}`,
    table: `trellis__${unusedName}`,
  }));
  if (kind === 'consumer') return links;
  const database = databases === '*' ? unusedName : (databases[0] ?? unusedName);
  const reads = [...READS, ...(databases === '*' ? (['GetDatabases'] as const) : [])];
  return [...reads.map(action => ({ action, purpose: 'read' as const, database, table: unusedName })), ...links];
}

export const DEPLOY_AGAIN = 'Deploy spoke.yml in the account again: the role trellis-spoke lacks this right there';

/** Whether the role can be assumed. */
export function judgeAssumed(account: string, answer: ProbeAnswer): SpokeFinding {
  const check = 'assume trellis-spoke';
  if (!answer) return { check, ok: true, found: 'assumed' };
  const fix = `Deploy spoke.yml in account ${account}, and the hub's stack if the account is new in mesh.yml: both must name it.`;
  return { check, ok: isDenial(answer) ? false : 'unknown', found: told(answer), fix };
}

/** The name cannot exist: `EntityNotFoundException` proves the right to look, a denial disproves it, anything else proves nothing. */
export function judgeGlue({ action, purpose, database }: GlueProbe, answer: ProbeAnswer): SpokeFinding {
  const check = `glue:${action}${purpose === 'link' ? ' on links' : ''}`;
  // A list, and a database that mesh.yml names, may be there.
  if (!answer) return { check, ok: true, found: 'allowed' };
  if (answer.name === 'EntityNotFoundException') return { check, ok: true, found: 'allowed: the name is not there' };
  if (isDenial(answer) && /Lake Formation permission/i.test(answer.message)) {
    // IAM let it pass, and Lake Formation says the same of what is hidden and of what is not there. Source: aws-sdk-pandas issue 677.
    const where =
      purpose === 'link' ? 'CREATE_DATABASE on the catalog' : `DESCRIBE on ${database}, or on each database`;
    const fix = `IAM allows it. Lake Formation in the account hides what trellis-spoke has no permission on, so that absence cannot be told: grant it ${where}.`;
    return { check, ok: 'unknown', found: told(answer), fix };
  }
  if (isDenial(answer)) return { check, ok: false, found: told(answer), fix: `${DEPLOY_AGAIN}.` };
  return { check, ok: 'unknown', found: told(answer), fix: 'Try again; what the error says helps if it stays.' };
}

/** Outside the organization shares wait for an invitation to be accepted. */
export function judgeInvitations(answer: ProbeAnswer): SpokeFinding {
  const check = 'ram:GetResourceShareInvitations';
  if (!answer) return { check, ok: true, found: 'allowed' };
  return { check, ok: isDenial(answer) ? false : 'unknown', found: told(answer), fix: `${DEPLOY_AGAIN}.` };
}

/** An account that does not list the hub shows it reads without the reader's name. Source: Lake Formation Developer Guide, "Cross-account CloudTrail logging". */
export function judgeTrustedOwners(hub: string, account: string, trusted: readonly string[] | Error): SpokeFinding {
  const check = 'TrustedResourceOwners';
  if (trusted instanceof Error) {
    return { check, ok: isDenial(trusted) ? false : 'unknown', found: told(trusted), fix: `${DEPLOY_AGAIN}.` };
  }
  if (trusted.includes(hub)) return { check, ok: true, found: 'the hub is listed' };
  const command = `aws lakeformation get-data-lake-settings | jq '.DataLakeSettings.TrustedResourceOwners += ["${hub}"] | {DataLakeSettings}' > settings.json && aws lakeformation put-data-lake-settings --cli-input-json file://settings.json`;
  const fix = `Usage names the account alone, not who read. To have it named, as an administrator of account ${account}: ${command}`;
  return { check, ok: false, found: 'the hub is not listed', fix, isAdvice: true };
}

function isDenial(error: Error): boolean {
  return /^AccessDenied/.test(error.name);
}

/** An error in a line. */
export function told({ name, message }: Error): string {
  return message === '' || message === name ? name : `${name}: ${message}`;
}
