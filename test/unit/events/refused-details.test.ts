import { describe, expect, it } from 'vitest';
import { accessDecisionMade } from '../../../events/access-decision-made.ts';
import { accessRequested } from '../../../events/access-requested.ts';
import { accessRevocationRequested } from '../../../events/access-revocation-requested.ts';
import { envelope } from '../../../events/envelope.ts';
import { eventTypes } from '../../../events/json-schemas.ts';
import { sampleOf } from './samples.ts';

type Data = Record<string, unknown>;

/** The sample's detail with some of its data replaced; undefined takes a field away. */
function detailWith(detailType: string, data: Data, metadata: Data = {}): unknown {
  const { detail } = sampleOf(detailType) as { detail: { metadata: Data; data: Data } };
  return JSON.parse(
    JSON.stringify({ metadata: { ...detail.metadata, ...metadata }, data: { ...detail.data, ...data } }),
  );
}

/** What a person is told: each fault at its place. */
function faults({ detailType, detail }: (typeof eventTypes)[number], given: unknown): string[] {
  const result = detail.safeParse(given);
  expect(result.success, `${detailType} takes it`).toBe(false);
  return (result.error?.issues ?? []).map(issue => `${issue.path.join('.')}: ${issue.message}`);
}

const MISSING = 'Invalid input: expected string, received undefined';
const INSTANT = 'an instant is ISO-8601 in UTC, such as 2026-11-21T09:00:00.000Z';
const PRINCIPAL = 'a principal is the ARN of a role or a user';
const REQUEST_ID = 'a request id has 1 to 64 letters, digits, _ or -';
const TABLE = 'a table is named <central database>.<table>, in lower case';
const MANY_COLUMNS = Array.from({ length: 250 }, (_, index) => `c${index}`.padEnd(250, 'x'));
const ONE_END = 'give either expiresAt or durationDays';
const ONE_SUBJECT = 'name either a product or tables';

/** Faults of the metadata, which all events of ours share. */
const METADATA: [string, Data, string][] = [
  ['no event id', { eventId: undefined }, `metadata.eventId: ${MISSING}`],
  ['an empty event id', { eventId: '' }, 'metadata.eventId: Too small: expected string to have >=1 characters'],
  [
    'an event id of 129 characters',
    { eventId: 'e'.repeat(129) },
    'metadata.eventId: Too big: expected string to have <=128 characters',
  ],
  ['a time of another zone', { occurredAt: '2026-11-21T10:00:00+01:00' }, `metadata.occurredAt: ${INSTANT}`],
];

describe.each([accessRequested, accessDecisionMade, accessRevocationRequested])('$detailType', type => {
  it.each(METADATA)('is refused with %s', (_, metadata, fault) => {
    expect(faults(type, detailWith(type.detailType, {}, metadata))).toEqual([fault]);
  });

  it.each([undefined, null, 'text', [], {}, { data: {} }, { metadata: { eventId: 'e' } }])(
    'is refused as %j',
    detail => {
      expect(faults(type, detail)).not.toEqual([]);
    },
  );
});

