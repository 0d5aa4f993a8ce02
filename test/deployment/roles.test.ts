/** The roles against what is really called: a mesh is played from end to end, and IAM's record of it compared with the policies of both stacks. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { RecordedAccess } from '../../local/iam/recorded-accesses.ts';
import { wildcard } from '../../local/iam/wildcards.ts';
import { bootMesh } from '../../local/mesh.ts';
import type { Told } from '../../local/story/actors.ts';
import { playEverything } from './play-everything.ts';
import { hub, list, type Resource, spokes, statementsOfRole } from './stacks.ts';

/** Lambda itself writes what functions print, with their role. */
const LAMBDA_ITSELF = new Set(['logs:CreateLogStream', 'logs:PutLogEvents']);

const LOCAL_DATA = 'Queries read with it, and none is played here; journeys query. Nothing is encrypted locally.';
const OUTSIDE = 'Invitations come to accounts outside the organization, and the sample has none.';

const DISTRIBUTED_MAP =
  'Step Functions asks for it to run a distributed Map (its guide, "IAM policies for using Distributed Map states"). The local one does not.';

/** Allowed, and called by nothing that was played: why the role has it nevertheless. A name that no longer belongs here fails the test. */
const NOT_CALLED: Record<string, string> = {
  'trellis-local-access-intake: dynamodb:GetItem on table/trellis-local-idempotency':
    'Powertools reads a record when the conditional write did not answer with it.',
  'trellis-local-notify: dynamodb:GetItem on table/trellis-local-idempotency':
    'Powertools reads a record when the conditional write did not answer with it.',
  'trellis-local-access-intake: sqs:ChangeMessageVisibility on trellis-local-access-surplus':
    'Of what was put off, nothing fails here; of what was not, something does.',
  'trellis-local-access-enforce: glue:GetDatabase on catalog':
    'Lake Formation asks for it beside glue:GetTable (cross-account prerequisites); the local one for grants on databases only.',
  'trellis-local-access-enforce: ram:UpdateResourceShare on *':
    'AWSLakeFormationCrossAccountManager has it: Lake Formation may change a share that is there. The local one makes no changes.',
  'trellis-local-access-question: states:SendTaskSuccess on stateMachine:trellis-local-access-request':
    'Only when the owner answered before the token was kept.',
  'trellis-local-reconcile: states:DescribeExecution on execution:trellis-local-reconcile:*': DISTRIBUTED_MAP,
  'trellis-local-reconcile: states:StopExecution on execution:trellis-local-reconcile:*': DISTRIBUTED_MAP,
  'trellis-local-data: s3:ListBucket on trellis-aviation': LOCAL_DATA,
  'trellis-local-data: s3:GetObject on trellis-aviation/*': LOCAL_DATA,
  'trellis-local-data: kms:Decrypt on key/*': LOCAL_DATA,
  'trellis-spoke: kms:GetKeyPolicy on key/*': 'For buckets that a key encrypts; nothing is encrypted locally.',
  'trellis-spoke: glue:GetTable on catalog': 'Only where Lake Formation shows the link its target.',
  'trellis-spoke: ram:GetResourceShareInvitations on *': OUTSIDE,
  'trellis-spoke: ram:AcceptResourceShareInvitation on *': OUTSIDE,
};

interface Allowed {
  actions: string[];
  resources: string[];
}

interface OwnRole {
  /** The copies of spoke.yml's role have one name, and are one role here. */
  name: string;
  arns: string[];
  allowed: Allowed[];
}

/** The same role of several stacks, statement by statement. */
function joinCopies(copies: Resource[]): OwnRole {
  const statements = copies.map(copy => statementsOfRole(copy));
  const allowed = (statements[0] ?? []).map(({ Action }, index) => ({
    actions: list(Action),
    resources: statements.flatMap(copy => list(copy[index]?.Resource)),
  }));
  return { name: copies[0]?.ref ?? '', arns: copies.map(copy => copy.arn), allowed };
}

const ownRoles = [
  ...hub.ofType('AWS::IAM::Role').map(role => [role]),
  ...Map.groupBy(
    spokes.flatMap(spoke => spoke.ofType('AWS::IAM::Role')),
    role => role.id,
  ).values(),
].map(joinCopies);

let told: Told[];
let calls: RecordedAccess[];

const callsOf = (role: OwnRole) => calls.filter(call => role.arns.includes(call.principal));
const isAmong = (patterns: readonly string[], value: string) => patterns.some(pattern => wildcard(pattern)(value));
const covers = ({ actions, resources }: Allowed, call: RecordedAccess) =>
  isAmong(actions, call.action) && isAmong(resources, call.resource);
