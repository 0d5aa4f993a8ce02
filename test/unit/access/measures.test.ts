import { describe, expect, it, vi } from 'vitest';
import type { RequestState } from '../../../shared/access/access-request.ts';
import { countGrantsHourly } from '../../../shared/access/count-grants.ts';
import { enforceRequest } from '../../../shared/access/enforce-request.ts';
import { measureDue } from '../../../shared/access/measure-due.ts';
import { measureStep } from '../../../shared/access/measure-step.ts';
import type { MetricName } from '../../../shared/telling/measure.ts';
import { EnforceRig } from './enforce-rig.ts';
import { ANALYST, END, FLIGHTS, NOW, requestIn, WAITING } from './samples.ts';

function measured(run: (measure: (name: MetricName, value: number) => void) => void): [MetricName, number][] {
  const values: [MetricName, number][] = [];
  run((name, value) => values.push([name, value]));
  return values;
}

const at = (seconds: number, from = NOW) => new Date(Date.parse(from) + seconds * 1000).toISOString();
const APPROVED = { status: 'approved' as const, approvedAt: at(60), attempts: 0, retryAt: at(60), reasons: [] };
const EXTENSION = { askedAt: at(100), answerBy: at(9999), expiresAt: at(99, END), purpose: 'research', policies: [] };
const ENDING = { status: 'ending' as const, since: at(70, END) };

describe('a step', () => {
  const step = (before: RequestState | undefined, after: RequestState) =>
    measured(measure => measureStep(measure, before && requestIn(before), requestIn(after), at(200)));

  it.each<[string, RequestState | undefined, RequestState, [MetricName, number][]]>([
    ['a new request', undefined, WAITING, [['AccessRequests', 1]]],
    ['an approval', WAITING, APPROVED, [['DecisionMilliseconds', 60_000]]],
    ['a denial', WAITING, { status: 'denied', deniedAt: at(5), reasons: [] }, [['DecisionMilliseconds', 5000]]],
    ['a failed attempt', APPROVED, { ...APPROVED, attempts: 1 }, []],
    [
      'a grant',
      { ...APPROVED, attempts: 2 },
      { status: 'granted', grantedAt: at(90) },
      [['GrantMilliseconds', 30_000]],
    ],
    [
      'the answer to an extension',
      { status: 'granted', grantedAt: NOW, extension: EXTENSION },
      { status: 'granted', grantedAt: NOW },
      [['DecisionMilliseconds', 100_000]],
    ],
    [
      'no extension that is only reminded of',
      { status: 'granted', grantedAt: NOW, extension: EXTENSION },
      { status: 'granted', grantedAt: NOW, extension: { ...EXTENSION, reminded: 1 } },
      [],
    ],
    ['an end that begins', { status: 'granted', grantedAt: NOW }, { ...ENDING, cause: 'expired' }, []],
    [
      'an expiry, from the end that was agreed on',
      { ...ENDING, cause: 'expired' },
      { status: 'ended', cause: 'expired', endedAt: at(100, END) },
      [['RevocationLatenessMilliseconds', 100_000]],
    ],
    [
      'a revocation, from when it was asked for',
      { ...ENDING, cause: 'requested' },
      { status: 'ended', cause: 'requested', endedAt: at(100, END) },
      [['RevocationLatenessMilliseconds', 30_000]],
    ],
    [
      'an end by a clock that is behind',
      { ...ENDING, cause: 'requested' },
      { status: 'ended', cause: 'requested', endedAt: at(0, END) },
      [['RevocationLatenessMilliseconds', 0]],
    ],
  ])('measures %s', (_, before, after, expected) => {
    expect(step(before, after)).toEqual(expected);
  });
});

describe('what is found due', () => {
  const found = (kind: 'request' | 'pair', seconds: number, status?: string) => {
    const item =
      kind === 'request'
        ? { kind, requestId: 'r1' }
        : { kind: 'pair' as const, pair: { principal: ANALYST, table: FLIGHTS } };
    return measured(measure => measureDue(measure, { item, dueAt: NOW, status }, at(seconds)));
  };

  it('is late where access should be gone and a sweep has passed', () => {
    expect(found('request', 59, 'ending')).toEqual([]);
    expect(found('request', 180, 'ending')).toEqual([['RevocationLatenessMilliseconds', 180_000]]);
    expect(found('request', 180, 'granted')).toEqual([['RevocationLatenessMilliseconds', 180_000]]);
    expect(found('request', 180, 'approved')).toEqual([]);
    expect(found('request', 180, 'waiting')).toEqual([]);
  });

  it('is an unsettled pair after five minutes', () => {
    expect(found('pair', 299)).toEqual([]);
    expect(found('pair', 300)).toEqual([['UnsettledPairs', 1]]);
  });
});

describe('enforcing', () => {
  it('measures a grant, its failures once they are told, and what Trellis did not give', async () => {
    const rig = new EnforceRig();
    const values: [MetricName, number][] = [];
    const services = { ...rig.services, measure: (name: MetricName, value: number) => void values.push([name, value]) };
    await rig.given({ ...APPROVED, approvedAt: NOW, retryAt: NOW });
    vi.spyOn(rig.lake, 'isAssociated').mockResolvedValue(false);
    for (const seconds of [0, 60, 600]) {
      rig.now = at(seconds);
      await enforceRequest(services, 'r1');
    }
    expect(values).toEqual([['ProvisioningFailures', 1]]);
    vi.restoreAllMocks();
    rig.now = at(3600);
    await enforceRequest(services, 'r1');
    expect(values.slice(1)).toEqual([['GrantMilliseconds', 3_600_000]]);
  });
});

describe('active grants', () => {
  const count = async (now: string, countGrants: () => Promise<number>) => {
    const values: unknown[] = [];
    const reports: string[] = [];
    await countGrantsHourly({
      countGrants,
      measure: (...value) => values.push(value),
      now: () => now,
      report: message => reports.push(message),
    });
    return { values, reports };
  };

  it('are counted in the first minute of an hour', async () => {
    expect((await count('2026-11-21T09:00:41.000Z', async () => 7)).values).toEqual([['ActiveGrants', 7]]);
    const never = vi.fn(async () => 7);
    expect((await count('2026-11-21T09:01:41.000Z', never)).values).toEqual([]);
    expect(never).not.toHaveBeenCalled();
  });

  it('stop no sweep when they cannot be counted', async () => {
    const failed = await count('2026-11-21T09:00:41.000Z', async () => Promise.reject(new Error('no')));
    expect(failed).toEqual({ values: [], reports: ['The active grants could not be counted'] });
  });
});
