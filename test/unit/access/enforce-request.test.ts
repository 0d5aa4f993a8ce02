import { beforeEach, describe, expect, it } from 'vitest';
import { laterBy } from '../../../shared/access/access-request.ts';
import { enforceRequest } from '../../../shared/access/enforce-request.ts';
import { LedgerConflictError, TableLockedError } from '../../../shared/access/ledger.ts';
import { type InvitationState, linkOf } from '../../../shared/access/provision.ts';
import type { ToldEvent } from '../../../shared/telling/told-event.ts';
import { MemoryLake } from '../../property/memory-lake.ts';
import { MESH } from '../../property/sample-mesh.ts';
import { eachRig, PAIR } from './enforce-rig.ts';
import { APPROVED, END, FLIGHTS, NOW, requestIn, WAITING } from './samples.ts';

const rig = eachRig();
const enforce = () => enforceRequest(rig().services, 'r1');

describe('enforcing a request', () => {
  it('knows nothing of one that is not there', async () => {
    expect(await enforce()).toEqual({ requestId: 'r1', status: 'unknown', waitUntil: '' });
  });

  it('provisions what is approved, tells of it with the link, and waits for its notice', async () => {
    await rig().given(APPROVED);
    expect(await enforce()).toEqual({ requestId: 'r1', status: 'granted', waitUntil: '2026-12-14T09:00:00.000Z' });
    expect(
      rig()
        .lake.accessByTrellis(PAIR)
        .map(({ columns }) => columns),
    ).toEqual([['delay', 'origin']]);
    expect((rig().told[0] as ToldEvent<'Access Granted'>).data.links).toEqual(['trellis_aviation_ops.flights']);
  });

  it('tells of a coming end once, ends at the end, takes away and tells, and is done', async () => {
    await rig().given(APPROVED);
    await enforce();
    rig().now = '2026-12-14T09:00:00.000Z';
    expect(await enforce()).toMatchObject({ status: 'granted', waitUntil: END });
    expect(await enforce()).toMatchObject({ waitUntil: END });
    rig().now = END;
    expect(await enforce()).toEqual({ requestId: 'r1', status: 'ended', waitUntil: '' });
    expect(rig().types()).toEqual(['Access Granted', 'Access Expiring', 'Access Revoked']);
    expect(rig().lake.accessByTrellis(PAIR)).toEqual([]);
    expect(rig().lake.links.size).toBe(0);
  });

  it('denies what nobody answered', async () => {
    await rig().given(WAITING);
    rig().now = WAITING.answerBy;
    expect(await enforce()).toMatchObject({ status: 'denied' });
    expect(rig().types()).toEqual(['Access Denied']);
  });

  it('ends what expires before it could be provisioned', async () => {
    await rig().given(APPROVED);
    rig().now = END;
    expect(await enforce()).toMatchObject({ status: 'ended' });
    expect(rig().lake.changes.filter(({ kind }) => kind === 'grant')).toEqual([]);
  });
});

describe('provisioning that fails', () => {
  it('is tried again later and later, and told from the third time', async () => {
    await rig().given(APPROVED);
    rig().services.lake = Object.assign(new MemoryLake(), { read: () => Promise.reject(new Error('denied')) });
    const waits: number[] = [];
    for (let attempt = 1; attempt <= 12; attempt++) {
      const { waitUntil } = await enforce();
      waits.push(Date.parse(waitUntil) - Date.parse(rig().now));
      expect(rig().types()).toHaveLength(Math.max(0, attempt - 2));
      rig().now = waitUntil;
    }
    expect(waits.slice(0, 3)).toEqual([5000, 10_000, 20_000]);
    expect(waits.at(-1)).toBe(3_600_000);
    expect((rig().told[0] as ToldEvent<'Access Provisioning Failed'>).data).toMatchObject({
      step: 'Error',
      reasons: ['denied'],
    });
  });

  it('says what is no error, too', async () => {
    await rig().given(APPROVED);
    rig().services.shares = { ...rig().services.shares, isAssociated: () => Promise.reject('odd') };
    for (let attempt = 1; attempt <= 3; attempt++) rig().now = (await enforce()).waitUntil;
    expect((rig().told[0] as ToldEvent<'Access Provisioning Failed'>).data).toMatchObject({
      step: 'unknown',
      reasons: ['odd'],
    });
  });

  it('by a link waits for the link, while the permissions in the hub are right', async () => {
    await rig().given(APPROVED);
    rig().services.links = { ensure: () => Promise.reject(new Error('no such role')), release: async () => {} };
    expect(await enforce()).toMatchObject({ status: 'approved', waitUntil: laterBy(NOW, 5000) });
    expect(rig().lake.accessByTrellis(PAIR)).toHaveLength(1);
    rig().services.links = { ensure: () => Promise.reject('no role'), release: async () => {} };
    await rig().ledger.commit({
      at: rig().now,
      pairs: [],
      tell: [],
      request: requestIn({ ...APPROVED, attempts: 2 }, { version: 3 }),
    });
    await enforce();
    expect((rig().told[0] as ToldEvent<'Access Provisioning Failed'>).data.reasons[0]).toMatch(
      /could not be made: no role/,
    );
  });

  it('counts no attempt when another is at work on the same thing', async () => {
    await rig().given(APPROVED);
    await rig().ledger.takeLease(FLIGHTS, 'another', rig().now, laterBy(rig().now, 3_600_000));
    await expect(enforce()).rejects.toThrow(TableLockedError);
    expect(rig().state()).toEqual(APPROVED);
  });

  it('is done again on a new reading when the record has moved, and gives up when it keeps moving', async () => {
    await rig().given(APPROVED);
    let conflicts = 1;
    rig().alterLedger({
      savePair: (record, now) =>
        conflicts-- > 0 ? Promise.reject(new LedgerConflictError('The record')) : rig().ledger.savePair(record, now),
    });
    expect(await enforce()).toMatchObject({ status: 'granted' });
    expect(rig().types()).toEqual(['Access Granted']);
    rig().now = END;
    rig().alterLedger({ commit: () => Promise.reject(new LedgerConflictError('The request r1')) });
    await expect(enforce()).rejects.toThrow(LedgerConflictError);
    expect(rig().state()?.status).toBe('granted');
  });
});

