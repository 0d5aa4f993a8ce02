import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HubState } from '../../../shared/mesh/apply-changes.ts';
import { applyMesh } from '../../../shared/mesh/apply-mesh.ts';
import { planApply } from '../../../shared/mesh/apply-plan.ts';
import {
  CALLER,
  DATA,
  ENFORCE,
  FRESH_SETTINGS,
  HUB,
  INTAKE,
  MemoryHub,
  READER,
  SYNC,
  sampleStage,
} from './memory-hub.ts';

const AVIATION = 'arn:aws:s3:::trellis-aviation';
const CLIMATE = 'arn:aws:s3:::trellis-climate';
const SHARED = 'arn:aws:s3:::shared/climate';

const fresh: HubState = { settings: FRESH_SETTINGS, locations: [], permissions: [], applied: undefined };
const stage = sampleStage();
const done: HubState = {
  settings: {
    administrators: [ENFORCE, CALLER],
    readOnlyAdministrators: [INTAKE, READER],
    leavesDatabasesToIam: false,
    leavesTablesToIam: false,
    crossAccountVersion: 3,
  },
  locations: [AVIATION, CLIMATE, SHARED].map(arn => ({ arn, roleArn: DATA })),
  permissions: [
    { principal: SYNC, permission: 'CREATE_DATABASE', resource: 'catalog' },
    ...[AVIATION, CLIMATE, SHARED].map(resource => ({ principal: SYNC, permission: 'DATA_LOCATION_ACCESS', resource })),
  ],
  applied: { ...stage, appliedAt: '2026-11-20T00:00:00.000Z' },
};

const told = (state: HubState, caller: string | undefined = CALLER) =>
  planApply(stage, caller, state).changes.map(({ kind, subject }) => `${kind} ${subject}`);

