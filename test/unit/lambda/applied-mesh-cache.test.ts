import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { meshCache } from '../../../shared/lambda/applied-mesh-cache.ts';
import { policyCache } from '../../../shared/lambda/policy-cache.ts';
import type { AppliedMesh } from '../../../shared/mesh/applied-mesh.ts';
import { MESH } from '../catalog/world.ts';

const createPolicyEngine = vi.hoisted(() => vi.fn(texts => ({ texts })));
vi.mock('../../../shared/access/policy.ts', () => ({ createPolicyEngine }));

const NOW = Date.parse('2026-11-21T09:00:00Z');

function applied(appliedAt: string): AppliedMesh {
  return { mesh: MESH, policies: { schema: '', guardrails: '', domains: {} }, appliedAt };
}

function storeOf(...loads: (AppliedMesh | undefined | Error)[]) {
  const load = vi.fn(async () => {
    const next = loads.length > 1 ? loads.shift() : loads[0];
    if (next instanceof Error) throw next;
    return next;
  });
  return { load, save: vi.fn() };
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: NOW });
  createPolicyEngine.mockClear();
});
afterEach(() => void vi.useRealTimers());

describe('the mesh in force', () => {
  it('is read once a minute at the most, and then anew', async () => {
    const store = storeOf(applied('first'), applied('second'));
    const mesh = meshCache(store);
    expect((await mesh()).appliedAt).toBe('first');
    vi.setSystemTime(NOW + 59_999);
    expect((await mesh()).appliedAt).toBe('first');
    expect(store.load).toHaveBeenCalledTimes(1);
    vi.setSystemTime(NOW + 60_000);
    expect((await mesh()).appliedAt).toBe('second');
    expect(store.load).toHaveBeenCalledTimes(2);
  });

  it('is read anew when the clock has gone back', async () => {
    const store = storeOf(applied('first'), applied('second'));
    const mesh = meshCache(store);
    await mesh();
    vi.setSystemTime(NOW - 1);
    expect((await mesh()).appliedAt).toBe('second');
  });

  it('is none before the first apply, and is looked for again at every call', async () => {
    const mesh = meshCache(storeOf(undefined, undefined, applied('first')));
    for (let call = 0; call < 2; call++) {
      await expect(mesh()).rejects.toThrow(
        expect.objectContaining({
          name: 'NoMeshError',
          message: expect.stringContaining('Run: trellis apply mesh.yml'),
        }),
      );
    }
    expect((await mesh()).appliedAt).toBe('first');
  });

  it('is not guessed when it cannot be read, also not from an old one', async () => {
    const mesh = meshCache(storeOf(applied('first'), new Error('denied'), applied('second')));
    await mesh();
    vi.setSystemTime(NOW + 60_000);
    await expect(mesh()).rejects.toThrow('denied');
    expect((await mesh()).appliedAt).toBe('second');
  });
});

describe('the policies in force', () => {
  it('are made ready once for each apply', () => {
    const policies = policyCache();
    const engine = policies(applied('first'));
    expect(policies(applied('first'))).toBe(engine);
    expect(policies(applied('second'))).not.toBe(engine);
    expect(createPolicyEngine).toHaveBeenCalledTimes(2);
  });

  it('that cannot be made ready are tried again, and never replaced by those before', () => {
    const policies = policyCache();
    policies(applied('first'));
    createPolicyEngine.mockImplementationOnce(() => {
      throw new Error('no policy');
    });
    expect(() => policies(applied('second'))).toThrow('no policy');
    policies(applied('second'));
    expect(createPolicyEngine).toHaveBeenCalledTimes(3);
  });
});
