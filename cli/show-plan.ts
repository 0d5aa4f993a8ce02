import { type BucketStatements, bucketStatements } from '../shared/mesh/apply-bucket-statements.ts';
import type { ApplyPlan, Change } from '../shared/mesh/apply-changes.ts';
import type { Foreseen } from '../shared/mesh/apply-redecide.ts';
import type { Mesh } from '../shared/mesh/mesh.ts';
import type { Terminal } from './terminal.ts';

type Sign = '+' | '~' | '-';

/** What a change is about, in a word, and whether it adds, changes or takes away. */
const KINDS: Record<Change['kind'], readonly [Sign, string]> = {
  'add-administrator': ['+', 'settings'],
  'add-read-only-administrator': ['+', 'settings'],
  'clear-default-permissions': ['~', 'settings'],
  'raise-cross-account-version': ['~', 'settings'],
  'register-location': ['+', 'location'],
  grant: ['+', 'permission'],
  'mesh-added': ['+', 'mesh'],
  'mesh-changed': ['~', 'mesh'],
  'mesh-removed': ['-', 'mesh'],
  'save-mesh': ['~', 'save'],
  reconcile: ['+', 'reconcile'],
  'share-back': ['~', 'share back'],
  redecide: ['~', 'decide again'],
  offboard: ['-', 'offboard'],
  revoke: ['-', 'permission'],
  'unregister-location': ['-', 'location'],
  'finish-leaving': ['~', 'save'],
};

const COLOURS = { '+': 'green', '~': 'yellow', '-': 'red' } as const;

/** The plan for a person: a line for each change, then the notes. */
export function writePlan({ style }: Pick<Terminal, 'style'>, mesh: Mesh, { changes, notes }: ApplyPlan): string[] {
  const rows = changes.map(change => ({ sign: KINDS[change.kind][0], what: KINDS[change.kind][1], change }));
  const width = Math.max(0, ...rows.map(({ what }) => what.length));
  const lines = [style('bold', `Stage ${mesh.stage}, hub ${mesh.hub}`)];
  for (const { sign, what, change } of rows) {
    lines.push(`  ${style(COLOURS[sign], sign)} ${style('dim', what.padEnd(width))}  ${change.sentence}`);
    if (change.kind === 'redecide') lines.push(...writeForeseen({ style }, change.foreseen));
  }
  return [...lines, ...notes.map(note => `  ${style('yellow', '!')} ${note}`), ''];
}

/** Grants that are told one by one: a JSON document has all. */
const LONGEST_LIST = 50;

/** Each grant that would lose something, what, and why. */
function writeForeseen({ style }: Pick<Terminal, 'style'>, { changed }: Foreseen): string[] {
  const lines = changed.slice(0, LONGEST_LIST).flatMap(({ requestId, principal, table, outcome, columns, reasons }) => {
    const what = outcome === 'ended' ? style('red', 'ends') : `${style('yellow', 'loses')} ${columns.join(', ')}`;
    return [`      ${requestId} of ${principal} on ${table} ${what}`, ...reasons.map(reason => `        ${reason}`)];
  });
  const more = changed.length - LONGEST_LIST;
  return more > 0 ? [...lines, `      and ${more} more: --json has them all`] : lines;
}

/** What the owners of buckets with a newly registered location must add, as JSON to paste. */
export function writeBucketStatements(mesh: Mesh, { changes }: ApplyPlan): string[] {
  const registered = changes.flatMap(change => (change.kind === 'register-location' ? [change.subject] : []));
  const isConcerned = ({ bucket }: BucketStatements) =>
    registered.some(arn => arn === `arn:aws:s3:::${bucket}` || arn.startsWith(`arn:aws:s3:::${bucket}/`));
  return bucketStatements(mesh).filter(isConcerned).flatMap(writeStatements);
}

function writeStatements({ bucket, accounts, domains, statements, keyStatement }: BucketStatements): string[] {
  const owner = `${domains.length === 1 ? 'domain' : 'domains'} ${domains.join(', ')}, account ${accounts.join(' or ')}`;
  return [
    `The policy of bucket ${bucket} (${owner}) needs these statements:`,
    JSON.stringify(statements, null, 2),
    'If a customer managed KMS key encrypts it, the policy of the key needs this one, and the data role of the hub kms:Decrypt on the key:',
    JSON.stringify(keyStatement, null, 2),
    '',
  ];
}