describe('what apply plans', () => {
  it('makes a fresh account the hub, in the order in which it must be done', () => {
    expect(told(fresh)).toEqual([
      `add-administrator ${ENFORCE}`,
      `add-administrator ${CALLER}`,
      `add-read-only-administrator ${INTAKE}`,
      `add-read-only-administrator ${READER}`,
      'clear-default-permissions databases',
      'clear-default-permissions tables',
      'raise-cross-account-version CROSS_ACCOUNT_VERSION',
      `register-location ${AVIATION}`,
      `register-location ${CLIMATE}`,
      `register-location ${SHARED}`,
      'grant catalog',
      `grant ${AVIATION}`,
      `grant ${CLIMATE}`,
      `grant ${SHARED}`,
      'mesh-added domain aviation',
      'mesh-added domain climate',
      'mesh-added consumer analytics',
      'mesh-added consumer auditor',
      'mesh-added policies of the council',
      'mesh-added policies of domain aviation',
      'mesh-added policies of domain climate',
      'save-mesh stage local',
    ]);
  });

  it('plans nothing for a hub that is as it should be', () => {
    expect(planApply(stage, CALLER, done)).toEqual({ changes: [], notes: [] });
  });

  it('keeps a cross-account version that is higher', () => {
    expect(told({ ...done, settings: { ...done.settings, crossAccountVersion: 5 } })).toEqual([]);
  });

  it('raises version 2', () => {
    const [change] = planApply(stage, CALLER, {
      ...done,
      settings: { ...done.settings, crossAccountVersion: 2 },
    }).changes;
    expect(change).toMatchObject({ kind: 'raise-cross-account-version', from: 2, to: 3 });
  });

  it('adds nobody but the enforcing role when the root of the account applies', () => {
    const { changes } = planApply(stage, undefined, fresh);
    expect(changes.filter(({ kind }) => kind === 'add-administrator').map(({ subject }) => subject)).toEqual([ENFORCE]);
  });

  it('registers the locations with the data role', () => {
    const roles = planApply(stage, CALLER, fresh).changes.flatMap(c =>
      c.kind === 'register-location' ? c.roleArn : [],
    );
    expect(new Set(roles)).toEqual(new Set([DATA]));
  });

  it('grants to the role that writes the catalog, and to no other', () => {
    const grants = planApply(stage, CALLER, fresh).changes.flatMap(c => (c.kind === 'grant' ? [c] : []));
    expect(grants.map(({ principal, permission }) => [principal, permission])).toEqual([
      [SYNC, 'CREATE_DATABASE'],
      [SYNC, 'DATA_LOCATION_ACCESS'],
      [SYNC, 'DATA_LOCATION_ACCESS'],
      [SYNC, 'DATA_LOCATION_ACCESS'],
    ]);
  });

  it('leaves a location that is registered with another role, and says what to do', () => {
    const other = `arn:aws:iam::${HUB}:role/Other`;
    const locations = [{ arn: AVIATION, roleArn: other }, ...done.locations.slice(1)];
    const { changes, notes } = planApply(stage, CALLER, { ...done, locations });
    expect(changes).toEqual([]);
    expect(notes).toEqual([expect.stringContaining(`update-resource --resource-arn ${AVIATION} --role-arn ${DATA}`)]);
    expect(notes[0]).toContain(other);
  });

  it('takes a location with a slash at its end for the same', () => {
    const locations = [{ arn: `${AVIATION}/`, roleArn: DATA }, ...done.locations.slice(1)];
    expect(told({ ...done, locations })).toEqual([]);
  });

  it('does not take a longer name for the location', () => {
    const locations = [{ arn: `${AVIATION}-raw`, roleArn: DATA }, ...done.locations.slice(1)];
    expect(told({ ...done, locations })).toEqual([`register-location ${AVIATION}`]);
  });

  it('does not take the grant of another principal, or of another permission, for the one that is missing', () => {
    const permissions = [
      { principal: CALLER, permission: 'CREATE_DATABASE', resource: 'catalog' },
      { principal: SYNC, permission: 'CREATE_LF_TAG', resource: 'catalog' },
      ...done.permissions!.slice(1),
    ];
    expect(told({ ...done, permissions })).toEqual(['grant catalog']);
  });

  it('grants anew what it may not see, for that is safe', () => {
    expect(told({ ...done, permissions: undefined })).toEqual([
      'grant catalog',
      `grant ${AVIATION}`,
      `grant ${CLIMATE}`,
      `grant ${SHARED}`,
    ]);
  });

  it('tells that IAM still lets others make databases, and leaves it', () => {
    const open = { principal: 'IAM_ALLOWED_PRINCIPALS', permission: 'CREATE_DATABASE', resource: 'catalog' };
    const { changes, notes } = planApply(stage, CALLER, { ...done, permissions: [...done.permissions!, open] });
    expect(changes).toEqual([]);
    expect(notes).toEqual([expect.stringContaining('IAM_ALLOWED_PRINCIPALS')]);
  });

  it('saves, and says why, when only the order has changed', () => {
    const applied = structuredClone(done.applied!);
    applied.mesh.domains.climate!.prefixes.reverse();
    const { changes } = planApply(stage, CALLER, { ...done, applied });
    expect(changes).toEqual([
      expect.objectContaining({ kind: 'save-mesh', sentence: expect.stringContaining('order') }),
    ]);
  });

  it('law: from any hub, applying once leaves nothing to apply, and takes nothing away', async () => {
    const arns = fc.subarray([
      ENFORCE,
      INTAKE,
      READER,
      CALLER,
      `arn:aws:iam::${HUB}:user/other`,
      `arn:aws:iam::${HUB}:role/Old`,
    ]);
    const locations = fc.subarray([
      { arn: AVIATION, roleArn: DATA },
      { arn: `${CLIMATE}/`, roleArn: 'arn:aws:iam::1:role/x' },
      { arn: SHARED, roleArn: DATA },
    ]);
    const hubs = fc.record({
      settings: fc.record({
        administrators: arns,
        readOnlyAdministrators: arns,
        leavesDatabasesToIam: fc.boolean(),
        leavesTablesToIam: fc.boolean(),
        crossAccountVersion: fc.integer({ min: 1, max: 5 }),
      }),
      locations,
      permissions: fc.subarray(done.permissions!),
      applied: fc.option(fc.constant(done.applied!), { nil: undefined }),
    });
    await fc.assert(
      fc.asyncProperty(hubs, async state => {
        const hub = Object.assign(new MemoryHub(), structuredClone(state));
        await applyMesh(hub.services(), stage);
        const { administrators, readOnlyAdministrators } = state.settings;
        expect(hub.settings.administrators).toEqual(expect.arrayContaining(administrators));
        expect(hub.settings.readOnlyAdministrators).toEqual(expect.arrayContaining(readOnlyAdministrators));
        expect(hub.permissions).toEqual(expect.arrayContaining(state.permissions));
        expect(hub.settings.crossAccountVersion).toBe(Math.max(3, state.settings.crossAccountVersion));
        expect(hub.locations).toEqual(expect.arrayContaining(state.locations));
        hub.log.length = 0;
        const again = await applyMesh(hub.services(), stage);
        expect(again).toMatchObject({ changes: [], applied: false });
        expect(hub.log).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});
