import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Instant, laterBy } from '../../../shared/access/access-request.ts';
import { DECIDED_BEFORE_MILLISECONDS } from '../../../shared/access/departures.ts';
import { LedgerConflictError } from '../../../shared/access/ledger.ts';
import { afterTransition } from '../../../shared/access/pair-record.ts';
import { type RedecideDomainServices, redecideDomain, redecideMesh } from '../../../shared/access/redecide-domain.ts';
import type { CalledTables } from '../../../shared/access/redecide-table.ts';
import { standingGrant } from '../../../shared/access/standing-grant.ts';
import { DueIndex } from '../../../shared/aws/due-index.ts';
import { LedgerTable } from '../../../shared/aws/ledger-table.ts';
import { MeshTable } from '../../../shared/aws/mesh-table.ts';
import { RedecisionTable } from '../../../shared/aws/redecision-table.ts';
import { MemoryLedger } from '../../property/memory-ledger.ts';
import { MemoryRedecisions } from '../../property/memory-redecisions.ts';
import { ANALYTICS, AVIATION, MESH } from '../../property/sample-mesh.ts';
import { Ledgers } from '../offboarding/ledger-on-disk.ts';
import { Mortal } from '../offboarding/mortal.ts';
import { grantOf } from './samples.ts';

const NOW = '2026-11-21T09:00:00.000Z';
const LATER = laterBy(NOW, DECIDED_BEFORE_MILLISECONDS);
const TABLES = Array.from({ length: 2_345 }, (_, index) => `aviation_ops.t${String(index).padStart(4, '0')}`);
const principal = `arn:aws:iam::${ANALYTICS}:role/Analyst`;

async function grantOn(ledger: MemoryLedger | LedgerTable, table: string, grant = grantOf('r1')): Promise<void> {
  const before = await ledger.loadPair({ principal, table });
  const pairs = [{ before, after: afterTransition(before.record, [grant]), put: grant }];
  await ledger.commit({ at: NOW, owner: AVIATION, pairs, tell: [] });
}

describe('a domain whose policies have changed', () => {
  async function world(tables: readonly string[] = TABLES) {
    let now: Instant = NOW;
    const ledger = new MemoryLedger(() => now);
    const redecisions = new MemoryRedecisions(ledger, () => now);
    redecisions.pageSize = 400;
    for (const table of tables) await grantOn(ledger, table);
    let calls = 0;
    let diesAt = Number.POSITIVE_INFINITY;
    const timed = <T extends object>(port: T): T =>
      new Proxy(port, {
        get:
          (target, name) =>
          async (...given: unknown[]) => {
            if (++calls === diesAt) throw new Error('died');
            now = laterBy(now, 1_000);
            return (Reflect.get(target, name) as (...all: unknown[]) => unknown).apply(target, given);
          },
      });
    const services = (): RedecideDomainServices => {
      const startedAt = now;
      return {
        changedPolicies: timed(redecisions.mesh),
        redecidedDomains: timed(redecisions.domains),
        calledTables: timed({ callFor: redecisions.callFor.bind(redecisions) }),
        now: () => now,
        deadline: () => laterBy(startedAt, 60_000),
      };
    };
    redecisions.apply('aviation', AVIATION);
    return {
      ledger,
      redecisions,
      services,
      now: () => now,
      go: (instant: Instant) => {
        now = instant;
      },
      dieAt: (call: number) => {
        calls = 0;
        diesAt = call;
      },
      calls: () => calls,
      /** Sweeps until nothing is due but tables. */
      async sweep() {
        for (let minutes = 0; minutes < 20; minutes++) {
          if (redecisions.applied) await redecideMesh(services());
          const due = redecisions.works.get('aviation')?.dueAt;
          if (due !== undefined && due <= now) await redecideDomain(services(), 'aviation');
          now = laterBy(now, 60_000);
        }
      },
    };
  }

  it('has every table called for on which somebody has a grant, twice, so many a minute', async () => {
    const { redecisions, sweep } = await world();
    const called: string[] = [];
    const callFor = redecisions.callFor.bind(redecisions);
    redecisions.callFor = async (tables, ...when) => {
      called.push(...tables);
      return callFor(tables, ...when);
    };
    await sweep();
    expect([...redecisions.called.keys()].sort()).toEqual(TABLES);
    expect(called).toHaveLength(2 * TABLES.length);
    const minutes = Map.groupBy(redecisions.called.values(), ({ dueAt }) => dueAt);
    expect(minutes.size).toBe(5);
    for (const tables of minutes.values()) expect(tables.length).toBeLessThanOrEqual(500);
    expect(redecisions.works.get('aviation')?.dueAt).toBeUndefined();
    expect(redecisions.applied).toBeUndefined();
  });

  it('finds in its last pass what was granted by the policies before, while functions still went by them', async () => {
    const { ledger, redecisions, services, go } = await world([]);
    await redecideMesh(services());
    await redecideDomain(services(), 'aviation');
    expect(redecisions.called.size).toBe(0);
    await grantOn(ledger, TABLES[0]!);
    await redecideDomain(services(), 'aviation');
    expect(redecisions.called.size).toBe(0);
    go(laterBy(LATER, 60_000));
    await redecideDomain(services(), 'aviation');
    expect([...redecisions.called.keys()]).toEqual([TABLES[0]]);
  });

  it('begins anew when policies change again meanwhile', async () => {
    const { redecisions, services } = await world();
    await redecideMesh(services());
    const work = (await redecisions.domains.load('aviation'))!;
    redecisions.apply('aviation', AVIATION);
    await redecideMesh(services());
    const anew = await redecisions.domains.load('aviation');
    await expect(
      redecisions.domains.save(work, { pass: 'first', startedAt: NOW, called: 5, from: '5' }, NOW),
    ).rejects.toThrow(LedgerConflictError);
    expect(await redecisions.domains.load('aviation')).toEqual(anew);
    expect(anew!.revision).toBeGreaterThan(work.revision);
  });

  it('is brought to its end when the process dies before any of its calls', async () => {
    for (let dies = 1; ; dies++) {
      const { redecisions, services, sweep, dieAt, calls } = await world(TABLES.slice(0, 900));
      dieAt(dies);
      await redecideMesh(services()).catch(() => {});
      await redecideDomain(services(), 'aviation').catch(() => {});
      const made = calls();
      dieAt(Number.POSITIVE_INFINITY);
      await sweep();
      expect(redecisions.called.size).toBe(900);
      expect(redecisions.works.get('aviation')?.dueAt).toBeUndefined();
      if (made < dies) break;
    }
  });
});

