import { describe, expect, it } from 'vitest';
import { laterBy } from '../../../shared/access/access-request.ts';
import { convergePair } from '../../../shared/access/converge-pair.ts';
import { doWork } from '../../../shared/access/do-work.ts';
import { keepQuestion } from '../../../shared/access/keep-question.ts';
import { recordStep } from '../../../shared/access/record-step.ts';
import { sweep } from '../../../shared/access/sweep.ts';
import { MESH } from '../../property/sample-mesh.ts';
import { eachRig, PAIR } from './enforce-rig.ts';
import { ANALYST, APPROVED, DENIED, END, FLIGHTS, GRANTED, NOW, requestIn, WAITING } from './samples.ts';

const rig = eachRig();

describe('a piece of due work', () => {
  it('is left when another keeps working on the table, and fails for any other fault', async () => {
    await rig().given(APPROVED);
    await rig().ledger.takeLease(FLIGHTS, 'another', rig().now, laterBy(rig().now, 3_600_000));
    await doWork(rig().services, { kind: 'pair', pair: PAIR });
    expect(rig().reports).toHaveLength(1);
    rig().alterLedger({
      loadRequest: () => Promise.reject(new Error('down')),
    });
    await expect(doWork(rig().services, { kind: 'request', requestId: 'r1' })).rejects.toThrow('down');
  });

  it('reports access that Trellis did not give, and a link that is not right', async () => {
    await rig().given(APPROVED);
    rig().lake.putForeignTableGrant(PAIR, ['SELECT']);
    rig().services.links = { ensure: () => Promise.reject(new Error('no role')), release: async () => {} };
    await doWork(rig().services, { kind: 'pair', pair: PAIR });
    expect(rig().reports).toEqual([
      expect.stringMatching(/link .* not right yet/),
      expect.stringMatching(/did not give/),
    ]);
  });

  it('does a pair silently when all is right', async () => {
    await rig().given(APPROVED);
    await doWork(rig().services, { kind: 'pair', pair: PAIR });
    expect(rig().reports).toEqual([]);
  });

  it('only looks at a pair that another has settled meanwhile, and puts right what is not as it was', async () => {
    await rig().given(APPROVED);
    await convergePair(rig().services, PAIR);
    const [filter] = rig().lake.accessByTrellis(PAIR);
    if (!filter) throw new Error('Nothing was granted.');
    const { services, lake, ledger } = rig();
    const writes: string[] = [];
    const noting =
      (name: string) =>
      async (...given: unknown[]) => {
        writes.push(name);
        return (ledger[name as keyof typeof ledger] as (...all: unknown[]) => unknown)(...given);
      };
    const names = ['takeLease', 'releaseLease', 'savePair', 'postponePair', 'commit'];
    rig().alterLedger(Object.fromEntries(names.map(name => [name, noting(name)])));
    const { links } = services;
    services.links = { ensure: async () => void writes.push('link'), release: async () => void writes.push('link') };
    await doWork(services, { kind: 'pair', pair: PAIR });
    expect(writes).toEqual([]);
    services.links = links;
    await lake.revoke(PAIR, [filter]);
    await doWork(services, { kind: 'pair', pair: PAIR });
    expect(writes).toEqual(['takeLease', 'savePair', 'releaseLease']);
    expect(lake.accessByTrellis(PAIR)).toEqual([filter]);
  });

  it('is due no more for a pair that was put off and is right at its time', async () => {
    await rig().given(APPROVED);
    await convergePair(rig().services, PAIR);
    await rig().ledger.postponePair(PAIR, laterBy(NOW, 60_000));
    rig().now = laterBy(NOW, 60_000);
    await doWork(rig().services, { kind: 'pair', pair: PAIR });
    expect(rig().ledger.pairs.get(`${FLIGHTS} ${ANALYST}`)?.dueAt).toBeUndefined();
  });

  it('tells an event that was not told, and none that was', async () => {
    await rig().ledger.commit(recordStep(MESH, requestIn(DENIED), [], { at: rig().now }));
    const eventId = [...rig().ledger.told.keys()][0] ?? '';
    await doWork(rig().services, { kind: 'told', eventId });
    await doWork(rig().services, { kind: 'told', eventId });
    expect(rig().types()).toEqual(['Access Denied']);
  });

  it('keeps an event whose bus failed, with that bus alone', async () => {
    await rig().ledger.commit(recordStep(MESH, requestIn(DENIED), [], { at: rig().now }));
    const eventId = [...rig().ledger.told.keys()][0] ?? '';
    rig().services.announcer = { announce: async events => events.map(event => ({ ...event, destinations: ['hub'] })) };
    await doWork(rig().services, { kind: 'told', eventId });
    expect((await rig().ledger.load(eventId))?.destinations).toEqual(['hub']);
  });

  it('ends a request', async () => {
    await rig().given(APPROVED);
    rig().now = END;
    await doWork(rig().services, { kind: 'request', requestId: 'r1' });
    expect(rig().state()?.status).toBe('ended');
  });
});

describe('the sweep', () => {
  it('hands over all that is due and says how much; with nothing due it sends nothing', async () => {
    const sent: unknown[] = [];
    const queue = { send: async (items: readonly unknown[]) => void sent.push(...items) };
    expect(await sweep({ ledger: rig().ledger, queue, now: () => rig().now })).toEqual({ due: 0 });
    await rig().given(APPROVED);
    rig().now = laterBy(NOW, 60_000);
    expect(await sweep({ ledger: rig().ledger, queue, now: () => rig().now })).toEqual({ due: 2 });
    expect(sent).toEqual([
      { kind: 'pair', pair: PAIR },
      { kind: 'request', requestId: 'r1' },
    ]);
  });
});

describe('the question of a waiting machine', () => {
  it('is kept until it is answered; when the answer was quicker the machine goes on', async () => {
    const woken: string[] = [];
    const asking = { ledger: rig().ledger, processes: { wake: async (token: string) => void woken.push(token) } };
    await rig().given(WAITING);
    await keepQuestion(asking, 'r1', 'first');
    expect(woken).toEqual([]);
    await rig().ledger.commit({ at: rig().now, pairs: [], tell: [], request: requestIn(GRANTED, { version: 2 }) });
    await keepQuestion(asking, 'r1', 'second');
    await keepQuestion(asking, 'none', 'third');
    expect(woken).toEqual(['second', 'third']);
  });
});