describe('the share of a table', () => {
  beforeEach(() => rig().given(APPROVED));

  it('comes by itself within the organization: until then provisioning waits', async () => {
    rig().services.shares = {
      isAssociated: async () => false,
      acceptInvitations: () => Promise.reject(new Error('not asked')),
    };
    expect(await enforce()).toMatchObject({ status: 'approved' });
  });

  describe('outside the organization', () => {
    /** The states that are found one after the other; the last stays. The share is associated once an invitation was accepted. */
    function invitations(...found: InvitationState[]): { asked: number } {
      const { organization: _, ...alone } = MESH;
      const seen = { asked: 0 };
      let last: InvitationState = 'none';
      rig().services.mesh = alone;
      rig().services.shares = {
        isAssociated: async () => last === 'accepted',
        acceptInvitations: async () => {
          last = found[Math.min(seen.asked++, found.length - 1)] ?? 'none';
          return last;
        },
      };
      return seen;
    }
    const changes = (kind: string) => rig().lake.changes.filter(change => change.kind === kind).length;

    it('is accepted', async () => {
      invitations('accepted');
      expect(await enforce()).toMatchObject({ status: 'granted' });
      expect(changes('grant')).toBe(1);
    });

    it('that has not come yet means: try again, and the next attempt finds it', async () => {
      const seen = invitations('none', 'accepted');
      const { waitUntil } = await enforce();
      expect(seen.asked).toBe(1);
      expect(rig().state()).toMatchObject({ status: 'approved', attempts: 1 });
      rig().now = waitUntil;
      expect(await enforce()).toMatchObject({ status: 'granted' });
      expect(changes('revoke')).toBe(0);
    });

    it('whose invitation has expired is granted anew, which brings another invitation', async () => {
      invitations('expired', 'accepted');
      expect(await enforce()).toMatchObject({ status: 'granted' });
      expect(rig().lake.changes.map(({ kind }) => kind)).toEqual(['create', 'grant', 'revoke', 'grant']);
      expect(rig().lake.accessByTrellis(PAIR)).toHaveLength(1);
    });

    it('that was to be granted anew when its function died is granted by the next attempt', async () => {
      invitations('expired', 'accepted');
      const grant = rig().lake.grant.bind(rig().lake);
      let grants = 0;
      rig().services.lake = Object.assign(Object.create(rig().lake), {
        grant: (...given: Parameters<typeof grant>) =>
          ++grants === 2 ? Promise.reject(new Error('the process has died')) : grant(...given),
      });
      const { waitUntil } = await enforce();
      expect(rig().lake.accessByTrellis(PAIR)).toEqual([]);
      rig().now = waitUntil;
      expect(await enforce()).toMatchObject({ status: 'granted' });
      expect(rig().lake.accessByTrellis(PAIR)).toHaveLength(1);
    });

    it('whose invitation was rejected is told with what to do, and not insisted on', async () => {
      invitations('rejected');
      for (let attempt = 1; attempt <= 4; attempt++) rig().now = (await enforce()).waitUntil;
      const told = rig().told.filter(event => event.type === 'Access Provisioning Failed');
      expect(told.length).toBeGreaterThan(0);
      expect(told[0]?.data).toMatchObject({
        step: 'InvitationRejectedError',
        reasons: [expect.stringMatching(/has rejected the invitation .* revokes this request and asks again/)],
      });
      expect(changes('grant')).toBe(1);
      expect(changes('revoke')).toBe(0);
    });
  });

  it('needs nothing where the principal is of the hub itself', async () => {
    rig().services.mesh = { ...MESH, hub: '444444444444' };
    rig().services.shares = { isAssociated: async () => false, acceptInvitations: async () => 'none' };
    expect(await enforce()).toMatchObject({ status: 'granted' });
  });
});

it('names no link of a table outside the mesh', () => {
  expect(() => linkOf(MESH, 'nowhere.table')).toThrow(/no table of the mesh/);
});
