/** The scenes in which one principal's grants on one table meet, and one is extended. */
import { ANALYTICS, administratorOf, advance, putEvent, roleArn, settle } from './actors.ts';
import { code, say, scene, told } from './print.ts';
import { expect, heard, minute, mustRefuse, type Stage, show } from './stage.ts';

const ANALYST = roleArn(ANALYTICS, 'Analyst');

export async function grantsOverlap(stage: Stage): Promise<void> {
  const { endpoint, hear, analyst } = stage;
  scene(5, 'Two grants of one analyst on one table overlap: what it may read is both together');
  const airports = { principal: ANALYST, tables: ['aviation_ops.airports'], durationDays: 1 };
  await put(stage, 'Access Requested', {
    ...airports,
    requestId: 'airports-1',
    purpose: 'map',
    columns: ['iata', 'name'],
  });
  await put(stage, 'Access Requested', {
    ...airports,
    requestId: 'airports-2',
    purpose: 'survey',
    columns: ['name', 'city'],
  });
  for (const event of await heard(hear, 'Access Granted'))
    told('Access Granted', `${event.requestId}: ${event.columns.join(', ')}`);
  const both = 'SELECT iata, name, city FROM trellis_aviation_ops.airports ORDER BY iata LIMIT 2';
  code(`athena as Analyst: ${both}`);
  await show(analyst, both);
  await put(stage, 'Access Revocation Requested', { requestId: 'airports-1', reason: 'The map is drawn.' });
  const [revoked] = await heard(hear, 'Access Revoked');
  told('Access Revoked', `${revoked.requestId}: ${revoked.cause}. What the other gives stays, without a gap.`);
  const rest = 'SELECT name, city FROM trellis_aviation_ops.airports ORDER BY name LIMIT 2';
  code(`athena as Analyst: ${rest}`);
  await show(analyst, rest);
  await mustRefuse(analyst, 'SELECT iata FROM trellis_aviation_ops.airports');
  await settle(endpoint);
}

export async function accessIsExtended(stage: Stage): Promise<void> {
  const { endpoint, hear } = stage;
  scene(8, 'An end comes near, and one grant is extended');
  say(
    'The clock of the mesh moves on by twelve hours: half-way through so short a grant, its holder is told of the end.',
  );
  await hear();
  await advance(endpoint, 12 * 3600 + 60);
  const expiring = await heard(hear, 'Access Expiring');
  for (const event of expiring) told('Access Expiring', `${event.requestId} ends ${minute(event.expiresAt)}`);
  const end = expiring.find(({ requestId }) => requestId === 'flights-1')?.expiresAt ?? '';
  const expiresAt = new Date(Date.parse(end) + 24 * 3_600_000).toISOString();
  await put(stage, 'Access Extension Requested', { requestId: 'flights-1', expiresAt });
  const [extended] = await heard(hear, 'Access Extended');
  told(
    'Access Extended',
    `${extended.requestId} ends ${minute(extended.expiresAt)}, by ${extended.policies.join(', ')}`,
  );
  expect(extended.expiresAt === expiresAt, `an end at ${expiresAt}, not at ${extended.expiresAt}`);
}

async function put({ endpoint }: Stage, detailType: string, data: Record<string, unknown>): Promise<void> {
  await putEvent(administratorOf(endpoint, ANALYTICS), 'trellis.access', detailType, data);
  const { requestId, columns, expiresAt } = data;
  const what = [columns, expiresAt].filter(each => each !== undefined).join(', ');
  code(`analytics: events put-events  ${detailType} ${requestId}${what && `: ${what}`}`);
  await settle(endpoint);
}
