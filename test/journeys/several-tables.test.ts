/** One request for several tables, and one for a description alone: Athena and the consumer's own catalog say what each gives, part by part. */
import { DeleteTableCommand, GetTableCommand } from '@aws-sdk/client-glue';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { advance, glueOf, putEvent, settle } from '../../local/story/actors.ts';
import {
  bootLivingMesh,
  decideAccess,
  inMinutes,
  type LivingMesh,
  refusalOf,
  requestAccess,
  rowsOf,
} from './living-mesh.ts';
import { deadLetters } from './traces.ts';

const [FLIGHTS, AIRPORTS, BIRDS] = ['aviation_ops.flights', 'aviation_ops.airports', 'aviation_ops.birdstrikes'];
const linked = (table: string) => `trellis_${table}`;

let living: LivingMesh;
beforeAll(async () => {
  living = await bootLivingMesh();
});
afterAll(() => living?.stop());

const columnsOf = async (table: string) =>
  (await rowsOf(living.analyst, `SELECT * FROM ${linked(table)} LIMIT 1`)).columns;
const refused = (table: string) => refusalOf(living.analyst, `SELECT * FROM ${linked(table)} LIMIT 1`);
const news = async (requestId: string) =>
  (await living.told())
    .filter(({ type, data }) => type.startsWith('Access') && data.requestId === requestId)
    .map(({ type, data }) => ({ type, ...data }));
const typesOf = async (requestId: string) => (await news(requestId)).map(({ type }) => type);
const revoke = async (data: object) => {
  await putEvent(living.aviation, 'trellis.access', 'Access Revocation Requested', { reason: 'no longer', ...data });
  await settle(living.endpoint, 60_000);
};
const minutes = async (count: number) => {
  await advance(living.endpoint, count * 60);
  await settle(living.endpoint, 60_000);
};

describe('a request for two tables', () => {
  it('is granted at once where policy grants both, and told once, with the columns of each', async () => {
    const tables = [FLIGHTS, AIRPORTS];
    const columns = [`${FLIGHTS}.origin`, `${FLIGHTS}.delay`, 'iata'];
    await requestAccess(living, { requestId: 'two', tables, columns, durationDays: 1 });
    expect(await columnsOf(FLIGHTS!)).toEqual(['delay', 'origin']);
    expect(await columnsOf(AIRPORTS!)).toEqual(['iata']);
    expect(await news('two')).toMatchObject([
      {
        type: 'Access Granted',
        tables,
        columns: [`${FLIGHTS}.delay`, `${FLIGHTS}.origin`, `${AIRPORTS}.iata`],
        links: tables.map(table => linked(table!)),
      },
    ]);
  });

  it('goes on with the other when one is taken back, which is told', async () => {
    await revoke({ requestId: 'two', table: AIRPORTS });
    expect(await refused(AIRPORTS!)).toMatch(/NOT_FOUND|exist/);
    expect(await columnsOf(FLIGHTS!)).toEqual(['delay', 'origin']);
    expect((await news('two')).slice(1)).toMatchObject([
      {
        type: 'Access Narrowed',
        tables: [FLIGHTS],
        columns: ['delay', 'origin'],
        reasons: [`${AIRPORTS} was revoked: no longer`],
      },
    ]);
  });

  it('ends with the last of them', async () => {
    await revoke({ requestId: 'two', table: FLIGHTS });
    expect(await refused(FLIGHTS!)).toMatch(/NOT_FOUND|exist/);
    expect(await typesOf('two')).toEqual(['Access Granted', 'Access Narrowed', 'Access Revoked']);
  });

  it('waits for its owner where policy leaves one to him, who may leave one out', async () => {
    await requestAccess(living, { requestId: 'asked', tables: [FLIGHTS, BIRDS], durationDays: 2 });
    expect(await typesOf('asked')).toEqual(['Access Approval Needed']);
    expect(await refused(FLIGHTS!)).toMatch(/NOT_FOUND|exist/);
    await decideAccess(living, { requestId: 'asked', decision: 'approved', columns: [`${FLIGHTS}.origin`] });
    expect((await news('asked')).slice(1)).toMatchObject([
      {
        type: 'Access Granted',
        tables: [FLIGHTS],
        columns: ['origin'],
        reasons: expect.arrayContaining([`${BIRDS}: left out by the owner.`]),
      },
    ]);
    expect(await columnsOf(FLIGHTS!)).toEqual(['origin']);
  });

  it('loses the one that all access to is revoked, and the one that its domain drops, and ends with the rest', async () => {
    const tables = [FLIGHTS, AIRPORTS, BIRDS];
    await requestAccess(living, { requestId: 'three', tables, durationDays: 3 });
    await decideAccess(living, { requestId: 'three', decision: 'approved' });
    await revoke({ table: FLIGHTS });
    expect(await refused(FLIGHTS!)).toMatch(/NOT_FOUND|exist/);
    await glueOf(living.aviation).send(new DeleteTableCommand({ DatabaseName: 'ops', Name: 'airports' }));
    await settle(living.endpoint, 60_000);
    await minutes(26 * 60);
    expect((await columnsOf(BIRDS!)).length).toBeGreaterThan(3);
    expect((await news('three')).slice(2)).toMatchObject([
      { type: 'Access Narrowed', tables: [AIRPORTS, BIRDS] },
      { type: 'Access Narrowed', tables: [BIRDS], reasons: [`${AIRPORTS} is no longer in the central catalog.`] },
    ]);
    await minutes(48 * 60);
    expect((await news('three')).slice(4)).toMatchObject([
      { type: 'Access Expiring' },
      { type: 'Access Revoked', tables: [BIRDS], cause: 'expired' },
    ]);
    expect(await refused(BIRDS!)).toMatch(/NOT_FOUND|exist/);
  });
});

