import { describe, expect, it } from 'vitest';
import { type Instant, laterBy } from '../../../shared/access/access-request.ts';
import { DECIDED_BEFORE_MILLISECONDS } from '../../../shared/access/departures.ts';
import { doWork } from '../../../shared/access/do-work.ts';
import { enforceRequest } from '../../../shared/access/enforce-request.ts';
import { recordStep } from '../../../shared/access/record-step.ts';
import { redecideTable } from '../../../shared/access/redecide-table.ts';
import { MESH, POLICIES } from '../../property/sample-mesh.ts';
import { EnforceRig, eachRig, PAIR } from './enforce-rig.ts';
import { ANALYST, APPROVED, FLIGHTS, GRANTED, NOW, requestIn } from './samples.ts';

const rig = eachRig();

/** From now on nobody may read this column, or ask at all. */
function forbid(mesh: EnforceRig, column: string | 'everything'): void {
  mesh.policies = {
    ...POLICIES,
    decideAgain({ question }) {
      const names = question.columns.map(({ name }) => name);
      if (column === 'everything' || names.every(name => name === column))
        return { columns: [], refusedColumns: [], reasons: [`${column} is closed`], policies: ['guardrail.closed'] };
      const refusedColumns = names.filter(name => name === column).map(name => ({ name, reasons: ['closed'] }));
      return {
        columns: names.filter(name => name !== column),
        refusedColumns,
        reasons: [],
        policies: ['guardrail.closed'],
      };
    },
  };
}

/** A grant that works, with what it told forgotten. */
async function given(
  mesh: EnforceRig,
  requestId: string,
  columns: string[],
  principal: string = ANALYST,
): Promise<void> {
  const request = requestIn(APPROVED, { requestId, principal, terms: [{ table: FLIGHTS, columns, rowFilter: null }] });
  const pair = await mesh.ledger.loadPair({ principal, table: FLIGHTS });
  await mesh.ledger.commit(recordStep(mesh.services.mesh, request, [pair], { at: mesh.now }));
  await enforceRequest(mesh.services, requestId);
  mesh.told.length = 0;
}

const call = (mesh: EnforceRig) => mesh.redecisions.callFor([FLIGHTS], mesh.now, mesh.now);
const redecide = (mesh: EnforceRig) => doWork(mesh.services, { kind: 'redecide', table: FLIGHTS });
const reads = (mesh: EnforceRig, principal: string = ANALYST) =>
  mesh.lake.accessByTrellis({ principal, table: FLIGHTS }).flatMap(({ columns }) => columns);
const stateOf = (mesh: EnforceRig, requestId: string) => mesh.ledger.requests.get(requestId)?.value.state;

/** Minutes of sweeps until nothing but what lasts is due. */
async function sweepOn(mesh: EnforceRig, minutes = 8): Promise<void> {
  for (let minute = 0; minute < minutes; minute++) {
    mesh.now = laterBy(mesh.now, 60_000);
    for (const { item } of mesh.ledger.dueItems().filter(({ dueAt }) => dueAt <= mesh.now))
      await doWork(mesh.services, item);
  }
}