describe.each(['in memory', 'in DynamoDB'])('what is to be decided again, %s', place => {
  let ledgers: Ledgers;
  beforeAll(async () => {
    ledgers = await Ledgers.open();
  });
  afterAll(() => ledgers.close());

  async function keeping() {
    const now = () => NOW;
    if (place === 'in memory') {
      const ledger = new MemoryLedger(now);
      const memory = new MemoryRedecisions(ledger, now);
      const apply = async () => memory.apply('aviation', AVIATION);
      return {
        ledger,
        due: ledger,
        redecisions: memory as CalledTables & Pick<MemoryRedecisions, 'mesh' | 'domains'>,
        apply,
      };
    }
    const { documents, TableName } = await ledgers.create(new Mortal());
    const meshTable = new MeshTable(documents, TableName);
    let applies = 0;
    const apply = () =>
      meshTable.save({
        mesh: MESH,
        policies: { schema: '', guardrails: '', domains: {} },
        appliedAt: laterBy(NOW, -1000 + applies++),
        redecide: ['aviation'],
      });
    const redecisions = new RedecisionTable(documents, TableName, now);
    return {
      ledger: new LedgerTable(documents, TableName),
      due: new DueIndex(documents, TableName),
      redecisions,
      apply,
    };
  }

  async function dueAt(due: Pick<MemoryLedger, 'due'> | DueIndex, instant: Instant) {
    const items = [];
    for await (const page of due.due(instant)) items.push(...page);
    return items.filter(({ kind }) => kind.startsWith('redecide'));
  }

  const [FLIGHTS] = ['aviation_ops.flights'];

  it('is a table until it is finished, at its time', async () => {
    const { redecisions, due } = await keeping();
    expect(await redecisions.take(FLIGHTS, LATER)).toBeUndefined();
    await redecisions.callFor([FLIGHTS], NOW, LATER);
    expect(await dueAt(due, NOW)).toEqual([{ kind: 'redecide', table: FLIGHTS }]);
    const taken = (await redecisions.take(FLIGHTS, LATER))!;
    expect(taken).toMatchObject({ table: FLIGHTS, certainAt: LATER });
    expect(await dueAt(due, NOW)).toEqual([]);
    expect(await dueAt(due, LATER)).toHaveLength(1);
    await redecisions.finish(taken);
    expect(await dueAt(due, LATER)).toEqual([]);
  });

  it('goes on where it was put off, and from the beginning when it is called for again', async () => {
    const { redecisions } = await keeping();
    await redecisions.callFor([FLIGHTS], NOW, NOW);
    const look = { beganAt: NOW, reached: principal, hasFailed: true };
    await redecisions.putOff((await redecisions.take(FLIGHTS, LATER))!, NOW, look);
    const taken = (await redecisions.take(FLIGHTS, LATER))!;
    expect(taken.look).toEqual(look);
    await redecisions.putOff(taken, NOW);
    expect((await redecisions.take(FLIGHTS, LATER))?.look).toBeUndefined();
    await redecisions.putOff((await redecisions.take(FLIGHTS, LATER))!, NOW, look);
    await redecisions.callFor([FLIGHTS], NOW, NOW);
    expect((await redecisions.take(FLIGHTS, LATER))?.look).toBeUndefined();
  });

  it('is left to the one who took it last, or to a later call', async () => {
    const { redecisions, due } = await keeping();
    await redecisions.callFor([FLIGHTS], NOW, NOW);
    const first = (await redecisions.take(FLIGHTS, LATER))!;
    const second = (await redecisions.take(FLIGHTS, LATER))!;
    await redecisions.finish(first);
    await redecisions.putOff(first, NOW);
    expect(await dueAt(due, NOW)).toEqual([]);
    await redecisions.callFor([FLIGHTS], NOW, NOW);
    await redecisions.finish(second);
    expect(await dueAt(due, NOW)).toHaveLength(1);
  });

  it('keeps the later of the instants after which a look is certain', async () => {
    const { redecisions } = await keeping();
    await redecisions.callFor([FLIGHTS], NOW, LATER);
    await redecisions.callFor([FLIGHTS], NOW, NOW);
    expect((await redecisions.take(FLIGHTS, LATER))?.certainAt).toBe(LATER);
    const latest = laterBy(LATER, 1);
    await redecisions.callFor([FLIGHTS], NOW, latest);
    expect((await redecisions.take(FLIGHTS, LATER))?.certainAt).toBe(latest);
  });

  it('is the mesh, from the write that applies it until its domains are begun with; another apply stays', async () => {
    const { redecisions, due, apply } = await keeping();
    expect(await redecisions.mesh.load()).toBeUndefined();
    await apply();
    expect(await dueAt(due, NOW)).toEqual([{ kind: 'redecide-mesh' }]);
    const first = (await redecisions.mesh.load())!;
    expect(first.domains).toEqual([{ domain: 'aviation', account: AVIATION }]);
    await apply();
    await redecisions.mesh.finish(first.mark);
    const second = (await redecisions.mesh.load())!;
    await redecisions.mesh.finish(second.mark);
    expect([await redecisions.mesh.load(), await dueAt(due, NOW)]).toEqual([undefined, []]);
  });

  it('is a domain, page by page, until it is finished; who comes late meets a conflict', async () => {
    const { redecisions, due, ledger } = await keeping();
    const { domains, mesh } = redecisions;
    await grantOn(ledger, 'aviation_ops.flights');
    await grantOn(ledger, 'aviation_ops.crew', standingGrant(['origin']));
    expect(await domains.load('aviation')).toBeUndefined();
    await mesh.begin('aviation', AVIATION);
    expect(await dueAt(due, NOW)).toEqual([{ kind: 'redecide-domain', domain: 'aviation' }]);
    const work = (await domains.load('aviation'))!;
    expect((await domains.grantedTables(work, undefined)).tables).toEqual(['aviation_ops.flights']);
    const progress = { pass: 'last' as const, startedAt: LATER, called: 1 };
    const saved = await domains.save(work, progress, LATER);
    expect(await domains.load('aviation')).toEqual(saved);
    expect(await dueAt(due, NOW)).toEqual([]);
    await expect(domains.save(work, progress, LATER)).rejects.toThrow(LedgerConflictError);
    await mesh.begin('aviation', AVIATION);
    await expect(domains.finish(saved)).rejects.toThrow(LedgerConflictError);
    await domains.finish((await domains.load('aviation'))!);
    expect([await domains.load('aviation'), await dueAt(due, LATER)]).toEqual([undefined, []]);
  });
});