describe('Access Requested', () => {
  it.each<[string, Data, string]>([
    ['no request id', { requestId: undefined }, `data.requestId: ${MISSING}`],
    ['a request id of 65 characters', { requestId: 'r'.repeat(65) }, `data.requestId: ${REQUEST_ID}`],
    ['an empty request id', { requestId: '' }, `data.requestId: ${REQUEST_ID}`],
    ['a request id with a slash', { requestId: 'a/b' }, `data.requestId: ${REQUEST_ID}`],
    ['a request id with a line end', { requestId: 'a\n' }, `data.requestId: ${REQUEST_ID}`],
    ['no principal', { principal: undefined }, `data.principal: ${MISSING}`],
    [
      'a principal of an account of eleven digits',
      { principal: 'arn:aws:iam::44444444444:role/Analyst' },
      `data.principal: ${PRINCIPAL}`,
    ],
    ['an account for a principal', { principal: '444444444444' }, `data.principal: ${PRINCIPAL}`],
    ['the root of an account', { principal: 'arn:aws:iam::444444444444:root' }, `data.principal: ${PRINCIPAL}`],
    [
      'a session for a principal',
      { principal: 'arn:aws:sts::444444444444:assumed-role/Analyst/me' },
      `data.principal: ${PRINCIPAL}`,
    ],
    ['everybody', { principal: 'arn:aws:iam::444444444444:role/*' }, `data.principal: ${PRINCIPAL}`],
    ['no purpose', { purpose: undefined }, `data.purpose: ${MISSING}`],
    ['an empty purpose', { purpose: '' }, 'data.purpose: Too small: expected string to have >=1 characters'],
    ['neither a product nor tables', { tables: undefined }, `data.tables: ${ONE_SUBJECT}`],
    ['a product and tables', { product: 'aviation/flights' }, `data.tables: ${ONE_SUBJECT}`],
    ['no table in the list', { tables: [] }, 'data.tables: Too small: expected array to have >=1 items'],
    [
      'twenty-one tables',
      { tables: Array(21).fill('aviation_ops.flights') },
      'data.tables: Too big: expected array to have <=20 items',
    ],
    ['a table without a database', { tables: ['flights'] }, `data.tables.0: ${TABLE}`],
    ['a table in capitals', { tables: ['aviation_ops.flights', 'AVIATION_OPS.FLIGHTS'] }, `data.tables.1: ${TABLE}`],
    [
      'tables that are no list',
      { tables: 'aviation_ops.flights' },
      'data.tables: Invalid input: expected array, received string',
    ],
    ['no column in the list', { columns: [] }, 'data.columns: Too small: expected array to have >=1 items'],
    [
      'more of columns than fits into an answer',
      { columns: MANY_COLUMNS },
      'data.columns: the names have 60000 bytes together at the most',
    ],
    [
      'a column without a name',
      { columns: ['delay', ''] },
      'data.columns.1: Too small: expected string to have >=1 characters',
    ],
    ['an empty row filter', { rowFilter: '' }, 'data.rowFilter: Too small: expected string to have >=1 characters'],
    [
      'a permission to write',
      { permissions: ['INSERT'] },
      'data.permissions.0: Invalid option: expected one of "SELECT"|"DESCRIBE"',
    ],
    ['no end', { durationDays: undefined }, `data.expiresAt: ${ONE_END}`],
    ['two ends', { expiresAt: '2026-12-21T09:00:00.000Z' }, `data.expiresAt: ${ONE_END}`],
    ['no days', { durationDays: 0 }, 'data.durationDays: Too small: expected number to be >0'],
    ['half a day', { durationDays: 0.5 }, 'data.durationDays: Invalid input: expected int, received number'],
    ['days as a text', { durationDays: '30' }, 'data.durationDays: Invalid input: expected number, received string'],
    [
      'an end in another zone',
      { durationDays: undefined, expiresAt: '2026-12-21T09:00:00+01:00' },
      `data.expiresAt: ${INSTANT}`,
    ],
    [
      'an end without a zone',
      { durationDays: undefined, expiresAt: '2026-12-21T09:00:00' },
      `data.expiresAt: ${INSTANT}`,
    ],
    [
      'an end on a day that does not exist',
      { durationDays: undefined, expiresAt: '2026-02-30T09:00:00Z' },
      `data.expiresAt: ${INSTANT}`,
    ],
    ['a day for an end', { durationDays: undefined, expiresAt: '2026-12-21' }, `data.expiresAt: ${INSTANT}`],
  ])('is refused with %s', (_, data, fault) => {
    expect(faults(accessRequested, detailWith('Access Requested', data))).toEqual([fault]);
  });

  it('tells every fault at once', () => {
    const found = faults(
      accessRequested,
      detailWith('Access Requested', { requestId: '', principal: 'me', purpose: '' }),
    );
    expect(found).toHaveLength(3);
  });

  it.each<[string, Data]>([
    ['a product', { tables: undefined, product: 'aviation/flights' }],
    ['an end instead of days', { durationDays: undefined, expiresAt: '2026-12-21T09:00:00Z' }],
    [
      'neither columns, row filter nor permissions',
      { columns: undefined, rowFilter: undefined, permissions: undefined },
    ],
    [
      'a role with a path',
      { principal: 'arn:aws:iam::444444444444:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Analyst_0a1b' },
    ],
    ['a user', { principal: 'arn:aws:iam::444444444444:user/ana.lyst@example.com' }],
    ['a principal of another partition', { principal: 'arn:aws-us-gov:iam::444444444444:role/Analyst' }],
    ['a request id of 64 characters', { requestId: 'r'.repeat(64) }],
  ])('is taken with %s', (_, data) => {
    const detail = detailWith('Access Requested', data);
    expect(accessRequested.detail.parse(detail)).toEqual(detail);
  });
});

