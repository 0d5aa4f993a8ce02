import { beforeEach, describe, expect, it } from 'vitest';
import { runTrellis } from '../../../cli/program.ts';
import { standingGrant } from '../../../shared/access/standing-grant.ts';
import type { Connection } from '../../../shared/aws/apply-services.ts';
import type { MeshPlace } from '../../../shared/aws/reader-session.ts';
import {
  ANALYTICS,
  AVIATION,
  central,
  column,
  HUB,
  MemoryReader,
  NOW,
  noted,
} from '../catalog-search/memory-reader.ts';
import { FakeTerminal, NO_CATALOG } from './fake-terminal.ts';

const quarantine = { since: '2026-11-21T09:00:00.000Z', reasons: ['s3://elsewhere/ is not a prefix of aviation.'] };
const FRESH = '2026-11-21T09:30:00.000Z';

let terminal: FakeTerminal;
let reader: MemoryReader;
let opened: { connection: Connection; place: MeshPlace } | undefined;

beforeEach(() => {
  terminal = new FakeTerminal();
  opened = undefined;
  reader = new MemoryReader();
  reader.catalog.aviation_ops = [
    [
      central('airports', {
        description: 'Airports\u001b[31m of\nthe world',
        columns: [column('iata', 'public', 'The code that tickets show'), column('owner')],
        keys: [column('country', 'public')],
        changes: [noted('synced', FRESH, 'columns', 'description')],
      }),
      central('flights', {
        changes: [noted('quarantined', quarantine.since, ...quarantine.reasons)],
        parameters: {
          'trellis.quarantined': JSON.stringify(quarantine),
          'trellis.missing_since': '2026-11-18T12:00:00.000Z',
        },
      }),
    ],
  ];
  reader.changes.aviation_ops = { airports: { changedAt: NOW, changes: ['partitions-added 2'], keptOut: [] } };
  reader.kept.aviation = [{ database: 'ops', table: 'secret', quarantine }];
});

function catalog(args: string[], environment: Record<string, string> = {}): Promise<number> {
  return runTrellis(['catalog', ...args], {
    ...NO_CATALOG,
    terminal,
    environment: { TRELLIS_STAGE: 'prod', ...environment },
    applyServices: () => {
      throw new Error('Nothing is applied here.');
    },
    openCatalog: async (connection, place) => {
      opened = { connection, place };
      return reader;
    },
    now: () => NOW,
  });
}

