import { describe, expect, it } from 'vitest';
import { doubtAfterFault, type Lease, leaseOver, unsureAfter } from '../../../shared/access/ledger.ts';
import { DueIndex } from '../../../shared/aws/due-index.ts';
import { LedgerTable } from '../../../shared/aws/ledger-table.ts';
import { OutboxTable } from '../../../shared/aws/outbox-table.ts';
import { MemoryLedger } from '../../property/memory-ledger.ts';
import { rig } from '../local-dynamo/rig.ts';
import { describeLedger, KEPT_AT } from './ledger-conformance.ts';

describeLedger('the ledger in memory, as the laws are tried on it', async () => {
  const ledger = new MemoryLedger(() => KEPT_AT);
  return { ledger, index: ledger, outbox: ledger, close: async () => {} };
});

describeLedger('the ledger in its DynamoDB table', async () => {
  const mesh = await rig();
  await mesh.table('ledger');
  const client = mesh.client();
  return {
    ledger: new LedgerTable(client, 'ledger'),
    index: new DueIndex(mesh.rawClient(), 'ledger'),
    outbox: new OutboxTable(client, 'ledger', () => KEPT_AT),
    close: mesh.close,
  };
});

describe('a lease', () => {
  const held: Lease = { table: 't', holder: 'a', until: '2026-11-21T09:01:00.000Z' };
  const doubted: Lease = { ...held, unsureUntil: '2026-11-21T09:03:00.000Z' };

  it('is over with its time, or when it was given back', () => {
    expect(leaseOver(held, '2026-11-21T09:00:59.999Z')).toBe(false);
    expect(leaseOver(held, held.until)).toBe(true);
    expect(leaseOver({ ...held, isReleased: true }, '2026-11-21T09:00:00.000Z')).toBe(true);
  });

  it('leaves a doubt of a minute after its time, or the longer one that it had', () => {
    expect(unsureAfter(held, held.until)).toBe('2026-11-21T09:02:00.000Z');
    expect(unsureAfter(held, '2026-11-21T09:02:00.000Z')).toBeUndefined();
    expect(unsureAfter(doubted, held.until)).toBe(doubted.unsureUntil);
  });

  it('given back leaves only the doubt that it had', () => {
    expect(unsureAfter({ ...held, isReleased: true }, held.until)).toBeUndefined();
    expect(unsureAfter({ ...doubted, isReleased: true }, held.until)).toBe(doubted.unsureUntil);
  });

  it('is doubted for a minute after a call that failed', () => {
    expect(doubtAfterFault('2026-11-21T09:00:00.000Z')).toBe('2026-11-21T09:01:00.000Z');
  });
});
