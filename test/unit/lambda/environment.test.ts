import { afterEach, describe, expect, it, vi } from 'vitest';
import { hubSettings, setting } from '../../../shared/lambda/environment.ts';

afterEach(() => void vi.unstubAllEnvs());

const HUB = { HUB_ACCOUNT: '111111111111', AWS_REGION: 'us-east-1', BUS_NAME: 'trellis-local' };

function stubHub(): void {
  for (const [name, value] of Object.entries(HUB)) vi.stubEnv(name, value);
}

describe('a setting', () => {
  it('is what the stack gives', () => {
    vi.stubEnv('LEDGER_TABLE', 'trellis-local-ledger');
    expect(setting('LEDGER_TABLE')).toBe('trellis-local-ledger');
  });

  it.each([undefined, ''])('that is missing is named, with where it comes from: %j', value => {
    vi.stubEnv('LEDGER_TABLE', value);
    expect(() => setting('LEDGER_TABLE')).toThrow(
      'The function lacks the setting LEDGER_TABLE. serverless.yml gives it.',
    );
  });
});

describe("the hub's settings", () => {
  it('are its account, Region and bus', () => {
    stubHub();
    expect(hubSettings()).toEqual({ account: '111111111111', region: 'us-east-1', busName: 'trellis-local' });
  });

  it.each(Object.keys(HUB))('need each of them: %s', name => {
    stubHub();
    vi.stubEnv(name, undefined);
    expect(() => hubSettings()).toThrow(name);
  });
});
