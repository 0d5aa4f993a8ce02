import { beforeEach, describe, expect, it } from 'vitest';
import { writePlan } from '../../../cli/show-plan.ts';
import type { ApplyPlan } from '../../../shared/mesh/apply-changes.ts';
import { applyMesh, prepareApply } from '../../../shared/mesh/apply-mesh.ts';
import type { GrantsOfPair } from '../../../shared/mesh/foresee-grants.ts';
import type { StageOfFolder } from '../../../shared/mesh/read-mesh-folder.ts';
import { ANALYST, FLIGHTS, flights, mesh, request, STEWARD, states } from '../access/access-sample.ts';
import { FakeTerminal } from '../cli/fake-terminal.ts';
import { PROJECT } from '../policy/sample-policies.ts';
import { MemoryHub } from './memory-hub.ts';

const granted = (requestId: string, columns: string[], approvedBy?: string): GrantsOfPair => ({
  table: flights,
  requests: [
    request(states.granted, {
      requestId,
      terms: [{ table: FLIGHTS, columns, rowFilter: null }],
      expiresAt: '2026-12-21T10:00:00.000Z',
      ...(approvedBy !== undefined && { approvedBy }),
    }),
  ],
});

const FORBID =
  '\n@id("aviation.delay-stays") @reason("delays are for us") forbid (principal, action == Action::"ReadColumn", resource) when { resource.name == "delay" };';

function stageWith(change: (stage: StageOfFolder) => void = () => {}): StageOfFolder {
  const stage = structuredClone({ mesh, policies: PROJECT });
  change(stage);
  return stage;
}
const stricter = stageWith(({ policies }) => {
  policies.domains.aviation += FORBID;
});

let hub: MemoryHub;
beforeEach(async () => {
  hub = new MemoryHub();
  hub.granted = {
    aviation: [
      granted('both', ['origin', 'delay', 'year']),
      granted('delays', ['delay']),
      granted('origins', ['origin'], STEWARD),
      { ...granted('unseen', ['origin']), table: undefined },
    ],
  };
  await applyMesh(hub.services(), stageWith());
  hub.log.length = 0;
});

const ofRedecision = ({ changes }: ApplyPlan) => changes.filter(({ kind }) => kind === 'redecide');
const redecided = (plan: ApplyPlan) => ofRedecision(plan).map(({ subject }) => subject);

describe('other policies', () => {
  it('show which grants they would narrow or end, and why, before anything is changed', async () => {
    const plan = await prepareApply(hub.services(), stricter);
    expect(ofRedecision(plan)).toMatchObject([
      {
        subject: 'domain aviation',
        sentence:
          'access to domain aviation that is granted already is decided again: 1 of 4 would end, 1 would be narrowed, 1 cannot be told, because you may not see their tables',
        foreseen: {
          changed: [
            { requestId: 'both', outcome: 'narrowed', columns: ['delay'], reasons: ['delay: delays are for us'] },
            {
              requestId: 'delays',
              outcome: 'ended',
              columns: ['delay'],
              policies: expect.arrayContaining(['aviation.delay-stays']),
            },
          ],
        },
      },
    ]);
    const lines = writePlan(new FakeTerminal(), mesh, plan).join('\n');
    expect(lines).toContain(`both of ${ANALYST} on ${FLIGHTS} loses delay\n        delay: delays are for us`);
    expect(lines).toContain(`delays of ${ANALYST} on ${FLIGHTS} ends\n        delay: delays are for us`);
    expect(hub.log).toEqual([]);
  });

  it('come into force in the same write that has grants decided again, and the worker begins at once', async () => {
    await applyMesh(hub.services(), stricter);
    expect(hub.log).toEqual(['save', 'kick']);
    expect(hub.applied).toMatchObject({ redecide: ['aviation'] });
  });

  it('applied again change nothing, also where the worker has not begun yet', async () => {
    await applyMesh(hub.services(), stricter);
    hub.log.length = 0;
    expect(await applyMesh(hub.services(), stricter)).toMatchObject({ changes: [] });
    expect(hub.log).toEqual([]);
  });

  it('applied after others that nobody has followed yet keep what is left of those', async () => {
    await applyMesh(hub.services(), stricter);
    const both = stageWith(({ policies }) => {
      policies.domains.aviation += FORBID;
      policies.domains.climate += '\n// A comment.';
    });
    await applyMesh(hub.services(), both);
    expect(hub.applied?.redecide).toEqual(['aviation', 'climate']);
  });

  it('show fifty grants, and say how many more there are', async () => {
    hub.granted.aviation = Array.from({ length: 60 }, (_, index) => granted(`r${index}`, ['delay']));
    const lines = writePlan(new FakeTerminal(), mesh, await prepareApply(hub.services(), stricter));
    expect(lines.filter(line => / ends$/.test(line))).toHaveLength(50);
    expect(lines).toContain('      and 10 more: --json has them all');
  });
});

describe('which domains are decided again', () => {
  it.each<[string, (stage: StageOfFolder) => void, string[]]>([
    [
      'nothing that policies go by',
      ({ mesh }) => {
        mesh.noticeHours = 24;
      },
      [],
    ],
    [
      'a domain’s policies',
      ({ policies }) => {
        policies.domains.climate += '\n// New.';
      },
      ['domain climate'],
    ],
    [
      "the council's guardrails",
      ({ policies }) => {
        policies.guardrails += '\n// New.';
      },
      ['domain aviation', 'domain climate'],
    ],
    [
      'the schema',
      ({ policies }) => {
        policies.schema += '\n// New.';
      },
      ['domain aviation', 'domain climate'],
    ],
    [
      "the council's purposes",
      ({ mesh }) => {
        mesh.piiPurposes = [];
      },
      ['domain aviation', 'domain climate'],
    ],
    [
      'the name of a team',
      ({ mesh }) => {
        mesh.consumers = { insights: { account: '444444444444' } };
      },
      ['domain aviation', 'domain climate'],
    ],
    [
      'a consumer that joins',
      ({ mesh }) => {
        mesh.consumers.more = { account: '555555555555' };
      },
      [],
    ],
  ])('when %s changes', async (_, change, expected) => {
    expect(redecided(await prepareApply(hub.services(), stageWith(change)))).toEqual(expected);
  });

  it('is none at the first apply', async () => {
    expect(redecided(await prepareApply(new MemoryHub().services(), stageWith()))).toEqual([]);
  });
});
