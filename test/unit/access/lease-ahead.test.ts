import { describe, expect, it } from 'vitest';
import { laterBy } from '../../../shared/access/access-request.ts';
import { enforceRequest } from '../../../shared/access/enforce-request.ts';
import { eachRig, PAIR } from './enforce-rig.ts';
import { APPROVED, FLIGHTS, GRANTED } from './samples.ts';

const rig = eachRig();

/** Notes the ledger's calls, in the order in which they begin. */
function watched(): string[] {
  const calls: string[] = [];
  const { ledger } = rig();
  rig().alterLedger({
    loadRequest: id => {
      calls.push('loadRequest');
      return ledger.loadRequest(id);
    },
    takeLease: (...given) => {
      calls.push(`takeLease ${given[0]}`);
      return ledger.takeLease(...given);
    },
    releaseLease: lease => {
      calls.push(`releaseLease ${lease.table}`);
      return ledger.releaseLease(lease);
    },
  });
  return calls;
}

describe('the lease of a table whose permissions are expected to change', () => {
  it('is taken while the request is read, and used once', async () => {
    await rig().given(APPROVED);
    const calls = watched();
    await enforceRequest(rig().services, 'r1', FLIGHTS);
    expect(calls).toEqual([`takeLease ${FLIGHTS}`, 'loadRequest', `releaseLease ${FLIGHTS}`]);
    expect(rig().state()?.status).toBe('granted');
    expect(rig().ledger.leases.size).toBe(0);
  });

  it('is given back where there is nothing to do, or the request is not there', async () => {
    await rig().given(GRANTED);
    for (const requestId of ['r1', 'unknown']) {
      await enforceRequest(rig().services, requestId, FLIGHTS);
      expect(rig().ledger.leases.size).toBe(0);
    }
  });

  it('is given back where the request is of another table', async () => {
    await rig().given(APPROVED);
    const calls = watched();
    await enforceRequest(rig().services, 'r1', 'aviation_ops.airports');
    expect(calls).toContain(`takeLease ${FLIGHTS}`);
    expect(calls.at(-1)).toBe('releaseLease aviation_ops.airports');
    expect(rig().ledger.leases.size).toBe(0);
  });

  it('is given back when the request cannot be read', async () => {
    rig().alterLedger({ loadRequest: () => Promise.reject(new Error('down')) });
    await expect(enforceRequest(rig().services, 'r1', FLIGHTS)).rejects.toThrow('down');
    expect(rig().ledger.leases.size).toBe(0);
  });

  it('is waited for in turn where another holds it', async () => {
    await rig().given(APPROVED);
    const before = rig().now;
    await rig().ledger.takeLease(FLIGHTS, 'another', before, laterBy(before, 2000));
    await enforceRequest(rig().services, 'r1', FLIGHTS);
    expect(rig().state()?.status).toBe('granted');
    expect(Date.parse(rig().now) - Date.parse(before)).toBeGreaterThanOrEqual(2000);
  });

  it('carries the doubt that an earlier holder left', async () => {
    await rig().given(APPROVED);
    await rig().ledger.takeLease(FLIGHTS, 'dead', rig().now, rig().now);
    await enforceRequest(rig().services, 'r1', FLIGHTS);
    expect(rig().ledger.pairs.get(`${FLIGHTS} ${PAIR.principal}`)?.dueAt).toBe(laterBy(rig().now, 60_000));
  });

  it('is a failure of the provisioning where the ledger fails, and only reported where nobody needs it', async () => {
    const takeLease = () => Promise.reject(new Error('throttled'));
    await rig().given(APPROVED);
    rig().alterLedger({ takeLease });
    await enforceRequest(rig().services, 'r1', FLIGHTS);
    expect(rig().state()).toMatchObject({ status: 'approved', attempts: 1 });
    rig().reports.length = 0;
    await enforceRequest(rig().services, 'unknown', FLIGHTS);
    expect(rig().reports).toEqual([expect.stringMatching(/nobody needed/)]);
  });
});
