import { describe, expect, it } from 'vitest';
import { AwsError } from '../../../local/core/aws-error.ts';
import type { Wire } from '../../../local/core/service.ts';
import { createFixture, error, role, table } from './fixture.ts';

describe('batches', () => {
  const entries = (count: number) =>
    Array.from({ length: count }, (_, i) => ({ Id: `e${i}`, ...createEntry(`Role${i}`, ['DROP']) }));
  const createEntry = (name: string, permissions: string[]) => ({
    Principal: { DataLakePrincipalIdentifier: role(name) },
    Resource: table,
    Permissions: permissions,
  });

  it('applies what it can and says what failed, entry by entry', () => {
    const lake = createFixture();
    lake.failNext('GrantPermissions', new AwsError('ConcurrentModificationException', 'Please retry in a short while'));
    const bad = { Id: 'bad', ...createEntry('Bad', ['CREATE_TABLE']) };
    const answer = lake.run('BatchGrantPermissions', { Entries: [...entries(2), bad] });
    expect(answer.Failures).toEqual([
      {
        RequestEntry: entries(1)[0],
        Error: { ErrorCode: 'ConcurrentModificationException', ErrorMessage: 'Please retry in a short while' },
      },
      {
        RequestEntry: bad,
        Error: { ErrorCode: 'InvalidInputException', ErrorMessage: 'Permissions modification is invalid.' },
      },
    ]);
    expect([lake.held(role('Role0')), lake.held(role('Role1'))]).toEqual([[], ['table flights DROP']]);
    const again = lake.run('BatchRevokePermissions', { Entries: entries(2) });
    expect(again.Failures.map((failure: Wire) => failure.RequestEntry.Id)).toEqual(['e0']);
    expect(lake.held(role('Role1'))).toEqual([]);
  });

  it.each([
    ['more than 20 entries', entries(21), 'at most 20'],
    ['an entry without Id', [createEntry('A', ['DROP'])], 'Id'],
    ['an Id twice', [entries(1)[0], entries(1)[0]], 'unique'],
    ['no entries', undefined, 'Entries is required'],
  ])('refuses %s as a whole', (_, list, text) => {
    const lake = createFixture();
    for (const operation of ['BatchGrantPermissions', 'BatchRevokePermissions']) {
      expect(() => lake.run(operation, { Entries: list })).toThrow(error('InvalidInputException', text));
    }
    expect(lake.held(role('Role0'))).toEqual([]);
  });

  it('takes 20 entries', () => {
    expect(createFixture().run('BatchGrantPermissions', { Entries: entries(20) })).toEqual({ Failures: [] });
  });
});
