import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { GlueClient, ListCrawlersCommand } from '@aws-sdk/client-glue';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AVIATION, administratorOf, CLIMATE, putEvent, roleArn, roleOf, settle } from '../../local/story/actors.ts';
import { newsOf, theOne, toldOf } from './hearing.ts';
import {
  ANALYST,
  bootLivingMesh,
  HUB_BUS_ARN,
  type LivingMesh,
  REGIONAL,
  requestAccess,
  rowsOf,
  STEWARD,
} from './living-mesh.ts';
import { deadLetters, entriesOn, filtersOn } from './traces.ts';

let living: LivingMesh;
let news: Awaited<ReturnType<typeof newsOf>>;
beforeAll(async () => {
  living = await bootLivingMesh();
  news = await newsOf(living);
});
afterAll(() => living?.stop());

/** Puts one entry as it is, without the shape that our events have. */
async function putRaw(DetailType: string, detail: unknown, who = living.analytics): Promise<void> {
  const Entries = [{ Source: 'trellis.access', DetailType, Detail: JSON.stringify(detail) }];
  const { FailedEntryCount } = await new EventBridgeClient(who).send(new PutEventsCommand({ Entries }));
  expect(FailedEntryCount).toBe(0);
  await settle(living.endpoint);
}

const metadata = () => ({ eventId: crypto.randomUUID(), schemaVersion: '1.0' });
const good = (requestId: string) => ({
  requestId,
  principal: ANALYST,
  tables: ['aviation_ops.flights'],
  purpose: 'delay-study',
  durationDays: 1,
});

describe('an event of the wrong shape is refused once, with what is wrong', () => {
  it.each<[string, string, unknown, RegExp]>([
    [
      'without a requestId',
      'Access Requested',
      { metadata: metadata(), data: { ...good('x'), requestId: undefined } },
      /data\.requestId/,
    ],
    [
      'with a requestId that is none',
      'Access Requested',
      { metadata: metadata(), data: good('../../etc') },
      /1 to 64 letters/,
    ],
    [
      'with numbers for texts',
      'Access Requested',
      { metadata: metadata(), data: { ...good('x'), purpose: 7, columns: 'all' } },
      /data\.columns[\s\S]*data\.purpose/,
    ],
    ['without metadata', 'Access Requested', { data: good('no-metadata') }, /metadata/],
    ['without data', 'Access Requested', { metadata: metadata() }, /data/],
    ['that is an empty object', 'Access Requested', {}, /metadata/],
    [
      'with a principal that is no ARN',
      'Access Requested',
      { metadata: metadata(), data: { ...good('x'), principal: 'Analyst' } },
      /ARN of a role or a user/,
    ],
    [
      'for an account as principal',
      'Access Requested',
      { metadata: metadata(), data: { ...good('x'), principal: 'arn:aws:iam::444444444444:root' } },
      /ARN of a role or a user/,
    ],
    [
      'with two ends',
      'Access Requested',
      { metadata: metadata(), data: { ...good('x'), expiresAt: '2099-01-01T00:00:00.000Z' } },
      /either expiresAt or durationDays/,
    ],
    [
      'with no end',
      'Access Requested',
      { metadata: metadata(), data: { ...good('x'), durationDays: undefined } },
      /either expiresAt or durationDays/,
    ],
    [
      'with an end that is no instant',
      'Access Requested',
      { metadata: metadata(), data: { ...good('x'), durationDays: undefined, expiresAt: 'tomorrow' } },
      /ISO-8601/,
    ],
    [
      'with a negative duration',
      'Access Requested',
      { metadata: metadata(), data: { ...good('x'), durationDays: -1 } },
      /durationDays/,
    ],
    [
      'with a table and a product',
      'Access Requested',
      { metadata: metadata(), data: { ...good('x'), product: 'aviation/ops' } },
      /either a product or tables/,
    ],
    [
      'with a table that has no database',
      'Access Requested',
      { metadata: metadata(), data: { ...good('x'), tables: ['flights'] } },
      /<central database>\.<table>/,
    ],
    [
      'of a type that nobody knows',
      'Access Begged For',
      { metadata: metadata(), data: good('x') },
      /no event that Trellis takes/,
    ],
    [
      'that revokes nothing in particular',
      'Access Revocation Requested',
      { metadata: metadata(), data: { reason: 'all' } },
      /empty selector/,
    ],
    [
      'that decides maybe',
      'Access Decision Made',
      { metadata: metadata(), data: { requestId: 'x', decision: 'maybe', approver: STEWARD } },
      /decision/,
    ],
  ])('%s', async (_, detailType, detail, reason) => {
    await putRaw(detailType, detail);
    expect(await news()).toEqual([{ type: 'Event Refused', reasons: expect.stringMatching(reason) }]);
    // The same again: nothing new to say.
    await putRaw(detailType, detail);
    expect(await news()).toEqual([]);
  });

  it('for a principal of another account', async () => {
    await requestAccess(living, { ...good('foreign'), principal: roleArn(AVIATION, 'Steward') });
    expect(await news()).toEqual([
      { type: 'Event Refused', reasons: expect.stringMatching(/not of the account that asks/) },
    ]);
  });
});