describe('trellis catalog search', () => {
  it('writes a line for each table, in columns', async () => {
    expect(await catalog(['search'])).toBe(0);
    expect(terminal.written).toEqual([
      'table                  domain    columns  labels              fresh  state',
      'aviation_ops.airports  aviation        3  public, unlabelled    now  in step',
      'aviation_ops.flights   aviation        1  public                  –  missing, quarantined',
      'aviation_ops.secret    aviation        –  –                       –  quarantined, never published',
    ]);
    expect(terminal.errorOutput).toBe('3 tables.');
  });

  it('passes on what is looked for', async () => {
    await catalog(['search', 'code', 'airports', '--owner', AVIATION, '--label', 'public', '--state', 'in-step']);
    expect(terminal.written).toHaveLength(2);
    await catalog(['search', '--fresh-within', '4h']);
    expect(terminal.output).not.toContain('flights');
    terminal = new FakeTerminal();
    await catalog(['search', '--changed-within', '4h', '--domain', 'AVIATION', '--json']);
    expect(JSON.parse(terminal.output).tables).toHaveLength(3);
  });

  it('stops at the limit, and says that there is more', async () => {
    await catalog(['search', '--limit', '2']);
    expect(terminal.written).toHaveLength(3);
    expect(terminal.errorOutput).toContain('The first 2; there are more');
    terminal = new FakeTerminal();
    await catalog(['search', '--limit', '3']);
    expect(terminal.errorOutput).toBe('3 tables.');
  });

  it('shows 50 to a person, and all in JSON', async () => {
    reader.catalog.aviation_ops = [Array.from({ length: 60 }, (_, at) => central(`t${at}`))];
    await catalog(['search', 't']);
    expect(terminal.written).toHaveLength(51);
    terminal = new FakeTerminal();
    await catalog(['search', 't', '--json']);
    const { tables, more } = JSON.parse(terminal.output);
    expect(tables).toHaveLength(61);
    expect(more).toBe(false);
  });

  it('writes one JSON document: whose eyes it is, and each table with its states', async () => {
    await catalog(['search', 'flights', '--json']);
    expect(terminal.written).toHaveLength(1);
    expect(JSON.parse(terminal.output)).toMatchObject({
      stage: 'prod',
      account: HUB,
      hub: HUB,
      more: false,
      tables: [{ name: 'aviation_ops.flights', state: ['missing', 'quarantined'], quarantine }],
    });
    expect(terminal.errorOutput).toBe('');
  });

  it('says how far it is, and takes that away at the end', async () => {
    await catalog(['search']);
    expect(terminal.told[0]).toBe('2 tables of 0/1 databases, 0 found');
    expect(terminal.told.at(-1)).toBe('');
  });

  it.each<[string, string[], (reader: MemoryReader) => void, string]>([
    ['nothing has the words', ['zebra'], () => {}, 'Nothing found.'],
    ['there is no such domain', ['--domain', 'sales'], () => {}, 'no table of a domain sales'],
    ['nothing can be seen at all', [], reader => delete reader.catalog.aviation_ops, 'trellis apply'],
  ])('says so when %s', async (_, args, change, text) => {
    change(reader);
    expect(await catalog(['search', ...args])).toBe(0);
    expect(terminal.written).toEqual([]);
    expect(terminal.errorOutput).toContain(text);
  });

  it('shortens what is too wide for the terminal, and nothing elsewhere', async () => {
    reader.catalog.aviation_ops?.push([central('a_very_long_name_that_somebody_gave_to_a_table_of_theirs')]);
    terminal.width = 80;
    await catalog(['search']);
    expect(terminal.written.map(line => line.length).filter(length => length > 80)).toEqual([]);
    expect(terminal.output).toContain('aviation_ops.a_very_long_…');
    expect(terminal.output).toContain('aviation_ops.flights ');
    terminal = new FakeTerminal();
    await catalog(['search']);
    expect(terminal.output).toContain('aviation_ops.a_very_long_name_that_somebody_gave_to_a_table_of_theirs');
  });
});