describe('a table whose grants are decided again', () => {
  it('keeps all where nothing has changed, tells nobody, and writes nothing to the ledger', async () => {
    await given(rig(), 'r1', ['origin', 'delay']);
    const before = rig().ledger.committed.length;
    await call(rig());
    await redecide(rig());
    expect(rig().ledger.committed).toHaveLength(before);
    expect(rig().told).toEqual([]);
    expect(rig().redecisions.called.size).toBe(0);
  });

  it('takes a column out of a grant, in Lake Formation too, and tells it once with reasons and policies', async () => {
    await given(rig(), 'r1', ['origin', 'delay']);
    forbid(rig(), 'delay');
    await call(rig());
    await redecide(rig());
    await call(rig());
    await redecide(rig());
    await sweepOn(rig());
    expect(reads(rig())).toEqual(['origin']);
    expect(rig().told.filter(({ type }) => type === 'Access Narrowed')).toMatchObject([
      {
        destinations: expect.arrayContaining(['444444444444', '222222222222']),
        data: { requestId: 'r1', columns: ['origin'], reasons: ['delay: closed'], policies: ['guardrail.closed'] },
      },
    ]);
    expect(rig().types()).toEqual(['Access Narrowed']);
    expect(stateOf(rig(), 'r1')).toEqual(expect.objectContaining({ status: 'granted' }));
  });

  it('says so only when Lake Formation has followed', async () => {
    await given(rig(), 'r1', ['origin', 'delay']);
    forbid(rig(), 'delay');
    await call(rig());
    const revoke = rig().lake.revoke.bind(rig().lake);
    rig().lake.revoke = () => Promise.reject(new Error('throttled'));
    await redecide(rig());
    expect(rig().told).toEqual([]);
    expect(stateOf(rig(), 'r1')).toMatchObject({ status: 'granted', narrowing: { reasons: ['delay: closed'] } });
    rig().lake.revoke = revoke;
    await sweepOn(rig());
    expect(rig().types()).toEqual(['Access Narrowed']);
    expect(reads(rig())).toEqual(['origin']);
  });

  it('ends a grant that is left with nothing: cause policy, once, with reasons and policies; the others keep theirs', async () => {
    await given(rig(), 'r1', ['delay']);
    await given(rig(), 'r2', ['origin', 'delay']);
    forbid(rig(), 'delay');
    await call(rig());
    await redecide(rig());
    await sweepOn(rig());
    expect(reads(rig())).toEqual(['origin']);
    expect(rig().told).toMatchObject([
      {
        type: 'Access Revoked',
        data: { requestId: 'r1', cause: 'policy', reasons: ['delay is closed'], policies: ['guardrail.closed'] },
      },
      { type: 'Access Narrowed', data: { requestId: 'r2', columns: ['origin'] } },
    ]);
  });

  it('grants the narrower before it revokes the wider: no gap for what remains', async () => {
    await given(rig(), 'r1', ['origin', 'delay']);
    forbid(rig(), 'delay');
    const seen: string[][] = [];
    const revoke = rig().lake.revoke.bind(rig().lake);
    rig().lake.revoke = async (...given) => {
      seen.push(reads(rig()));
      return revoke(...given);
    };
    await call(rig());
    await redecide(rig());
    expect(seen[0]?.filter(column => column === 'origin')).toHaveLength(2);
  });

  it('narrows what is approved and not provisioned yet, which is told when it is granted', async () => {
    await rig().given(APPROVED);
    forbid(rig(), 'delay');
    await call(rig());
    await redecide(rig());
    await sweepOn(rig());
    expect(reads(rig())).toEqual(['origin']);
    expect(rig().told).toMatchObject([
      { type: 'Access Granted', data: { columns: ['origin'], reasons: ['delay: closed'] } },
    ]);
  });

  it('leaves what has expired to its end, and what has another end already', async () => {
    await given(rig(), 'r1', ['origin', 'delay']);
    forbid(rig(), 'everything');
    rig().now = '2026-12-21T09:00:00.000Z';
    await call(rig());
    await redecide(rig());
    await sweepOn(rig());
    expect(stateOf(rig(), 'r1')).toMatchObject({ status: 'ended', cause: 'expired' });
  });

  it('is looked at once more when nobody can still be deciding by what was before', async () => {
    await doWork(rig().services, { kind: 'labels', table: FLIGHTS });
    const certainAt = laterBy(NOW, DECIDED_BEFORE_MILLISECONDS);
    expect(rig().redecisions.called.get(FLIGHTS)).toMatchObject({ dueAt: certainAt });
    // Decided by the labels before, and committed since.
    forbid(rig(), 'delay');
    rig().now = laterBy(NOW, 100_000);
    await given(rig(), 'r1', ['origin', 'delay']);
    rig().now = certainAt;
    await redecide(rig());
    expect(reads(rig())).toEqual(['origin']);
    expect(rig().redecisions.called.size).toBe(0);
  });

  it('stays due when it is called for meanwhile', async () => {
    await given(rig(), 'r1', ['origin', 'delay']);
    await call(rig());
    const describeTable = rig().services.catalog.describe;
    rig().services.catalog = {
      describe: async table => {
        await call(rig());
        return describeTable(table);
      },
    };
    await redecide(rig());
    expect(rig().redecisions.called.size).toBe(1);
  });

  it('does nothing that nobody called for, and nothing for a table that is gone', async () => {
    await given(rig(), 'r1', ['origin', 'delay']);
    forbid(rig(), 'everything');
    await redecide(rig());
    rig().catalog.clear();
    await call(rig());
    await redecide(rig());
    expect(stateOf(rig(), 'r1')).toMatchObject({ status: 'granted' });
    expect(rig().redecisions.called.size).toBe(0);
  });

  it('keeps others from nothing when one grant cannot be decided, and stays due', async () => {
    await given(rig(), 'r1', ['delay', 'origin']);
    const other: string = ANALYST.replace('Analyst', 'Zoe');
    await given(rig(), 'r2', ['delay', 'origin'], other);
    forbid(rig(), 'delay');
    await call(rig());
    const load = rig().ledger.loadRequest.bind(rig().ledger);
    let isBroken = true;
    rig().alterLedger({
      loadRequest: id => (id === 'r1' && isBroken ? Promise.reject(new Error('down')) : load(id)),
    });
    await redecide(rig());
    expect(rig().reports).toEqual([expect.stringMatching(/could not be decided again/)]);
    expect(reads(rig(), other)).toEqual(['origin']);
    isBroken = false;
    await sweepOn(rig());
    expect(reads(rig())).toEqual(['origin']);
    expect(rig().redecisions.called.size).toBe(0);
  });
});