/** An ARN without what all of an account's have in common. */
const short = (arn = '') => arn.replace(/^(arn:([^:]*:){4})/, '').replace(/^arn:aws:s3:::/, '');

beforeAll(async () => {
  const mesh = await bootMesh();
  try {
    told = await playEverything(mesh);
    calls = mesh.calls();
  } finally {
    await mesh.stop();
  }
}, 180_000);

describe('roles', () => {
  it('were watched while everything happened that can', () => {
    const requests = (type: string) =>
      told
        .filter(event => event.type === type)
        .map(event => String(event.data.requestId))
        .sort();
    const granted =
      'airports-1 birds-1 buoys-1 co2-1 flights-1 flights-2 flights-3 flights-4 weather-1 weather-2 weather-3'.split(
        ' ',
      );
    expect(requests('Access Granted')).toEqual(granted);
    expect(requests('Access Expiring')).toEqual(
      granted.filter(requestId => !['flights-2', 'flights-3', 'buoys-1', 'weather-3'].includes(requestId)),
    );
    expect(requests('Access Revoked')).toEqual(granted);
    const asked = ['birds-1', 'birds-1', 'birds-2', 'birds-3', 'birds-3', 'birds-4', 'birds-5'];
    expect(requests('Access Approval Needed')).toEqual(asked);
    expect(requests('Access Extended')).toEqual(['birds-1', 'flights-1']);
    expect(requests('Access Narrowed')).toEqual(['flights-1', 'flights-4']);
    expect(requests('Access Denied')).toEqual(['birds-2', 'birds-3', 'birds-4', 'birds-5', 'nowhere-1']);
    // And the 120 of an account that sends too much.
    expect(requests('Event Refused')).toHaveLength(5 + 120);
    expect(told.filter(event => event.type === 'Catalog Change Quarantined')).toHaveLength(1);
    const causeOf = (requestId: string) =>
      told.find(({ type, data }) => type === 'Access Revoked' && data.requestId === requestId)?.data.cause;
    expect(causeOf('buoys-1')).toBe('table-removed');
    expect(causeOf('flights-3')).toBe('requested');
    expect(causeOf('weather-3')).toBe('offboarded');
    const removed = told.filter(event => event.type === 'Catalog Table Removed').map(({ data }) => data.table);
    expect(removed.sort()).toEqual(['buoys', 'co2', 'weather']);
    const drift = told.filter(event => event.type === 'Catalog Drift Detected').map(({ data }) => data.subject);
    expect(drift).toEqual(expect.arrayContaining(['climate_observations', 'climate_trial']));
    const changes = told.filter(event => event.type === 'Catalog Table Synced').flatMap(event => event.data.changes);
    const partitions = ['partitions-added 1', 'partitions-changed 1', 'partitions-removed 1'];
    expect(changes).toEqual(expect.arrayContaining(['description', 'recreated', ...partitions]));
  });

  it('each did something', () => {
    const idle = ownRoles.filter(role => callsOf(role).length === 0).map(role => role.name);
    // What it is for is not played: see LOCAL_DATA.
    expect(idle).toEqual(['trellis-local-data']);
  });

  it('allow all that their code calls', () => {
    const denied = ownRoles.flatMap(role => callsOf(role).filter(call => !call.allowed));
    expect(denied).toEqual([]);
  });

  it('allow it by their own policies, not by what happens to be on the resource', () => {
    const strays = ownRoles.flatMap(role =>
      callsOf(role).filter(call => !role.allowed.some(statement => covers(statement, call))),
    );
    expect(strays).toEqual([]);
  });

  it('allow no action that nothing calls', () => {
    const notCalled = ownRoles.flatMap(role =>
      role.allowed.flatMap(({ actions, resources }) =>
        actions
          .filter(action => !LAMBDA_ITSELF.has(action))
          .filter(action => !callsOf(role).some(call => covers({ actions: [action], resources }, call)))
          .map(action => `${role.name}: ${action} on ${short(resources[0])}`),
      ),
    );
    console.log('Allowed, and called by nothing that was played:');
    for (const action of notCalled) console.log(`  ${action}\n      ${NOT_CALLED[action] ?? '???'}`);
    expect(notCalled.toSorted()).toEqual(Object.keys(NOT_CALLED).toSorted());
  });

  it('name no resource that nothing touches', () => {
    const notTouched = ownRoles.flatMap(role =>
      role.allowed
        .filter(({ actions, resources }) => callsOf(role).some(call => covers({ actions, resources }, call)))
        .flatMap(({ actions, resources }) =>
          resources
            .filter(resource => !callsOf(role).some(call => covers({ actions, resources: [resource] }, call)))
            .map(resource => `${role.name}: ${resource}`),
        ),
    );
    expect(notTouched).toEqual([]);
  });
});
