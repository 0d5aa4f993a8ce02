import { describe, expect, it } from 'vitest';
import type { AccessDecisionMadeData } from '../../../events/access-decision-made.ts';
import type { AccessRequestedData } from '../../../events/access-requested.ts';
import type { AccessRequest } from '../../../shared/access/access-request.ts';
import { decideAnswer } from '../../../shared/access/decide-answer.ts';
import { decideRequest } from '../../../shared/access/decide-request.ts';
import { columnReasons } from '../../../shared/access/decide-table.ts';
import type { TableDescription } from '../../../shared/access/table-description.ts';
import {
  ANALYST,
  ANALYTICS,
  AVIATION,
  END,
  FLIGHTS,
  flights,
  grant,
  mesh,
  NOW,
  policies,
  request,
  STEWARD,
  states,
} from './access-sample.ts';

/** What the rules of a request and the policies of this project come to together; each rule alone: `decide-request.test.ts`. */

function rule(changes: Partial<AccessRequestedData>, table: TableDescription = flights) {
  const data: AccessRequestedData = {
    requestId: 'r1',
    principal: ANALYST,
    tables: [FLIGHTS],
    columns: ['origin', 'delay'],
    purpose: 'route-study',
    expiresAt: END,
    ...changes,
  };
  const tables = [{ description: table, pair: { grants: [] } }];
  const context = { mesh, policies, existing: undefined, tables, now: NOW };
  const ruling = decideRequest(data, ANALYTICS, context);
  if (ruling.kind !== 'decided') throw new Error(`It is ${ruling.kind}.`);
  return ruling;
}

function asked(...args: Parameters<typeof rule>): AccessRequest {
  return rule(...args).request;
}

function inDays(days: number, milliseconds = 0): string {
  return new Date(Date.parse(NOW) + days * 86_400_000 + milliseconds).toISOString();
}

function relabelled(name: string, ...labels: string[]): TableDescription {
  return { ...flights, columns: flights.columns.map(each => (each.name === name ? { ...each, labels } : each)) };
}

describe('a request for public columns', () => {
  it('is approved at once, with the partition key, in the order of the table', () => {
    expect(asked({ columns: ['delay', 'origin'] })).toMatchObject({
      terms: [{ table: FLIGHTS, columns: ['origin', 'delay', 'year'], rowFilter: null }],
      policies: ['aviation.anyone-may-request', 'aviation.public-is-automatic', 'aviation.readable'],
      state: { status: 'approved', approvedAt: NOW, reasons: [] },
    });
  });

  it('is approved for a season to the day, and left to the owner beyond it', () => {
    expect(asked({ expiresAt: inDays(90) }).state.status).toBe('approved');
    expect(asked({ expiresAt: inDays(90, 1) }).state.status).toBe('waiting');
  });

  it('is left to the owner up to a whole year, and denied beyond it', () => {
    expect(asked({ expiresAt: inDays(365) }).state.status).toBe('waiting');
    expect(asked({ expiresAt: inDays(365, 1) }).state).toEqual({
      status: 'denied',
      deniedAt: NOW,
      reasons: ['access ends after 365 days at most'],
    });
  });

  it('takes names in any case, each once', () => {
    expect(asked({ columns: ['Origin', 'ORIGIN', 'Year'] }).terms[0]?.columns).toEqual(['origin', 'year']);
  });

  it('is left to the owner when a column, or a partition key that it did not ask for, is unlabelled', () => {
    expect(asked({}, relabelled('origin')).state.status).toBe('waiting');
    expect(asked({}, relabelled('year')).state.status).toBe('waiting');
  });

  it('may filter its rows by a partition key that it did not ask for', () => {
    expect(asked({ rowFilter: 'year = 2026' })).toMatchObject({
      terms: [{ columns: ['origin', 'delay', 'year'], rowFilter: 'year = 2026' }],
      state: { status: 'approved' },
    });
  });
});

