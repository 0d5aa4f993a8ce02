import { beforeEach, describe, expect, it } from 'vitest';
import { type SearchProgress, searchCatalog, showTable } from '../../../shared/catalog/browse-catalog.ts';
import type { CatalogQuery } from '../../../shared/catalog/search-tables.ts';
import { ANALYTICS, AVIATION, central, column, MemoryReader, noted } from './memory-reader.ts';

const CLIMATE = '333333333333';
const OLD = '2026-10-01T00:00:00.000Z';
const NEW = '2026-11-20T00:00:00.000Z';
const SINCE = '2026-11-14T00:00:00.000Z';
const quarantine = { since: NEW, reasons: ['It lies elsewhere.'] };

let reader: MemoryReader;
beforeEach(() => {
  reader = new MemoryReader();
  const weather = { domain: 'climate', account: CLIMATE };
  reader.catalog.climate_observations = [
    [central('co2', { ...weather, description: 'Carbon dioxide, monthly' })],
    [central('weather', { ...weather, keys: [column('city', 'public')], changes: [noted('synced', OLD)] })],
  ];
  reader.catalog.aviation_ops = [
    [
      central('airports', {
        columns: [column('iata', 'public', 'Three-letter Code'), column('owner')],
        changes: [noted('synced', NEW)],
      }),
      central('flights', {
        columns: [column('pilot', 'confidential,pii')],
        changes: [noted('synced', OLD), noted('quarantined', NEW)],
        parameters: { 'trellis.quarantined': JSON.stringify(quarantine) },
      }),
      { ...central('by_hand'), Parameters: {} },
    ],
  ];
  reader.catalog.default = [[central('anything')]];
  reader.changes.climate_observations = { weather: { changedAt: NEW, changes: ['partitions-added 3'], keptOut: [] } };
  reader.kept.aviation = [{ database: 'ops', table: 'secret', quarantine }];
});

async function found(query: Partial<CatalogQuery>): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of searchCatalog(reader, { words: [], ...query })) names.push(name);
  return names;
}

const AIRPORTS = 'aviation_ops.airports';
const FLIGHTS = 'aviation_ops.flights';
const SECRET = 'aviation_ops.secret';
const CO2 = 'climate_observations.co2';
const WEATHER = 'climate_observations.weather';