describe('a request that cannot be met is denied once, with the reason', () => {
  it.each<[string, Record<string, unknown>, RegExp]>([
    ['unknown-domain', { tables: ['nowhere_ops.flights'] }, /belongs to no domain/],
    ['unknown-table', { tables: ['aviation_ops.helicopters'] }, /no table aviation_ops\.helicopters/],
    ['unknown-column', { columns: ['origin', 'pilot'] }, /no column pilot/],
    ['column-of-another-table', { columns: ['origin', 'wildlife_size'] }, /no column wildlife_size/],
    [
      'two-domains',
      { tables: ['aviation_ops.flights', 'climate_observations.co2'] },
      /Each domain answers for its own tables/,
    ],
    ['product', { tables: undefined, product: 'aviation/flights' }, /Products/],
    ['describe-columns', { permissions: ['DESCRIBE'], columns: ['origin'] }, /DESCRIBE alone/],
    ['past', { durationDays: undefined, expiresAt: '2001-01-01T00:00:00.000Z' }, /has passed/],
    ['too-long', { durationDays: 366 }, /365 days/],
    ['forever', { durationDays: 9_007_199_254_740_991 }, /365 days/],
    [
      'confidential-in-climate',
      { tables: ['climate_observations.co2'], columns: ['co2'], rowFilter: 'adjusted_co2 > 1' },
      /row filter/,
    ],
  ])('%s', async (requestId, change, reason) => {
    await requestAccess(living, { ...good(requestId), ...change, requestId });
    expect(await news()).toEqual([{ type: 'Access Denied', reasons: expect.stringMatching(reason) }]);
    await requestAccess(living, { ...good(requestId), ...change, requestId });
    expect(await news()).toEqual([]);
  });

  it.each(
    [
      "origin = 'ORD' OR 1=1",
      "origin = 'ORD'; DROP TABLE flights",
      "origin = 'ORD' -- and nothing else",
      'origin IN (SELECT iata FROM aviation_ops.airports)',
      "upper(origin) = 'ORD'",
      'origin = destination',
      "origin = 'ORD",
      "date > '2001-01-01'",
      '((((((((((((((((((((origin',
      `origin IN (${Array.from({ length: 500 }, (_, index) => `'${index}'`).join(', ')})`,
      "o\u0000rigin = 'ORD'",
    ].map(filter => ({ name: filter.slice(0, 40), rowFilter: filter })),
  )('a row filter such as $name', async ({ rowFilter }) => {
    const requestId = `filter-${crypto.randomUUID()}`;
    await requestAccess(living, { ...good(requestId), rowFilter });
    expect(await news()).toEqual([{ type: 'Access Denied', reasons: expect.stringMatching(/row filter/) }]);
  });
});

