import { type Access, type Call, type Operation, REGION, type Wire } from '../core/service.ts';
import type { AccountStore } from './account-store.ts';
import { getTable, type Item, type KeySchemaElement, type Table, validate } from './dynalite.ts';
import { tableArn, tableName } from './table-names.ts';

/** What one access of an operation asks of one table. */
export interface Asked {
  action: string;
  /** The table's name or ARN, as given. */
  table: unknown;
  /** Those whose keys the request names: keys, or whole items. */
  items?: Wire[];
  /** A Query, which names the partition key of its table or index. */
  query?: Wire;
}

/**
 * The accesses of an operation on items, with the condition key `dynamodb:LeadingKeys`: the partition keys that the request names, in the table
 * or, for a Query, in its index. A Scan names none, so that ForAllValues is true of it, as in AWS.
 * Simplification: the other keys of DynamoDB (`dynamodb:Attributes`, `dynamodb:Select` and so on) are absent.
 * Source: "Using IAM policy conditions for fine-grained access control", DynamoDB Developer Guide.
 */
export function onItems(
  accountOf: (call: Call) => AccountStore,
  askedOf: (input: Wire) => Asked[],
): Operation['access'] {
  return (input: Wire, call: Call) =>
    Promise.all(
      askedOf(input).map(async ({ action, table: given, items, query }): Promise<Access> => {
        const arn = tableArn(given, call);
        const index: unknown = query?.IndexName;
        const access: Access = {
          action: `dynamodb:${action}`,
          resource: index === undefined ? arn : `${arn}/index/${String(index)}`,
        };
        // Another account's table is refused whatever is asked of it.
        if (!(items || query) || !arn.startsWith(`arn:aws:dynamodb:${REGION}:${call.caller.account}:`)) return access;
        const account = accountOf(call);
        const table = await getTable(account.items, String(tableName(given))).catch(() => undefined);
        const hashKey = table && hashKeyOf(table, index);
        if (!hashKey) return access;
        return {
          ...access,
          context: {
            // Worked out only if a policy asks for it.
            get 'dynamodb:LeadingKeys'() {
              return items ? keysOf(items, hashKey) : keyOfQuery(account, query, hashKey);
            },
          },
        };
      }),
    );
}

/** The items that a BatchWriteItem, a BatchGetItem or a transaction names in one table. */
export function itemsIn(requests: Wire): Wire[] {
  if (Array.isArray(requests?.Keys)) return requests.Keys;
  if (!Array.isArray(requests)) return [requests?.Key ?? requests?.Item];
  return requests.map(request => request?.PutRequest?.Item ?? request?.DeleteRequest?.Key);
}

function hashKeyOf(table: Table, index: unknown): string | undefined {
  const indexes: { IndexName: string; KeySchema: KeySchemaElement[] }[] = [
    ...(table.GlobalSecondaryIndexes ?? []),
    ...(table.LocalSecondaryIndexes ?? []),
  ];
  const schema =
    index === undefined ? table.KeySchema : indexes.find(({ IndexName }) => IndexName === index)?.KeySchema;
  return schema?.find(({ KeyType }) => KeyType === 'HASH')?.AttributeName;
}

function keysOf(items: Wire[], hashKey: string): string[] {
  return items.flatMap(item => {
    const key = item?.[hashKey];
    return typeof key === 'object' && key !== null ? Object.values(key as Item).map(String) : [];
  });
}

function keyOfQuery(account: AccountStore, query: Wire, hashKey: string): string[] {
  try {
    const { KeyConditions } = validate('Query', account.store, { ...query, TableName: tableName(query.TableName) });
    return keysOf(
      (KeyConditions?.[hashKey]?.AttributeValueList ?? []).map((value: Wire) => ({ [hashKey]: value })),
      hashKey,
    );
  } catch {
    // What names no key because it is no valid query is refused when it is run.
    return [];
  }
}
