import { GetDatabasesCommand, GetTablesCommand, GlueClient } from '@aws-sdk/client-glue';
import { mockClient } from 'aws-sdk-client-mock';
import 'aws-sdk-client-mock-vitest/extend';
import { beforeEach, describe, expect, it } from 'vitest';
import { GlueDomainTables } from '../../../shared/aws/domain-tables.ts';
import { fault } from './faults.ts';

const glue = mockClient(GlueClient);
let tables: GlueDomainTables;
beforeEach(() => {
  glue.reset();
  tables = new GlueDomainTables(new GlueClient());
});

const named = (...names: string[]) => names.map(Name => ({ Name }));

/** @param gateway another process's, when it is given */
async function listAll(from?: string, gateway = () => tables): Promise<string[]> {
  const found: string[] = [];
  for (let place = from; ; ) {
    const page = await gateway().list('aviation', place);
    found.push(...page.tables);
    if (page.next === undefined) return found;
    place = page.next;
  }
}

function catalogOf(): void {
  glue
    .on(GetDatabasesCommand)
    .resolvesOnce({ DatabaseList: named('climate_ops', 'aviation_ref'), NextToken: 'more' })
    .resolvesOnce({ DatabaseList: named('aviation_ops', 'aviationx_ops') })
    .resolves({ DatabaseList: named('aviation_ops', 'aviation_ref') });
  glue.on(GetTablesCommand, { DatabaseName: 'aviation_ops' }).resolves({ TableList: named('a'), NextToken: 'page-2' });
  glue.on(GetTablesCommand, { DatabaseName: 'aviation_ops', NextToken: 'page-2' }).resolves({ TableList: named('b') });
  glue.on(GetTablesCommand, { DatabaseName: 'aviation_ref' }).resolves({ TableList: named('c') });
}
const ALL = ['aviation_ops.a', 'aviation_ops.b', 'aviation_ref.c'];

describe("a domain's central tables", () => {
  it('are listed database by database, page by page, and the databases looked up once', async () => {
    catalogOf();
    expect(await listAll()).toEqual(ALL);
    expect(glue).toHaveReceivedCommandTimes(GetDatabasesCommand, 2);
  });

  it('are listed on by another process from where one stopped', async () => {
    catalogOf();
    expect(await listAll(undefined, () => new GlueDomainTables(new GlueClient()))).toEqual(ALL);
  });

  it('are listed from the beginning of their database when Glue takes its token no more', async () => {
    catalogOf();
    glue
      .on(GetTablesCommand, { DatabaseName: 'aviation_ops', NextToken: 'page-2' })
      .rejectsOnce(fault('InvalidInputException'))
      .resolves({ TableList: named('b') });
    expect(await listAll()).toEqual(['aviation_ops.a', ...ALL]);
  });

  it('go on without a database that is gone meanwhile', async () => {
    catalogOf();
    glue.on(GetTablesCommand, { DatabaseName: 'aviation_ops' }).rejects(fault('EntityNotFoundException'));
    expect(await listAll()).toEqual(['aviation_ref.c']);
  });

  it('are not taken for listed when they may not be', async () => {
    catalogOf();
    glue.on(GetTablesCommand, { DatabaseName: 'aviation_ref' }).rejects(fault('AccessDeniedException'));
    await expect(listAll()).rejects.toThrow(expect.objectContaining({ name: 'AccessDeniedException' }));
  });
});