describe('what the buses do not let in', () => {
  const put = (who: typeof living.hub, entry: { Source: string; EventBusName?: string }) =>
    new EventBridgeClient(who).send(
      new PutEventsCommand({ Entries: [{ DetailType: 'Access Requested', Detail: '{}', ...entry }] }),
    );

  it('an account that is not in the mesh', async () => {
    const stranger = administratorOf(living.endpoint, '999999999999');
    await expect(put(stranger, { Source: 'trellis.access', EventBusName: HUB_BUS_ARN })).rejects.toThrow(
      /security token/,
    );
  });

  it('a consumer that speaks as Trellis, as a domain, or as AWS', async () => {
    for (const Source of ['trellis', 'trellis.contract', 'trellis.pipeline']) {
      await expect(put(living.analytics, { Source, EventBusName: HUB_BUS_ARN })).rejects.toThrow(/not authorized/);
    }
    const { Entries } = await put(living.aviation, { Source: 'aws.glue' });
    expect(Entries?.[0]?.ErrorCode).toBe('NotAuthorizedForSourceException');
  });

  it('a role that was given no right to put events', async () => {
    await expect(put(living.analyst, { Source: 'trellis.access' })).rejects.toThrow(/not authorized/);
  });

  it('the source trellis from an account, forwarded by its rule', async () => {
    await putEvent(living.analytics, 'trellis', 'Access Granted', { requestId: 'forged', principal: ANALYST });
    await settle(living.endpoint);
    expect(await news()).toEqual([]);
  });
});

describe('the same again', () => {
  it('the local mesh says which operation it lacks', async () => {
    await expect(new GlueClient(living.aviation).send(new ListCrawlersCommand({}))).rejects.toThrow(
      /local mesh does not have.*ListCrawlers/,
    );
  });

  it('after all of that nobody has anything, and no message is dead', async () => {
    for (const table of ['aviation_ops.flights', 'aviation_ops.birdstrikes', 'climate_observations.co2']) {
      expect(await entriesOn(living.endpoint, table)).toEqual([]);
      expect(await filtersOn(living.endpoint, table)).toEqual([]);
    }
    expect(await deadLetters(living.endpoint)).toEqual({});
  });

  it('the next good request is granted; the same event and the same request again are silent', async () => {
    const request = good('good');
    const eventId = crypto.randomUUID();
    await requestAccess(living, request, { eventId });
    await theOne(living, 'Access Granted', 'good');
    await rowsOf(living.analyst, 'SELECT origin FROM trellis_aviation_ops.flights LIMIT 1');
    await news();
    await requestAccess(living, request, { eventId });
    await requestAccess(living, request);
    expect(await news()).toEqual([]);
  });

  it('another request under a taken id is refused, and changes nothing of the first', async () => {
    const before = await entriesOn(living.endpoint, 'aviation_ops.flights');
    await requestAccess(living, { ...good('good'), principal: REGIONAL });
    expect(await news()).toEqual([
      { type: 'Event Refused', reasons: expect.stringMatching(/Another request has the id good/) },
    ]);
    expect(await entriesOn(living.endpoint, 'aviation_ops.flights')).toEqual(before);
    expect(await toldOf(living, 'Access Granted', 'good')).toHaveLength(1);
  });

  it('another account cannot answer, end or take over a request', async () => {
    const climate = await roleOf(living.endpoint, CLIMATE, 'Steward');
    const end = { requestId: 'good', reason: 'not mine' };
    await putEvent(climate, 'trellis.access', 'Access Revocation Requested', end, { bus: HUB_BUS_ARN });
    await settle(living.endpoint);
    expect(await news()).toEqual([
      { type: 'Event Refused', reasons: expect.stringMatching(/has no request good to revoke/) },
    ]);
    await rowsOf(living.analyst, 'SELECT origin FROM trellis_aviation_ops.flights LIMIT 1');
  });
});
