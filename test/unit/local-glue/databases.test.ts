import { describe, expect, it } from 'vitest';
import { CONSUMER, createWorld, HUB, makeTable, PRODUCER, refusal, roleCall } from './world.ts';

describe('databases', () => {
  it('are found in any case and kept in lower case', () => {
    const { run } = createWorld();
    run(PRODUCER, 'CreateDatabase', { DatabaseInput: { Name: 'Aviation_OPS', Description: 'flights' } });
    const { Database } = run(PRODUCER, 'GetDatabase', { Name: 'AVIATION_ops' });
    expect(Database).toMatchObject({ Name: 'aviation_ops', Description: 'flights', CatalogId: PRODUCER });
    expect(Number.isInteger(Database.CreateTime)).toBe(true);
    expect(refusal(() => run(PRODUCER, 'CreateDatabase', { DatabaseInput: { Name: 'AVIATION_OPS' } }))).toBe(
      'AlreadyExistsException: Database already exists.',
    );
  });

  it('tell their making and their end on the owner account, and the guard with them', () => {
    const { run, events, guard } = createWorld();
    run(PRODUCER, 'CreateDatabase', { DatabaseInput: { Name: 'db' } });
    run(PRODUCER, 'CreateTable', { DatabaseName: 'db', TableInput: { Name: 't' } });
    events.length = 0;
    run(PRODUCER, 'DeleteDatabase', { Name: 'db' });
    expect(events).toEqual([
      {
        account: PRODUCER,
        source: 'aws.glue',
        'detail-type': 'Glue Data Catalog Database State Change',
        resources: [`arn:aws:glue:us-east-1:${PRODUCER}:database/db`],
        detail: { databaseName: 'db', typeOfChange: 'DeleteDatabase', changedTables: [] },
      },
    ]);
    expect(guard.told).toEqual([
      `created ${PRODUCER} db`,
      `created ${PRODUCER} db/t`,
      `deleted ${PRODUCER} db/t`,
      `deleted ${PRODUCER} db`,
    ]);
    expect(refusal(() => run(PRODUCER, 'GetTable', { DatabaseName: 'db', Name: 't' }))).toBe(
      'EntityNotFoundException: Database db not found.',
    );
  });

  it('of one account are not those of another', () => {
    const { run } = createWorld();
    run(PRODUCER, 'CreateDatabase', { DatabaseInput: { Name: 'db' } });
    expect(run(HUB, 'GetDatabases').DatabaseList).toEqual([]);
    expect(refusal(() => run(HUB, 'GetDatabase', { CatalogId: PRODUCER, Name: 'db' }))).toMatch(/^AccessDenied/);
  });

  it('are listed in pages, those the caller may see, without repeating or skipping when others come and go', () => {
    const { run, guard } = createWorld();
    const names = Array.from({ length: 250 }, (_, at) => `db${String(at).padStart(3, '0')}`);
    for (const Name of names) run(HUB, 'CreateDatabase', { DatabaseInput: { Name } });
    guard.denies = asked => asked === 'DESCRIBE db007';
    const first = run(HUB, 'GetDatabases');
    expect(first.DatabaseList).toHaveLength(100);
    run(HUB, 'DeleteDatabase', { Name: 'db003' });
    const listed = [...first.DatabaseList];
    for (let token = first.NextToken; token; ) {
      const next = run(HUB, 'GetDatabases', { NextToken: token, MaxResults: 90 });
      listed.push(...next.DatabaseList);
      token = next.NextToken;
    }
    expect(listed.map(database => database.Name)).toEqual(names.filter(name => name !== 'db007'));
    expect(refusal(() => run(HUB, 'GetDatabases', { NextToken: 'nonsense' }))).toMatch(/^InvalidInputException/);
    expect(refusal(() => run(HUB, 'GetDatabases', { MaxResults: 101 }))).toMatch(/^ValidationException/);
  });

  it('shared by others are listed only when asked for', () => {
    const world = createWorld();
    makeTable(world, HUB, 'shared', 't');
    makeTable(world, HUB, 'hidden', 't');
    makeTable(world, CONSUMER, 'own', 't');
    world.guard.shared.add(`${HUB}/shared`);
    const listed = (ResourceShareType?: string) =>
      world
        .run(CONSUMER, 'GetDatabases', { ResourceShareType })
        .DatabaseList.map((one: { CatalogId: string; Name: string }) => `${one.CatalogId} ${one.Name}`);
    expect(listed()).toEqual([`${CONSUMER} own`]);
    expect(listed('FOREIGN')).toEqual([`${HUB} shared`]);
    expect(listed('ALL')).toEqual([`${HUB} shared`, `${CONSUMER} own`]);
  });

  it('links answer the target under their own name, and themselves where the target is hidden', () => {
    const { run, guard } = createWorld();
    run(HUB, 'CreateDatabase', { DatabaseInput: { Name: 'target', Description: 'the real one' } });
    const TargetDatabase = { CatalogId: HUB, DatabaseName: 'target' };
    run(CONSUMER, 'CreateDatabase', { DatabaseInput: { Name: 'link', TargetDatabase } });
    expect(run(CONSUMER, 'GetDatabase', { Name: 'link' }).Database.Description).toBeUndefined();
    guard.shared.add(`${HUB}/target`);
    expect(run(CONSUMER, 'GetDatabase', { Name: 'link' }).Database).toMatchObject({
      Name: 'link',
      CatalogId: CONSUMER,
      Description: 'the real one',
      TargetDatabase,
    });
    run(CONSUMER, 'DeleteDatabase', { Name: 'link' });
    expect(run(HUB, 'GetDatabase', { Name: 'target' }).Database.Name).toBe('target');
  });

  it('are updated only with ALTER, in place of all they said before', () => {
    const { run, guard } = createWorld();
    run(HUB, 'CreateDatabase', { DatabaseInput: { Name: 'db', Description: 'old', Parameters: { a: '1' } } });
    const created = run(HUB, 'GetDatabase', { Name: 'db' }).Database.CreateTime;
    run(HUB, 'UpdateDatabase', { Name: 'db', DatabaseInput: { Name: 'db', Parameters: { b: '2' } } });
    expect(run(HUB, 'GetDatabase', { Name: 'db' }).Database).toEqual({
      Name: 'db',
      CatalogId: HUB,
      CreateTime: created,
      Parameters: { b: '2' },
    });
    guard.denies = asked => asked === 'ALTER db';
    expect(refusal(() => run(HUB, 'UpdateDatabase', { Name: 'db', DatabaseInput: { Name: 'db' } }))).toMatch(
      /^AccessDenied/,
    );
  });

  it('that do not exist are hidden from whoever could neither see nor make them', () => {
    const { run, guard } = createWorld();
    expect(refusal(() => run(HUB, 'GetDatabase', { Name: 'none' }))).toBe(
      'EntityNotFoundException: Database none not found.',
    );
    guard.denies = (_asked, caller) => !caller.isAdministrator;
    expect(refusal(() => run(roleCall(HUB, 'Nobody'), 'GetDatabase', { Name: 'none' }))).toMatch(/^AccessDenied/);
  });

  it('refuse members that a DatabaseInput has not', () => {
    const { run } = createWorld();
    expect(refusal(() => run(HUB, 'CreateDatabase', { DatabaseInput: { Name: 'db', CatalogId: HUB } }))).toBe(
      'InvalidInputException: Unknown parameter in DatabaseInput: "CatalogId"',
    );
    expect(refusal(() => run(HUB, 'CreateDatabase', {}))).toMatch(/^ValidationException/);
  });
});
