/** A catalog with a guard that allows an account everything of its own until a test takes something away. */
import { Activity } from '../../../local/core/activity.ts';
import { AwsError } from '../../../local/core/aws-error.ts';
import { VirtualClock } from '../../../local/core/clock.ts';
import type { CallerIdentity, CatalogGuard, EventEnvelope } from '../../../local/core/ports.ts';
import { type Access, administrator, type Call, type Wire } from '../../../local/core/service.ts';
import { createGlue } from '../../../local/glue/glue.ts';

export const HUB = '111111111111';
export const PRODUCER = '222222222222';
export const CONSUMER = '444444444444';

export function roleCall(account: string, role: string): Call {
  const principal = `arn:aws:iam::${account}:role/${role}`;
  const arn = `arn:aws:sts::${account}:assumed-role/${role}/session`;
  return { caller: { account, arn, principal, isAdministrator: false }, requestId: 'request' };
}

const denied = (what: string) =>
  new AwsError('AccessDeniedException', `Insufficient Lake Formation permission(s): Required ${what}`);

/** Refuses what `denies` says and records what it was asked and told. Another account sees only what `shared` names. */
export class FakeGuard implements CatalogGuard {
  asked: string[] = [];
  told: string[] = [];
  denies: (asked: string, caller: CallerIdentity) => boolean = () => false;
  /** `owner/db` and `owner/db/table`. */
  shared = new Set<string>();
  columns: Set<string> | 'all' = 'all';
  registered = 's3://registered/';

  #require(caller: CallerIdentity, owner: string, permission: string, resource: string): void {
    this.asked.push(`${permission} ${resource}`);
    const isForeign = caller.account !== owner && !this.shared.has(`${owner}/${resource}`);
    if (isForeign || this.denies(`${permission} ${resource}`, caller)) throw denied(`${permission} on ${resource}`);
  }
  requireDatabase(caller: CallerIdentity, owner: string, database: string, permission: string): void {
    this.#require(caller, owner, permission, database);
  }
  requireTable(caller: CallerIdentity, owner: string, database: string, table: string, permission: string): void {
    this.#require(caller, owner, permission, `${database}/${table}`);
  }
  requireCreateDatabase(caller: CallerIdentity, owner: string): void {
    this.#require(caller, owner, 'CREATE_DATABASE', 'catalog');
  }
  requireLocation(caller: CallerIdentity, owner: string, location: string | undefined): void {
    if (location !== undefined) this.#require(caller, owner, 'DATA_LOCATION_ACCESS', location);
  }
  visibleColumns(caller: CallerIdentity, owner: string, database: string, table: string): Set<string> | 'all' {
    this.requireTable(caller, owner, database, table, 'DESCRIBE');
    return this.columns;
  }
  isDatabaseVisible(caller: CallerIdentity, owner: string, database: string): boolean {
    return succeeds(() => this.requireDatabase(caller, owner, database, 'DESCRIBE'));
  }
  isTableVisible(caller: CallerIdentity, owner: string, database: string, table: string): boolean {
    return succeeds(() => this.requireTable(caller, owner, database, table, 'DESCRIBE'));
  }
  isRegisteredLocation(_owner: string, location: string | undefined): boolean {
    return location?.startsWith(this.registered) ?? false;
  }
  databaseCreated(caller: CallerIdentity, database: string): void {
    this.told.push(`created ${caller.account} ${database}`);
  }
  tableCreated(caller: CallerIdentity, database: string, table: string): void {
    this.told.push(`created ${caller.account} ${database}/${table}`);
  }
  databaseDeleted(owner: string, database: string): void {
    this.told.push(`deleted ${owner} ${database}`);
  }
  tableDeleted(owner: string, database: string, table: string): void {
    this.told.push(`deleted ${owner} ${database}/${table}`);
  }
}

function succeeds(act: () => void): boolean {
  try {
    act();
    return true;
  } catch {
    return false;
  }
}

export type Told = Pick<EventEnvelope, 'account' | 'source' | 'detail-type' | 'detail' | 'resources'>;

export function createWorld(
  options: Partial<Pick<Parameters<typeof createGlue>[0], 'hasCrossAccountShares' | 'meetFaultInBatch'>> = {},
) {
  const clock = new VirtualClock(new Activity());
  const guard = new FakeGuard();
  const events: Told[] = [];
  const glue = createGlue({
    clock,
    guard: () => guard,
    emitNative: (account, event) => events.push({ resources: [], ...event, account }),
    ...options,
  });
  const call = (who: string | Call) => (typeof who === 'string' ? administrator(who) : who);
  const run = (who: string | Call, operation: string, input: Wire = {}): Wire =>
    glue.service.operations[operation]!.run(input, call(who));
  const access = (who: string | Call, operation: string, input: Wire = {}) =>
    glue.service.operations[operation]!.access(input, call(who)) as Access[];
  return { clock, guard, events, glue, run, access };
}

export type World = ReturnType<typeof createWorld>;

/** The error that the call fails with, as `Code: message`. */
export function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof AwsError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'no error';
}

export const column = (Name: string, Type = 'string') => ({ Name, Type });

export function makeTable(world: World, account: string, database: string, name: string, more: Wire = {}): void {
  if (!world.glue.contents.database(account, database))
    world.run(account, 'CreateDatabase', { DatabaseInput: { Name: database } });
  world.run(account, 'CreateTable', {
    DatabaseName: database,
    TableInput: {
      Name: name,
      StorageDescriptor: { Columns: [column('id', 'bigint'), column('email')], Location: `s3://registered/${name}/` },
      ...more,
    },
  });
}