describe('trellis catalog show', () => {
  it('writes all that is known of a table', async () => {
    reader.given['aviation_ops.airports'] = [
      {
        principal: 'arn:aws:iam::444444444444:role/Analyst',
        requestId: 'r-1',
        columns: ['iata', 'country'],
        rowFilter: "iata = 'SEA'",
        expiresAt: '2026-12-01T00:00:00.000Z',
      },
    ];
    expect(await catalog(['show', 'aviation_ops.airports'])).toBe(0);
    expect(terminal.output).toBe(
      [
        'aviation_ops.airports',
        '  Airports [31m of the world',
        '',
        '  domain    aviation',
        '  source    ops.airports of account 222222222222',
        '  location  s3://trellis-aviation/airports/',
        '  fresh     2026-11-21 12:00 UTC (now)',
        '  state     in step with its source',
        '',
        'Columns',
        '  name     type                    labels      comment',
        '  iata     string                  public      The code that tickets show',
        '  owner    string                  unlabelled',
        '  country  string (partition key)  public',
        '',
        'Recent changes',
        '  when                            what',
        '  2026-11-21 12:00 UTC (now)      partitions  partitions-added 2',
        '  2026-11-21 09:30 UTC (2 h ago)  synced      columns; description',
        '',
        'Who may read it',
        '  principal                               columns        rows          until (UTC)       request',
        "  arn:aws:iam::444444444444:role/Analyst  iata, country  iata = 'SEA'  2026-12-01 00:00  r-1",
      ].join('\n'),
    );
  });

  it('says why a table is missing and quarantined, and what is read meanwhile', async () => {
    await catalog(['show', 'aviation_ops.flights']);
    expect(terminal.output).toContain('missing: gone at its source since 2026-11-18 12:00 UTC (3 d ago)');
    expect(terminal.output).toContain(
      'quarantined since 2026-11-21 09:00 UTC (3 h ago): its last good version is what is read',
    );
    expect(terminal.output).toContain(quarantine.reasons[0]);
    expect(terminal.output).not.toContain('in step');
  });

  it('says why partitions are kept out', async () => {
    reader.changes.aviation_ops = { airports: { changes: [], keptOut: ['country=FR: s3://elsewhere/'] } };
    await catalog(['show', 'aviation_ops.airports']);
    expect(terminal.output).toMatch(/state +quarantined in part: .*\n +country=FR: s3:\/\/elsewhere\/\n/);
    expect(terminal.output).not.toContain('in step');
  });

  it('says of a table that was never published only why', async () => {
    await catalog(['show', 'aviation_ops.secret']);
    expect(terminal.output).toContain('it was never published');
    expect(terminal.output).toContain('Columns\n  none');
  });

  it.each([
    [HUB, 'Who may read it\n'],
    [AVIATION, 'Who may read it\n'],
    [ANALYTICS, `Who may read it, of account ${ANALYTICS}\n`],
  ])('tells %s whose grants it is shown', async (account, heading) => {
    reader.viewer = { account, hub: HUB };
    await catalog(['show', 'aviation_ops.flights']);
    expect(terminal.output).toContain(heading);
  });

  it('tells of who is shared back to that it has no end, and that nobody asked for it', async () => {
    const principal = `arn:aws:iam::${AVIATION}:role/Reporting`;
    reader.grants = async () => [{ principal, ...standingGrant(['iata']) }];
    await catalog(['show', 'aviation_ops.airports']);
    expect(terminal.output).toMatch(/Reporting +iata +all +no end +share back/);
  });

  it('writes one JSON document', async () => {
    reader.viewer = { account: ANALYTICS, hub: HUB };
    await catalog(['show', 'aviation_ops.airports', '--json']);
    expect(JSON.parse(terminal.output)).toMatchObject({
      stage: 'prod',
      account: ANALYTICS,
      hub: HUB,
      table: { name: 'aviation_ops.airports', state: ['in-step'], freshAt: NOW },
      grants: [],
    });
  });

  it('fails for a table that is not there, and says what may be meant', async () => {
    expect(await catalog(['show', 'aviation_ops.airport'])).toBe(1);
    expect(terminal.errorOutput).toBe(
      'There is no table aviation_ops.airport in the central catalog. Did you mean aviation_ops.airports?',
    );
  });
});

describe('where the catalog is', () => {
  it('is said by --hub, then by TRELLIS_HUB, and otherwise left open', async () => {
    await catalog(['search', '--hub', AVIATION, '--region', 'eu-west-1'], { TRELLIS_HUB: HUB });
    expect(opened).toEqual({ connection: { region: 'eu-west-1' }, place: { stage: 'prod', hub: AVIATION } });
    await catalog(['search'], { TRELLIS_HUB: HUB });
    expect(opened?.place).toEqual({ stage: 'prod', hub: HUB });
    await catalog(['show', 'aviation_ops.airports'], { TRELLIS_HUB: '' });
    expect(opened?.place).toEqual({ stage: 'prod' });
  });

  it('is not where AWS refuses to read: that is said with what it takes, and not in the words of apply', async () => {
    reader.table = async () => {
      throw Object.assign(new Error('not authorized'), { name: 'AccessDeniedException', $fault: 'client' });
    };
    expect(await catalog(['show', 'aviation_ops.airports'])).toBe(1);
    expect(terminal.errorOutput).toContain('AccessDeniedException: not authorized');
    expect(terminal.errorOutput).toContain('read-only administrator');
    expect(terminal.errorOutput).not.toContain('apply needs');
  });
});
