import { describe, expect, it } from 'vitest';
import { createWorld, HUB, PRODUCER, refusal } from './world.ts';

const policy = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });
const reading = { Effect: 'Allow', Principal: { AWS: PRODUCER }, Action: 'glue:GetTable', Resource: '*' };
const sharing = {
  Effect: 'Allow',
  Principal: { Service: ['ram.amazonaws.com'] },
  Action: ['glue:ShareResource'],
  Resource: '*',
};

describe("the catalog's resource policy", () => {
  it('is written under the conditions that the caller sets', () => {
    const { run } = createWorld();
    const put = (more: object) => run(HUB, 'PutResourcePolicy', { PolicyInJson: policy(reading), ...more });
    expect(refusal(() => run(HUB, 'GetResourcePolicy'))).toMatch(/^EntityNotFoundException/);
    expect(refusal(() => put({ PolicyExistsCondition: 'MUST_EXIST' }))).toMatch(/^ConditionCheckFailure/);
    const { PolicyHash } = put({ PolicyExistsCondition: 'NOT_EXIST' });
    expect(refusal(() => put({ PolicyExistsCondition: 'NOT_EXIST' }))).toMatch(/^ConditionCheckFailure/);
    expect(refusal(() => put({ PolicyHashCondition: 'stale' }))).toMatch(/^ConditionCheckFailure/);
    put({ PolicyHashCondition: PolicyHash });
    expect(run(HUB, 'GetResourcePolicy')).toMatchObject({ PolicyInJson: policy(reading), PolicyHash });
    expect(refusal(() => run(HUB, 'DeleteResourcePolicy', { PolicyHashCondition: 'stale' }))).toMatch(/^Condition/);
    run(HUB, 'DeleteResourcePolicy', { PolicyHashCondition: PolicyHash });
    expect(refusal(() => run(HUB, 'DeleteResourcePolicy'))).toMatch(/^EntityNotFoundException/);
  });

  it('is a policy', () => {
    const { run } = createWorld();
    for (const PolicyInJson of ['{', '{}', policy({ Effect: 'Maybe', Principal: '*' })])
      expect(refusal(() => run(HUB, 'PutResourcePolicy', { PolicyInJson }))).toMatch(/^InvalidInputException/);
  });

  it('needs EnableHybrid where Lake Formation shares the catalog', () => {
    const { run } = createWorld({ hasCrossAccountShares: account => account === HUB });
    const PolicyInJson = policy(reading);
    expect(refusal(() => run(HUB, 'PutResourcePolicy', { PolicyInJson }))).toMatch(
      /^InvalidInputException.*EnableHybrid/,
    );
    run(HUB, 'PutResourcePolicy', { PolicyInJson, EnableHybrid: 'TRUE' });
    run(PRODUCER, 'PutResourcePolicy', { PolicyInJson });
  });

  it('lets RAM share when there is none, or when it says so', () => {
    const { run, glue } = createWorld();
    expect(glue.letsRamShare(HUB)).toBe(true);
    run(HUB, 'PutResourcePolicy', { PolicyInJson: policy(reading) });
    expect(glue.letsRamShare(HUB)).toBe(false);
    run(HUB, 'PutResourcePolicy', { PolicyInJson: policy(reading, sharing) });
    expect(glue.letsRamShare(HUB)).toBe(true);
  });
});
