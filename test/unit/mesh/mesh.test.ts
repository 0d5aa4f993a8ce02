import { describe, expect, it } from 'vitest';
import {
  accountsOf,
  centralDatabase,
  domainOfAccount,
  isInMesh,
  isOutsideOrganization,
  isPiiPurpose,
  isSyncedDatabase,
  isWithinPrefixes,
  type Mesh,
  parseCentralTable,
  teamsOfAccount,
} from '../../../shared/mesh/mesh.ts';
import { parseMesh } from '../../../shared/mesh/parse-mesh.ts';
import { MESH_TEXT } from './sample-mesh.ts';

const mesh = parseMesh(MESH_TEXT, 'local');
const without = (key: keyof Mesh): Mesh => {
  const { [key]: _, ...rest } = mesh;
  return rest as Mesh;
};

describe('the accounts of a mesh', () => {
  it('are the hub, the domains and the consumers, each once', () => {
    const accounts = ['111111111111', '222222222222', '333333333333', '444444444444', '555555555555'];
    expect(accountsOf(mesh)).toEqual(accounts);
    const both = { ...mesh, consumers: { ...mesh.consumers, pilots: { account: '222222222222' } } };
    expect(accountsOf(both)).toEqual(accounts);
    expect(domainOfAccount(both, '222222222222')).toEqual(['aviation']);
    expect(teamsOfAccount(both, '222222222222')).toEqual(['aviation', 'pilots']);
  });

  it('include no others', () => {
    expect(isInMesh(mesh, '444444444444')).toBe(true);
    expect(isInMesh(mesh, '999999999999')).toBe(false);
    expect(domainOfAccount(mesh, '444444444444')).toEqual([]);
    expect(teamsOfAccount(mesh, '999999999999')).toEqual([]);
  });

  it('are outside of the organization when mesh.yml says so, or when there is none', () => {
    expect(isOutsideOrganization(mesh, '555555555555')).toBe(true);
    expect(isOutsideOrganization(mesh, '444444444444')).toBe(false);
    expect(isOutsideOrganization(mesh, '222222222222')).toBe(false);
    expect(isOutsideOrganization(without('organization'), '444444444444')).toBe(true);
    expect(isOutsideOrganization(without('organization'), '111111111111')).toBe(false);
  });
});

describe('a central name', () => {
  it('is the domain, an underscore and the database', () => {
    expect(centralDatabase('aviation', 'flight_ops')).toBe('aviation_flight_ops');
  });

  it.each([
    ['aviation_ops.flights', { domain: 'aviation', database: 'ops', table: 'flights' }],
    ['aviation_flight_ops.x_y', { domain: 'aviation', database: 'flight_ops', table: 'x_y' }],
    ['Aviation_Ops.Flights', { domain: 'aviation', database: 'ops', table: 'flights' }],
    ['aviation__ops.flights', { domain: 'aviation', database: '_ops', table: 'flights' }],
    ['marine_ops.flights', undefined],
    ['constructor_ops.flights', undefined],
    ['aviation.flights', undefined],
    ['aviation_.flights', undefined],
    ['aviation_ops', undefined],
    ['aviation_ops.', undefined],
    ['aviation_ops.a.b', undefined],
    ['', undefined],
  ])('%s is %j', (name, table) => {
    expect(parseCentralTable(mesh, name)).toEqual(table);
  });
});

describe('a database', () => {
  it('is synced when the domain has it, and never when it holds links', () => {
    expect(isSyncedDatabase(mesh.domains.aviation!, 'anything')).toBe(true);
    expect(isSyncedDatabase(mesh.domains.aviation!, 'trellis_climate_daily')).toBe(false);
    expect(isSyncedDatabase(mesh.domains.climate!, 'daily')).toBe(true);
    expect(isSyncedDatabase(mesh.domains.climate!, 'weekly')).toBe(false);
  });
});

describe("a location within a domain's prefixes", () => {
  const domain = { prefixes: ['s3://lake/aviation/', 's3://own-bucket/'] };

  it.each([
    's3://lake/aviation/',
    's3://lake/aviation',
    's3://lake/aviation/flights/day=1/',
    's3a://lake/aviation/flights',
    's3n://lake/aviation/flights',
    'S3://lake/aviation/flights',
    's3://own-bucket',
    's3://own-bucket/',
    's3://own-bucket/any/thing',
    's3://lake/aviation/at=2020-01-01 00%3A00%3A00/',
    's3://lake/aviation/v1.2/..data/',
    's3://lake/aviation//twice',
  ])('%s is', location => {
    expect(isWithinPrefixes(domain, location)).toBe(true);
  });

  it.each([
    's3://lake/aviation2/',
    's3://lake/aviatio',
    's3://lake/',
    's3://lake',
    's3://lake/Aviation/',
    's3://lake//aviation/',
    's3://LAKE/aviation/',
    's3://lake.evil/aviation/',
    's3://own-bucket2/',
    's3://own-bucket.evil/',
    's3://lake/aviation/../climate/',
    's3://lake/aviation/..',
    's3://lake/aviation/./x',
    's3://lake/aviation/%2e%2e/climate/',
    's3://lake/aviation/%2E./climate/',
    's3://lake/aviation/..%2Fclimate/',
    's3://lake/aviation/..\\climate',
    's3://lake/aviation/\u0000',
    's3://lake/aviation/x\n',
    's3://user@own-bucket/',
    's3://own-bucket:443/',
    'https://lake/aviation/',
    'file:///lake/aviation/',
    'hdfs://lake/aviation/',
    '//lake/aviation/',
    's3:/lake/aviation/',
    ' s3://lake/aviation/',
    '',
  ])('%j is not', location => {
    expect(isWithinPrefixes(domain, location)).toBe(false);
  });
});

describe('a purpose for personal data', () => {
  it("is one of the council's list, in any case", () => {
    expect(isPiiPurpose(mesh, ' Fraud-Investigation ')).toBe(true);
    expect(isPiiPurpose(mesh, 'fraud')).toBe(false);
    expect(isPiiPurpose(mesh, '')).toBe(false);
  });
});
