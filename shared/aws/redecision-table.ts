import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  QueryCommand,
  UpdateCommand,
  type UpdateCommandInput,
} from '@aws-sdk/lib-dynamodb';
import type { ActiveGrant, Instant } from '../access/access-request.ts';
import { LedgerConflictError } from '../access/ledger.ts';
import type { ChangedPolicies, DomainRedecision, RedecidedDomains } from '../access/redecide-domain.ts';
import type { CalledTables, Look, TakenTable } from '../access/redecide-table.ts';
import { isStanding } from '../access/standing-grant.ts';
import type { AppliedMesh } from '../mesh/applied-mesh.ts';
import { isError } from './aws-errors.ts';
import { DUE, type Key, meshKey, OWNER_INDEX, redecideDomainKey, redecideKey } from './ledger-keys.ts';

const CALLS_AT_ONCE = 25;

/** What is to be decided again: items of the ledger's table. All reads are consistent but that of the index by owner. */
export class RedecisionTable implements CalledTables {
  readonly #client: DynamoDBDocumentClient;
  readonly #table: string;
  readonly #now: () => Instant;

  constructor(client: DynamoDBDocumentClient, tableName: string, now: () => Instant) {
    this.#client = client;
    this.#table = tableName;
    this.#now = now;
  }

  async callFor(tables: readonly string[], dueAt: Instant, certainAt: Instant): Promise<void> {
    for (let start = 0; start < tables.length; start += CALLS_AT_ONCE)
      await Promise.all(
        tables.slice(start, start + CALLS_AT_ONCE).map(table => this.#callForOne(table, dueAt, certainAt)),
      );
  }

  /** The later `certainAt` stays: DynamoDB has no maximum of texts. */
  async #callForOne(table: string, dueAt: Instant, certainAt: Instant): Promise<void> {
    const set = 'mark = :mark, due = :due, dueAt = :dueAt';
    const values = { ':mark': crypto.randomUUID(), ':due': DUE, ':dueAt': dueAt, ':certainAt': certainAt };
    const isRaised = await this.#isUpdated(
      redecideKey(table),
      `SET ${set}, certainAt = :certainAt REMOVE look`,
      'attribute_not_exists(certainAt) OR certainAt < :certainAt',
      values,
    );
    if (isRaised) return;
    // If it was finished meanwhile, it is called for anew.
    const keep = `SET ${set}, certainAt = if_not_exists(certainAt, :certainAt) REMOVE look`;
    await this.#client.send(this.#update(redecideKey(table), keep, values));
  }

  async take(table: string, until: Instant): Promise<TakenTable | undefined> {
    const mark = crypto.randomUUID();
    const update = this.#update(redecideKey(table), 'SET mark = :mark, dueAt = :until', {
      ':mark': mark,
      ':until': until,
    });
    const taken = new UpdateCommand({
      ...update.input,
      ConditionExpression: 'attribute_exists(pk)',
      ReturnValues: 'ALL_NEW',
    });
    try {
      const { Attributes = {} } = await this.#client.send(taken);
      const { certainAt, look } = Attributes;
      return { table, mark, certainAt: String(certainAt), ...(look && { look: look as Look }) };
    } catch (error) {
      if (isError(error, 'ConditionalCheckFailedException')) return undefined;
      throw error;
    }
  }

  async finish({ table, mark }: TakenTable): Promise<void> {
    try {
      await this.#client.send(
        new DeleteCommand({
          TableName: this.#table,
          Key: redecideKey(table),
          ConditionExpression: 'mark = :mark',
          ExpressionAttributeValues: { ':mark': mark },
        }),
      );
    } catch (error) {
      // Called for, or taken, since: then it is for another.
      if (!isError(error, 'ConditionalCheckFailedException')) throw error;
    }
  }

  async putOff({ table, mark }: TakenTable, dueAt: Instant, look?: Look): Promise<void> {
    const values = { ':mark': mark, ':dueAt': dueAt, ...(look && { ':look': look }) };
    const set = look ? 'SET dueAt = :dueAt, look = :look' : 'SET dueAt = :dueAt REMOVE look';
    await this.#isUpdated(redecideKey(table), set, 'mark = :mark', values);
  }

  readonly mesh: ChangedPolicies = {
    load: async () => {
      const { Item } = await this.#client.send(
        new GetCommand({ TableName: this.#table, Key: meshKey, ConsistentRead: true }),
      );
      const applied = Item?.applied as AppliedMesh | undefined;
      if (!applied?.redecide) return undefined;
      const domains = applied.redecide.flatMap(domain => {
        const account = applied.mesh.domains[domain]?.account;
        return account === undefined ? [] : [{ domain, account }];
      });
      return { domains, mark: applied.appliedAt };
    },
    begin: async (domain, account) => {
      const set = 'SET account = :account, due = :due, dueAt = :now REMOVE progress ADD revision :one';
      const values = { ':account': account, ':due': DUE, ':now': this.#now(), ':one': 1 };
      await this.#client.send(this.#update(redecideDomainKey(domain), set, values));
    },
    finish: async mark => {
      const remove = 'REMOVE applied.redecide, due, dueAt';
      await this.#isUpdated(meshKey, remove, 'applied.appliedAt = :mark', { ':mark': mark });
    },
  };

  readonly domains: RedecidedDomains = {
    load: async domain => {
      const { Item } = await this.#client.send(
        new GetCommand({ TableName: this.#table, Key: redecideDomainKey(domain), ConsistentRead: true }),
      );
      if (Item?.due === undefined) return undefined;
      const { account, progress, revision } = Item as Omit<DomainRedecision, 'domain'>;
      return { domain, account, revision, ...(progress && { progress }) };
    },
    save: async (work, progress, dueAt) => {
      await this.#move(work, 'SET progress = :progress, dueAt = :dueAt ADD revision :one', {
        ':progress': progress,
        ':dueAt': dueAt,
      });
      return { ...work, progress, revision: work.revision + 1 };
    },
    finish: async work => {
      await this.#move(work, 'REMOVE due, dueAt, progress ADD revision :one', {});
    },
    grantedTables: async ({ domain, account }, from) => {
      const { Items = [], LastEvaluatedKey } = await this.#client.send(
        new QueryCommand({
          TableName: this.#table,
          IndexName: OWNER_INDEX,
          KeyConditionExpression: '#owner = :account AND begins_with(pk, :tables)',
          // `owner` is a reserved word of DynamoDB's.
          ExpressionAttributeNames: { '#owner': OWNER_INDEX },
          ExpressionAttributeValues: { ':account': account, ':tables': `table#${domain}_` },
          ...(from !== undefined && { ExclusiveStartKey: JSON.parse(from) as Record<string, string> }),
        }),
      );
      const granted = Items.filter(({ grants = [] }) => (grants as ActiveGrant[]).some(grant => !isStanding(grant)));
      const tables = [...new Set(granted.map(({ pk }) => String(pk).slice('table#'.length)))];
      return LastEvaluatedKey ? { tables, next: JSON.stringify(LastEvaluatedKey) } : { tables };
    },
  };

  async #move({ domain, revision }: DomainRedecision, set: string, values: object): Promise<void> {
    const all = { ...values, ':read': revision, ':one': 1 };
    if (!(await this.#isUpdated(redecideDomainKey(domain), set, 'revision = :read', all)))
      throw new LedgerConflictError(`What is decided again of domain ${domain}`);
  }

  /** False where the condition does not hold. */
  async #isUpdated(key: Key, set: string, condition: string, values: Record<string, unknown>): Promise<boolean> {
    const { input } = this.#update(key, set, values);
    try {
      await this.#client.send(new UpdateCommand({ ...input, ConditionExpression: condition }));
      return true;
    } catch (error) {
      if (isError(error, 'ConditionalCheckFailedException')) return false;
      throw error;
    }
  }

  #update(Key: Key, UpdateExpression: string, values: Record<string, unknown>) {
    const input = { TableName: this.#table, Key, UpdateExpression, ExpressionAttributeValues: values };
    return new UpdateCommand(input satisfies UpdateCommandInput);
  }
}