describe('thousands of grants on a table', () => {
  it('are decided in pieces, each within its time, and none is left out', { timeout: 60_000 }, async () => {
    const mesh = rig();
    const principals = Array.from({ length: 2_000 }, (_, index) => `arn:aws:iam::444444444444:role/R${10_000 + index}`);
    for (const [index, principal] of principals.entries()) {
      const terms = [{ table: FLIGHTS, columns: ['origin', 'delay'], rowFilter: null }];
      const request = requestIn(GRANTED, { requestId: `r${index}`, principal, terms, version: 1 });
      const pair = await mesh.ledger.loadPair({ principal, table: FLIGHTS });
      const approved = { ...request, state: APPROVED };
      await mesh.ledger.commit(recordStep(mesh.services.mesh, approved, [pair], { at: mesh.now }));
      await mesh.ledger.commit({ at: mesh.now, request: { ...request, version: 2 }, pairs: [], tell: [] });
    }
    forbid(mesh, 'delay');
    await call(mesh);
    // Every commit takes a tenth of a second; the function has a minute.
    let startedAt: Instant = mesh.now;
    mesh.services.deadline = () => laterBy(startedAt, 60_000);
    const commit = mesh.ledger.commit.bind(mesh.ledger);
    mesh.alterLedger({
      commit: async transition => {
        mesh.now = laterBy(mesh.now, 100);
        return commit(transition);
      },
    });
    let pieces = 0;
    for (; mesh.redecisions.called.size > 0 && pieces < 20; pieces++) {
      startedAt = mesh.now;
      await redecide(mesh);
      expect(mesh.now < laterBy(startedAt, 60_000)).toBe(true);
    }
    expect(pieces).toBeGreaterThan(3);
    const wide = [...mesh.ledger.pairs.values()].filter(({ value }) => value.grants[0]?.columns.includes('delay'));
    expect(wide).toEqual([]);
    // What Lake Formation has is each pair's own work.
    expect(mesh.ledger.dueItems().filter(({ item }) => item.kind === 'pair').length).toBeGreaterThan(1_000);
  });
});

describe('a process that dies', () => {
  it.each([false, true])(
    'leaves nothing that is not allowed in the end (after its call: %s)',
    { timeout: 60_000 },
    async isAfter => {
      for (let dies = 1; ; dies++) {
        const mesh = new EnforceRig();
        await given(mesh, 'r1', ['delay']);
        await given(mesh, 'r2', ['origin', 'delay']);
        forbid(mesh, 'delay');
        await call(mesh);
        const calls = await killed(mesh, dies, isAfter, () => redecide(mesh));
        await sweepOn(mesh, 12);
        expect([reads(mesh), mesh.ledger.dueItems().filter(({ dueAt }) => dueAt <= mesh.now)]).toEqual([
          ['origin'],
          [],
        ]);
        const narrowed = mesh.told.filter(({ type }) => type === 'Access Narrowed');
        const ended = mesh.told.filter(({ type }) => type === 'Access Revoked');
        // Told again is the same event.
        expect(new Set(narrowed.map(({ eventId }) => eventId)).size).toBe(1);
        expect(new Set(ended.map(({ eventId }) => eventId)).size).toBe(1);
        if (calls < dies) break;
        expect(dies).toBeLessThan(200);
      }
    },
  );
});