describe('a request for the description alone', () => {
  const described = async () => {
    const answer = await glueOf(living.analyst).send(
      new GetTableCommand({ DatabaseName: 'trellis_aviation_ops', Name: 'flights' }),
    );
    const { TargetTable } = answer.Table!;
    const { CatalogId, DatabaseName, Name } = TargetTable!;
    const { Table } = await glueOf(living.analyst).send(new GetTableCommand({ CatalogId, DatabaseName, Name }));
    return Table!.StorageDescriptor!.Columns!.map(column => column.Name);
  };

  it('shows the whole table in the consumer’s catalog, and none of its data', async () => {
    const expiresAt = inMinutes(living, 60);
    await requestAccess(living, { requestId: 'seen', tables: [FLIGHTS], permissions: ['DESCRIBE'], expiresAt });
    expect(await described()).toEqual(expect.arrayContaining(['origin', 'destination', 'delay', 'distance']));
    expect(await refused(FLIGHTS!)).toMatch(/denied|permission|COLUMN_NOT_FOUND|not authorized/i);
    expect(await news('seen')).toMatchObject([{ type: 'Access Granted', columns: [], permissions: ['DESCRIBE'] }]);
  });

  it('stands beside a grant of data: each ends by itself', async () => {
    const expiresAt = inMinutes(living, 30);
    await requestAccess(living, { requestId: 'read', tables: [FLIGHTS], columns: ['origin'], expiresAt });
    expect(await columnsOf(FLIGHTS!)).toEqual(['origin']);
    await minutes(32);
    expect(await refused(FLIGHTS!)).toMatch(/denied|permission|COLUMN_NOT_FOUND|not authorized/i);
    expect(await described()).toContain('delay');
    await minutes(32);
    await expect(described()).rejects.toThrow();
    expect(await typesOf('seen')).toEqual(['Access Granted', 'Access Expiring', 'Access Revoked']);
  });

  it('and none of all this leaves a dead letter', async () => {
    expect(await deadLetters(living.endpoint)).toEqual({});
  });
});
