/** The story that `npm start` tells, from outside: with SDK clients of the people in it. */

import { accessIsExtended, grantsOverlap } from './access-scenes.ts';
import {
  ANALYTICS,
  AVIATION,
  administratorOf,
  advance,
  HUB,
  listen,
  putEvent,
  roleArn,
  roleOf,
  settle,
} from './actors.ts';
import { anEventIsLost, aSchemaChanges, aTableIsMadeAgain, tablesAppear } from './catalog-scenes.ts';
import { code, say, scene, told } from './print.ts';
import { expect, heard, minute, mustRefuse, type Stage, show } from './stage.ts';

const BUS = 'trellis-local';
const ANALYST = roleArn(ANALYTICS, 'Analyst');
const STEWARD = roleArn(AVIATION, 'Steward');

export async function playStory(endpoint: string): Promise<void> {
  const hear = await listen(endpoint, BUS);
  const analyst = await roleOf(endpoint, ANALYTICS, 'Analyst');
  const stage = { endpoint, hear, analyst };
  await tablesAppear(stage);
  await aSchemaChanges(stage);
  await publicColumnsAtOnce(stage);
  await ownerDecides(stage);
  await grantsOverlap(stage);
  await aTableIsMadeAgain(stage);
  await anEventIsLost(stage);
  await accessIsExtended(stage);
  await accessEnds(stage);
}

async function publicColumnsAtOnce({ endpoint, hear, analyst }: Stage): Promise<void> {
  scene(3, 'An analyst asks for public columns, and has them at once');
  await request(endpoint, {
    requestId: 'flights-1',
    tables: ['aviation_ops.flights'],
    purpose: 'delay-study',
    durationDays: 1,
  });
  const [granted] = await heard(hear, 'Access Granted');
  told('Access Granted', `until ${minute(granted.expiresAt)}, by ${granted.policies.join(', ')}`);
  const link = String(granted.links[0]);
  const sql = `SELECT origin, count(*) AS flights, round(avg(delay), 1) AS minutes_late FROM ${link} GROUP BY origin ORDER BY flights DESC LIMIT 5`;
  code(`athena as Analyst: ${sql}`);
  await show(analyst, sql);
}

async function ownerDecides({ endpoint, hear, analyst }: Stage): Promise<void> {
  scene(4, 'Confidential columns wait for their owner, who gives less than was asked');
  const everything = 'SELECT * FROM trellis_aviation_ops.birdstrikes LIMIT 1';
  await mustRefuse(analyst, everything);
  await request(endpoint, {
    requestId: 'birds-1',
    tables: ['aviation_ops.birdstrikes'],
    purpose: 'safety-study',
    durationDays: 1,
  });
  const [question] = await heard(hear, 'Access Approval Needed');
  const columns = question.columns;
  told(
    'Access Approval Needed',
    `${columns.length} columns, to the stewards of aviation, until ${minute(question.answerBy)}`,
  );
  say('The analyst tries to approve it alone, then the steward of aviation answers: everything but the costs.');
  const decision = { requestId: 'birds-1', decision: 'approved' };
  await putEvent(administratorOf(endpoint, ANALYTICS), 'trellis.access', 'Access Decision Made', {
    ...decision,
    approver: ANALYST,
  });
  await settle(endpoint);
  const [refusal] = await heard(hear, 'Event Refused');
  told('Event Refused', String(refusal.reasons[0]));
  const allowed = columns.filter(name => !name.startsWith('cost'));
  const steward = await roleOf(endpoint, AVIATION, 'Steward');
  await putEvent(
    steward,
    'trellis.access',
    'Access Decision Made',
    { ...decision, approver: STEWARD, columns: allowed, reason: 'Costs are not needed to study safety.' },
    { bus: `arn:aws:events:us-east-1:${HUB}:event-bus/${BUS}` },
  );
  await settle(endpoint);
  const [granted] = await heard(hear, 'Access Granted');
  told('Access Granted', `${granted.columns.length} of ${columns.length} columns: ${String(granted.reasons[0])}`);
  const sql =
    'SELECT wildlife_species, count(*) AS strikes FROM trellis_aviation_ops.birdstrikes GROUP BY 1 ORDER BY strikes DESC LIMIT 5';
  code(`athena as Analyst: ${sql}`);
  await show(analyst, sql);
  const cost = columns.find(name => name.startsWith('cost'));
  await mustRefuse(analyst, `SELECT sum(${cost}) FROM trellis_aviation_ops.birdstrikes`);
}

async function accessEnds({ endpoint, hear, analyst }: Stage): Promise<void> {
  scene(9, 'The end comes by itself');
  say('Twelve hours more:');
  await advance(endpoint, 12 * 3600);
  const revoked = await heard(hear, 'Access Revoked');
  for (const event of revoked) told('Access Revoked', `${event.requestId}: ${event.cause}`);
  expect(revoked.length === 2, `two grants revoked, not ${revoked.length}`);
  await mustRefuse(analyst, 'SELECT count(*) FROM trellis_aviation_ops.birdstrikes');
  const still = 'SELECT count(*) AS flights FROM trellis_aviation_ops.flights';
  code(`athena as Analyst: ${still}   (until its later end)`);
  await show(analyst, still);
  say('And a day later:');
  await advance(endpoint, 24 * 3600);
  const [last] = await heard(hear, 'Access Revoked');
  told('Access Revoked', `${last.requestId}: ${last.cause}`);
  await mustRefuse(analyst, 'SELECT count(*) FROM trellis_aviation_ops.flights');
}

async function request(endpoint: string, data: Record<string, unknown>): Promise<void> {
  await putEvent(administratorOf(endpoint, ANALYTICS), 'trellis.access', 'Access Requested', {
    ...data,
    principal: ANALYST,
  });
  code(
    `analytics: events put-events  Access Requested ${data.requestId}: ${String(data.tables)} for ${data.purpose}, ${data.durationDays} day`,
  );
  await settle(endpoint);
}