it('two at once come to the same as one', async () => {
  await given(rig(), 'r1', ['delay']);
  await given(rig(), 'r2', ['origin', 'delay']);
  forbid(rig(), 'delay');
  await call(rig());
  await Promise.all([redecide(rig()), redecide(rig())]);
  await sweepOn(rig());
  expect(reads(rig())).toEqual(['origin']);
  expect(rig().types().toSorted()).toEqual(['Access Narrowed', 'Access Revoked']);
  expect((await rig().ledger.loadPair(PAIR)).grants.map(({ requestId }) => requestId)).toEqual(['r2']);
});

/** Runs work whose process makes no call any more from its n-th one on. @returns how many it made */
async function killed(mesh: EnforceRig, dies: number, isAfter: boolean, work: () => Promise<void>): Promise<number> {
  let calls = 0;
  let isDead = false;
  const mortal = <T extends object>(port: T): T =>
    new Proxy(port, {
      get(target, name) {
        const member = Reflect.get(target, name);
        if (typeof member !== 'function' || name === 'pairsOf') return member;
        return async (...given: unknown[]) => {
          if (isDead) return new Promise(() => {});
          const isLast = ++calls === dies;
          if (isLast) isDead = true;
          if (isLast && !isAfter) throw new Error('died');
          const answer = await (member as (...all: unknown[]) => unknown).apply(target, given);
          if (isLast) throw new Error('died');
          return answer;
        };
      },
    });
  const alive = { ...mesh.services };
  for (const port of ['ledger', 'lake', 'links', 'calledTables', 'catalog', 'outbox', 'announcer'] as const)
    Object.assign(mesh.services, { [port]: mortal(bound(alive[port])) });
  await Promise.race([work().catch(() => {}), untilDead(() => isDead)]);
  Object.assign(mesh.services, alive);
  return calls;
}

/** Private members need their own object. */
function bound<T extends object>(port: T): T {
  return new Proxy(port, {
    get(target, name) {
      const member = Reflect.get(target, name);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}

async function untilDead(isDead: () => boolean): Promise<void> {
  for (let turns = 0; turns < 10_000; turns++) {
    await new Promise(resolve => setImmediate(resolve));
    if (isDead()) {
      for (let more = 0; more < 20; more++) await new Promise(resolve => setImmediate(resolve));
      return;
    }
  }
}

describe('a look that takes longer than there is time', () => {
  const readers = Array.from({ length: 12 }, (_, index) => `${ANALYST}${String(index).padStart(2, '0')}`);
  const give = async (requestId: string, principal: string) => {
    const request = requestIn(APPROVED, { requestId, principal });
    const reading = await rig().ledger.loadPair({ principal, table: FLIGHTS });
    await rig().ledger.commit(recordStep(MESH, request, [reading], { at: rig().now }));
    await enforceRequest(rig().services, requestId);
  };
  const columnsOf = (requestId: string) => rig().ledger.requests.get(requestId)?.value.terms[0]?.columns;

  it('is not the last one where it began too early: who was let in meanwhile, before where it went on, is decided too', async () => {
    for (const [index, principal] of readers.slice(1).entries()) await give(`q${index}`, principal);
    rig().policies = {
      ...POLICIES,
      decideAgain: ({ question }) => ({
        columns: question.columns.map(({ name }) => name).filter(name => name !== 'delay'),
        refusedColumns: [{ name: 'delay', reasons: ['closed'] }],
        reasons: [],
        policies: [],
      }),
    };
    const certainAt = laterBy(rig().now, 180_000);
    await rig().redecisions.callFor([FLIGHTS], rig().now, certainAt);
    rig().now = laterBy(certainAt, -10_000);
    const { deadline } = rig().services;
    // None is left after the first.
    rig().services.deadline = () => laterBy(rig().now, 20_000);
    await redecideTable(rig().services, FLIGHTS);
    expect(columnsOf('q0')).toEqual(['origin']);
    expect(columnsOf('q10')).toEqual(['origin', 'delay']);
    rig().services.deadline = deadline;
    await give('late', readers[0]!);
    for (let minute = 1; minute <= 5; minute++) {
      rig().now = laterBy(rig().now, 60_000);
      await redecideTable(rig().services, FLIGHTS);
    }
    expect(columnsOf('late')).toEqual(['origin']);
    expect(columnsOf('q10')).toEqual(['origin']);
    expect(rig().redecisions.called.size).toBe(0);
  });
});