describe('a request for more than public columns', () => {
  it.each<[string, Partial<AccessRequestedData>, string[]]>([
    ['confidential ones', { columns: ['origin', 'tail'] }, ['origin', 'tail', 'year']],
    ['personal data for a listed purpose', { columns: ['pilot'], purpose: 'safety-investigation' }, ['pilot', 'year']],
    ['all there are, when it names none', { columns: undefined as never }, ['origin', 'delay', 'tail', 'year']],
  ])('is left to the owner: %s', (_, changes, columns) => {
    const { state, terms } = asked(changes);
    expect(state).toEqual({ status: 'waiting', askedAt: NOW, answerBy: inDays(7) });
    expect(terms).toEqual([{ table: FLIGHTS, columns, rowFilter: null }]);
  });

  it('is given without what nobody may have, and says why of each', () => {
    const ruling = rule({ columns: ['origin', 'pilot', 'incident'] });
    const reasons = [
      "pilot: personal data is read only for a purpose on the council's list",
      'incident: aviation shares no restricted columns',
    ];
    expect(ruling.request.terms[0]?.columns).toEqual(['origin', 'year']);
    expect(ruling.request.state).toMatchObject({ status: 'approved', reasons });
    expect(columnReasons(ruling)).toEqual(reasons);
  });

  it('is denied when nothing of it is left, although the partition key may be read', () => {
    const { state, policies: named } = asked({ columns: ['incident', 'pilot'] });
    expect(state).toMatchObject({
      status: 'denied',
      reasons: expect.arrayContaining([expect.stringMatching(/^pilot/)]),
    });
    expect(named).toContain('aviation.restricted-stays');
  });

  it('is denied when a partition key may not be read', () => {
    expect(asked({}, relabelled('year', 'restricted')).state).toMatchObject({
      status: 'denied',
      reasons: ['partition key year is read by every grant on the table: aviation shares no restricted columns'],
    });
  });

  it('cannot filter its rows by a column that was kept back', () => {
    expect(asked({ columns: ['origin', 'pilot'], rowFilter: "pilot = 'x'" }).state).toMatchObject({
      status: 'denied',
      reasons: [expect.stringMatching(/^The row filter cannot be used: .*pilot/)],
    });
  });
});

describe("an owner's yes", () => {
  function answer(
    changes: Partial<AccessDecisionMadeData> = {},
    table: TableDescription = flights,
    grants = [grant('other')],
  ) {
    const data = { requestId: 'r1', decision: 'approved', approver: STEWARD, ...changes } as const;
    const context = {
      mesh,
      policies,
      request: request(states.waiting),
      tables: [{ description: table, pair: { grants } }],
      now: NOW,
    };
    return decideAnswer(data, AVIATION, NOW, context);
  }

  it('gives what policy alone would not, beside another grant of the same rows, and names the policies of both', () => {
    expect(answer()).toMatchObject({
      kind: 'answered',
      request: {
        terms: [{ columns: ['origin', 'tail', 'year'], rowFilter: null }],
        policies: ['aviation.anyone-may-request', 'aviation.readable', 'aviation.stewards-decide'],
        state: { status: 'approved' },
      },
    });
  });

  it('keeps the partition key of what it narrows', () => {
    expect(answer({ columns: ['TAIL'] })).toMatchObject({ request: { terms: [{ columns: ['tail', 'year'] }] } });
  });

  it('does not give a column that policy keeps back by now', () => {
    expect(answer({}, relabelled('tail', 'restricted'))).toMatchObject({
      kind: 'answered',
      request: { terms: [{ columns: ['origin', 'year'] }] },
    });
  });

  it('is refused when of what it names nothing may be given by now, but for the key', () => {
    expect(answer({ columns: ['tail'] }, relabelled('tail', 'restricted'))).toMatchObject({
      kind: 'refused',
      reasons: [expect.stringMatching(/^tail: /)],
    });
  });

  it('says which columns it names are kept back', () => {
    const ruling = answer({}, relabelled('tail', 'restricted'));
    expect(ruling).toMatchObject({
      request: { state: { reasons: [expect.any(String), expect.stringMatching(/^tail: /)] } },
    });
  });

  it('is refused when a partition key may not be read any more', () => {
    expect(answer({}, relabelled('year', 'restricted'))).toMatchObject({
      kind: 'refused',
      reasons: [expect.stringMatching(/^partition key year/)],
    });
  });

  it('of one who asks for himself is refused, steward or not', () => {
    expect(answer({ approver: ANALYST })).toMatchObject({
      kind: 'refused',
      reasons: [`${ANALYST} cannot decide on its own request.`],
    });
  });
});
