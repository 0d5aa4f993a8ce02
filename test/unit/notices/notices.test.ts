import * as fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { noticesOf } from '../../../shared/notices/notice.ts';
import { notify } from '../../../shared/notices/notify.ts';
import { type WrittenMessage, writeMessages } from '../../../shared/notices/write-message.ts';
import { ANALYST, expiring, narrowed, needed, noticeOf, revoked, TERMS, told } from './samples.ts';

describe('who is told', () => {
  it('a question goes to the domain, the end of a grant to its holder’s account', () => {
    expect(noticesOf(needed()).map(({ topic }) => topic)).toEqual(['domain-aviation']);
    expect(noticesOf(expiring()).map(({ topic }) => topic)).toEqual(['account-444444444444']);
    expect(noticesOf(narrowed()).map(({ topic }) => topic)).toEqual(['account-444444444444']);
    expect(noticesOf(revoked()).map(({ topic }) => topic)).toEqual(['account-444444444444']);
  });

  it('tables of two domains are a question to both', () => {
    const tables = ['aviation_ops.birdstrikes', 'climate_observations.weather', 'aviation_ops.flights'];
    expect(noticesOf(needed({ tables })).map(({ topic }) => topic)).toEqual(['domain-aviation', 'domain-climate']);
  });

  it('nobody, of what is not for people, malformed, or not ours', () => {
    const denied = told('Access Denied', { ...TERMS, reasons: [] });
    expect(() => noticesOf(denied)).toThrow('Nobody is notified of Access Denied.');
    expect(() => noticesOf({ ...needed(), source: 'trellis.access' })).toThrow('Nobody is notified');
    expect(() => noticesOf({ ...needed(), detail: { metadata: { eventId: 'e' }, data: {} } })).toThrow();
  });
});

describe('a message', () => {
  const one = (...events: Parameters<typeof noticeOf>[0][]): WrittenMessage => {
    const [message, ...others] = writeMessages('prod', events.map(noticeOf));
    expect(others).toEqual([]);
    return message!;
  };

  it('says who asks for what, what for, until when, and how to answer', () => {
    const { subject, text } = one(needed({ rowFilter: "state = 'WA'" }));
    expect(subject).toBe('[trellis prod] 1 request waits for you');
    expect(text).toMatchInlineSnapshot(`
      "1 request waits for you (stage prod).

      arn:aws:iam::444444444444:role/Analyst asks to read aviation_ops.birdstrikes
        purpose    "safety-study"
        columns    flight_date, cost_total
        rows       state = 'WA'
        until      2026-12-21T09:00:00.000Z
        answer by  2026-11-28T09:00:00.000Z, or it is denied
        request    birds-1
        to answer  trellis access decide birds-1 approve --stage prod
                   trellis access decide birds-1 deny --reason "..." --stage prod
      "
    `);
  });

  it('says which access ends, and how to keep it', () => {
    expect(one(expiring()).text).toMatchInlineSnapshot(`
      "1 grant ends soon (stage prod).

      arn:aws:iam::444444444444:role/Analyst can read aviation_ops.birdstrikes until 2026-12-21T09:00:00.000Z
        request    birds-1
        to keep it trellis access extend birds-1 --days <n> --stage prod
      "
    `);
    expect(one(expiring()).subject).toBe('[trellis prod] 1 grant ends soon');
  });

  it('says which access gives less, what is left of it, and why, as far as people read', () => {
    const { subject, text } = one(narrowed({ reasons: Array.from({ length: 12 }, (_, index) => `reason ${index}`) }));
    expect(subject).toBe('[trellis prod] 1 grant gives less');
    expect(text).toContain('can still read aviation_ops.birdstrikes, and less of it');
    expect(text).toContain('columns    flight_date, cost_total\n  because    reason 0\n             reason 1\n');
    expect(text).toContain('reason 9\n  request    birds-1');
  });

  it('says which access has ended, and why', () => {
    expect(one(revoked({ cause: 'table-removed' })).text).toContain('because    the table is gone');
  });

  it('tells what came together, what waits for an answer first, by its deadline', () => {
    const early = needed({ requestId: 'early', answerBy: '2026-11-22T09:00:00.000Z' });
    const { subject, text } = one(revoked(), expiring(), needed(), early);
    expect(subject).toBe('[trellis prod] 2 requests wait for you, 1 grant ends soon, 1 grant has ended');
    const order = ['decide early', 'decide birds-1', 'can read', 'can no longer read'].map(part => text.indexOf(part));
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(order).not.toContain(-1);
  });

  it('says that an extension is one, and a reminder', () => {
    expect(one(needed({ question: 'extension' })).text).toContain('asks to read for longer');
    expect(one(needed({ reminder: 2 })).text).toContain('birdstrikes (reminder 2)');
  });

  it('counts columns where there are many', () => {
    const columns = Array.from({ length: 50 }, (_, index) => `c${index}`);
    expect(one(needed({ columns })).text).toMatch(/c29 and 20 more$/m);
  });

  it('keeps what a requester wrote on its line: it cannot pass for one of ours', () => {
    const purpose = 'study\n  to answer  trellis access decide other approve\u2028\u202eevil';
    const lines = one(needed({ purpose })).text.split(/[\n\u2028]/);
    expect(lines.filter(line => line.trim().startsWith('to answer'))).toHaveLength(1);
    expect(lines.join()).not.toContain('\u202e');
  });

  it('is one that SNS takes, whatever is told; all is told, once', () => {
    const event = fc.oneof(
      fc
        .record({
          purpose: fc.string({ unit: 'binary', maxLength: 256 }),
          rowFilter: fc.string({ unit: 'binary', maxLength: 4096 }),
          columns: fc.array(fc.string({ minLength: 1, maxLength: 255 }), { maxLength: 60 }),
        })
        .map(more => needed(more)),
      fc.constant(expiring()),
      fc.constant(revoked()),
    );
    fc.assert(
      fc.property(fc.array(event, { minLength: 1, maxLength: 450 }), events => {
        const notices = events.map(noticeOf);
        const messages = writeMessages('a-stage-of-16-ch', notices);
        for (const { subject, text } of messages) {
          expect(subject).toMatch(/^[!-~][ -~]{0,98}$/);
          expect(Buffer.byteLength(subject + text)).toBeLessThanOrEqual(262_144);
        }
        const toldOf = messages.flatMap(message => message.notices);
        expect(toldOf).toHaveLength(notices.length);
        expect(new Set(toldOf)).toEqual(new Set(notices));
      }),
      { numRuns: 30 },
    );
  });
});

describe('telling', () => {
  it('publishes one message a topic; a topic that fails keeps nothing from others', async () => {
    const published: string[] = [];
    const fault = new Error('no such topic');
    const publish = vi.fn(async (topic: string) => {
      if (topic === 'domain-aviation') throw fault;
      published.push(topic);
    });
    const notices = [
      needed(),
      needed(),
      expiring(),
      revoked(),
      revoked({ principal: ANALYST.replace('4444', '5555') }),
    ].map(noticeOf);
    const faults = await notify({ topics: { publish }, stage: 'prod' }, notices);
    expect(published.sort()).toEqual(['account-444444444444', 'account-555544444444']);
    expect(publish).toHaveBeenCalledTimes(3);
    expect([...faults]).toEqual([
      [notices[0], fault],
      [notices[1], fault],
    ]);
  });
});