describe('Access Decision Made', () => {
  it.each<[string, Data, string]>([
    ['no request', { requestId: undefined }, `data.requestId: ${MISSING}`],
    ['a request id of 65 characters', { requestId: 'r'.repeat(65) }, `data.requestId: ${REQUEST_ID}`],
    ['no decision', { decision: undefined }, 'data.decision: Invalid option: expected one of "approved"|"denied"'],
    [
      'another decision',
      { decision: 'Approved' },
      'data.decision: Invalid option: expected one of "approved"|"denied"',
    ],
    ['no approver', { approver: undefined }, `data.approver: ${MISSING}`],
    ['a name for an approver', { approver: 'Steward' }, `data.approver: ${PRINCIPAL}`],
    ['no column left', { columns: [] }, 'data.columns: Too small: expected array to have >=1 items'],
    [
      'more of columns than fits into an answer',
      { columns: MANY_COLUMNS },
      'data.columns: the names have 60000 bytes together at the most',
    ],
    ['an empty row filter', { rowFilter: '' }, 'data.rowFilter: Too small: expected string to have >=1 characters'],
    ['an end in another zone', { expiresAt: '2026-12-15T01:00:00+01:00' }, `data.expiresAt: ${INSTANT}`],
    [
      'a reason of 1,025 characters',
      { reason: 'r'.repeat(1025) },
      'data.reason: Too big: expected string to have <=1024 characters',
    ],
  ])('is refused with %s', (_, data, fault) => {
    expect(faults(accessDecisionMade, detailWith('Access Decision Made', data))).toEqual([fault]);
  });
});

describe('Access Revocation Requested', () => {
  const NOTHING =
    'data.requestId: say what to revoke: a requestId, a principal, a table or a product. An empty selector is refused';

  it.each<[string, Data, string]>([
    ['an empty selector', { requestId: undefined }, NOTHING],
    [
      'an empty product',
      { requestId: undefined, product: '' },
      'data.product: Too small: expected string to have >=1 characters',
    ],
    ['a request id of 65 characters', { requestId: 'r'.repeat(65) }, `data.requestId: ${REQUEST_ID}`],
    [
      'a principal of an account of eleven digits',
      { principal: 'arn:aws:iam::44444444444:role/A' },
      `data.principal: ${PRINCIPAL}`,
    ],
    ['no reason', { reason: undefined }, `data.reason: ${MISSING}`],
    ['an empty reason', { reason: '' }, 'data.reason: Too small: expected string to have >=1 characters'],
  ])('is refused with %s', (_, data, fault) => {
    expect(faults(accessRevocationRequested, detailWith('Access Revocation Requested', data))).toEqual([fault]);
  });

  it.each<Data>([
    { requestId: undefined, principal: 'arn:aws:iam::444444444444:role/Analyst' },
    { requestId: undefined, table: 'aviation_ops.flights' },
    { requestId: undefined, product: 'aviation/flights' },
    { requestId: undefined, principal: 'arn:aws:iam::444444444444:role/Analyst', product: 'aviation/flights' },
  ])('is taken for all of a principal or a product: %j', data => {
    expect(accessRevocationRequested.detail.safeParse(detailWith('Access Revocation Requested', data)).success).toBe(
      true,
    );
  });
});

describe('what Trellis tells', () => {
  const tells = eventTypes.filter(type => type.source === 'trellis');

  it.each(tells.map(type => [type.detailType, type] as const))('lacks no field: %s', (detailType, type) => {
    const { data } = sampleOf(detailType).detail as { data: Data };
    for (const field of Object.keys(data).filter(
      name => !['rowFilter', 'product', 'eventId', 'requestId'].includes(name),
    )) {
      const [fault, ...others] = faults(type, detailWith(detailType, { [field]: undefined }));
      expect(others).toEqual([]);
      expect(fault).toMatch(new RegExp(`^data\\.${field}: (Invalid|an instant is)`));
    }
  });
});

describe('an envelope', () => {
  it.each<[string, Data, string]>([
    ['no account', { account: undefined }, MISSING],
    ['an account of eleven digits', { account: '44444444444' }, 'an account id has twelve digits'],
    ['an account that is a number', { account: 444444444444 }, 'Invalid input: expected string, received number'],
    ['no source', { source: undefined }, MISSING],
    ['no detail type', { 'detail-type': undefined }, MISSING],
    ['no time', { time: undefined }, MISSING],
    ['no region', { region: undefined }, MISSING],
    ['no id', { id: undefined }, MISSING],
  ])('is none with %s', (_, changes, message) => {
    const result = envelope.safeParse({ ...sampleOf('Access Requested'), ...changes });
    expect(result.error?.issues).toMatchObject([{ path: Object.keys(changes), message }]);
  });
});