describe('a search', () => {
  it('finds everything of the mesh by database, and what was never published after it', async () => {
    expect(await found({})).toEqual([AIRPORTS, FLIGHTS, CO2, WEATHER, SECRET]);
  });

  it.each<[string, Partial<CatalogQuery>, string[]]>([
    ['a word in a name', { words: ['LIGHT'] }, [FLIGHTS]],
    ['a word in a description', { words: ['dioxide'] }, [CO2]],
    ['a word in a column', { words: ['iata'] }, [AIRPORTS]],
    ['a word in a comment, and one in the name', { words: ['code', 'airports'] }, [AIRPORTS]],
    ['words of which one is nowhere', { words: ['airports', 'dioxide'] }, []],
    ['a word that only two texts together have', { words: ['codeowner'] }, []],
    ['a domain', { domain: 'climate' }, [CO2, WEATHER]],
    ['a domain that there is not', { domain: 'sales' }, []],
    ['the domain that owns it', { owner: 'aviation' }, [AIRPORTS, FLIGHTS, SECRET]],
    ['the account that owns it', { owner: AVIATION }, [AIRPORTS, FLIGHTS, SECRET]],
    ['a label', { label: 'pii' }, [FLIGHTS]],
    ['the want of a label', { label: 'unlabelled' }, [AIRPORTS]],
    ['being in step', { state: 'in-step' }, [AIRPORTS, CO2, WEATHER]],
    ['quarantine', { state: 'quarantined' }, [FLIGHTS, SECRET]],
    ['being missing', { state: 'missing' }, []],
    ['freshness, of partitions too', { freshSince: SINCE }, [AIRPORTS, WEATHER]],
    ['recent activity', { changedSince: SINCE }, [AIRPORTS, FLIGHTS, WEATHER, SECRET]],
    ['several at once', { words: ['a'], owner: 'aviation', freshSince: SINCE }, [AIRPORTS]],
  ])('by %s', async (_, query, names) => {
    expect(await found(query)).toEqual(names);
  });

  it('by quarantine finds a table of which only partitions are kept out', async () => {
    reader.changes.climate_observations = { weather: { changes: [], keptOut: ['Rome lies elsewhere'] } };
    expect(await found({ state: 'quarantined', domain: 'climate' })).toEqual([WEATHER]);
    expect(await found({ state: 'in-step', domain: 'climate' })).toEqual([CO2]);
  });

  it('asks for the partitions of a database once, and only when a table that is found has some', async () => {
    reader.catalog.climate_observations?.push([
      central('wind', { domain: 'climate', keys: [column('year', 'public')] }),
    ]);
    await found({});
    expect(reader.asked.filter(call => call.startsWith('partitions'))).toEqual(['partitions climate_observations']);
    reader.asked.length = 0;
    await found({ words: ['co2'] });
    expect(reader.asked.filter(call => call.startsWith('partitions'))).toEqual([]);
  });

  it('does not show a table twice that was published meanwhile', async () => {
    reader.catalog.aviation_ops?.push([central('secret')]);
    expect((await found({})).filter(name => name === SECRET)).toHaveLength(1);
  });

  it('reads no further than it is asked for', async () => {
    for await (const { name } of searchCatalog(reader, { words: [] })) {
      expect(name).toBe(AIRPORTS);
      break;
    }
    // First pages of the next databases are asked for beforehand, and nothing more of them.
    expect(reader.asked.filter(call => call.endsWith(' 1'))).toEqual([]);
    expect(reader.asked.filter(call => call.startsWith('kept out'))).toEqual([]);
  });

  it('says how far it is', async () => {
    const told: SearchProgress[] = [];
    for await (const _ of searchCatalog(reader, { words: [] }, progress => told.push(progress)));
    expect(told.at(0)).toEqual({ databases: 0, ofDatabases: 2, tables: 3 });
    expect(told.at(-1)).toEqual({ databases: 2, ofDatabases: 2, tables: 5 });
  });

  it('fails with the fault of a database, when its turn comes', async () => {
    const tables = reader.tables.bind(reader);
    reader.tables = async function* (database) {
      if (database === 'climate_observations') throw new Error('throttled');
      yield* tables(database);
    };
    const names: string[] = [];
    const search = async () => {
      for await (const { name } of searchCatalog(reader, { words: [] })) names.push(name);
    };
    await expect(search()).rejects.toThrow('throttled');
    expect(names).toEqual([AIRPORTS, FLIGHTS]);
  });
});

describe('showing one table', () => {
  it('takes its name in any case, and gives its partitions and who may read it', async () => {
    const grant = { principal: 'p', requestId: 'r', columns: ['city'], rowFilter: null, expiresAt: NEW };
    reader.given[WEATHER] = [grant];
    reader.viewer = { ...reader.viewer, account: ANALYTICS };
    const { table, grants } = await showTable(reader, 'Climate_Observations.WEATHER');
    expect(table).toMatchObject({ name: WEATHER, freshAt: NEW, partitions: { changes: ['partitions-added 3'] } });
    expect(grants).toEqual([grant]);
    expect(reader.asked).toEqual([`grants ${WEATHER} of ${CLIMATE}`]);
  });

  it('shows why a table was never published', async () => {
    expect(await showTable(reader, SECRET)).toMatchObject({ table: { isPublished: false, quarantine }, grants: [] });
  });

  it.each([
    ['aviation_ops.flihgts', 'Did you mean aviation_ops.flights?'],
    ['aviaton_ops.flights', 'Did you mean aviation_ops.flights?'],
    ['climate_observations.wether', 'Did you mean climate_observations.weather?'],
    ['sales_crm.customers', 'trellis catalog search'],
  ])('says what may be meant by %s', async (written, help) => {
    await expect(showTable(reader, written)).rejects.toThrow(help);
  });

  it.each(['flights', 'ops.flights', 'aviation_ops', 'aviation_ops.a.b'])(
    'does not take %s for a name',
    async written => {
      await expect(showTable(reader, written)).rejects.toThrow('<domain>_<database>.<table>');
    },
  );

  it('says of a table that somebody made by hand that it is none of the mesh', async () => {
    await expect(showTable(reader, 'aviation_ops.by_hand')).rejects.toThrow('Trellis did not put it there');
  });
});
