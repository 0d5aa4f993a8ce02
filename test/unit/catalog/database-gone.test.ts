import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TablesInTurn } from '../../../shared/catalog/in-turn.ts';
import { readMarks } from '../../../shared/catalog/table-marks.ts';
import { takeCatalogWork } from '../../../shared/catalog/take-catalog-work.ts';
import { Catalogs, reconcile } from '../reconcile/catalogs.ts';
import { AVIATION } from './world.ts';

const sample = JSON.parse(
  readFileSync(
    join(import.meta.dirname, '../../../events/samples/glue-data-catalog-database-state-change.json'),
    'utf8',
  ),
);
const gone = {
  ...sample,
  account: AVIATION.account,
  detail: { ...sample.detail, databaseName: 'ops', typeOfChange: 'DeleteDatabase' },
};

const TABLES = 30;

async function withoutItsDatabase(): Promise<Catalogs> {
  const catalogs = new Catalogs();
  for (let n = 0; n < TABLES; n++) catalogs.put(`t${n}`);
  await reconcile(catalogs, { reason: 'onboarding' });
  catalogs.source.delete('ops');
  return catalogs;
}

function take(catalogs: Catalogs, isRepeated: boolean, isTimeUp: () => boolean): Promise<void> {
  // What removing needs besides is not asked for.
  const services = catalogs.services() as unknown as Parameters<typeof takeCatalogWork>[0];
  return takeCatalogWork(services, new TablesInTurn(), { body: gone, id: 'message', isRepeated, isTimeUp });
}

function marked(catalogs: Catalogs): number {
  const tables = [...catalogs.central.get('aviation_ops')!.tables.values()];
  return tables.filter(({ snapshot }) => readMarks(snapshot.content.Parameters).missingSince !== undefined).length;
}

describe('a database that is gone', () => {
  it('has its tables marked missing by the one event that tells of it', async () => {
    const catalogs = await withoutItsDatabase();
    await take(catalogs, false, () => false);
    expect(marked(catalogs)).toBe(TABLES);
    expect(catalogs.removals.size).toBe(TABLES);
  });

  it('with more tables than there is time for is finished by later deliveries, which do not begin anew', async () => {
    const catalogs = await withoutItsDatabase();
    let asked = 0;
    await expect(take(catalogs, false, () => ++asked > 12)).rejects.toThrow(/comes again/);
    expect(marked(catalogs)).toBe(12);
    catalogs.calls = [];
    await take(catalogs, true, () => false);
    expect(marked(catalogs)).toBe(TABLES);
    expect(catalogs.calls.filter(call => call === 'central.update')).toHaveLength(TABLES - 12);
    expect(catalogs.calls.filter(call => call === 'central.read')).toHaveLength(TABLES - 12);
  });

  it('and there again keeps its tables', async () => {
    const catalogs = await withoutItsDatabase();
    for (let n = 0; n < TABLES; n++) catalogs.put(`t${n}`);
    await take(catalogs, false, () => false);
    expect(marked(catalogs)).toBe(0);
  });
});
