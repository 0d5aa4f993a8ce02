import { type Access, type Call, REGION, type Wire } from '../core/service.ts';

/** A request names a table by its name or its ARN. */
export function tableArn(given: unknown, { caller }: Call): string {
  const name = String(given);
  return name.startsWith('arn:') ? name : `arn:aws:dynamodb:${REGION}:${caller.account}:table/${name}`;
}

export function tableName(given: unknown): unknown {
  return typeof given === 'string' && given.startsWith('arn:') ? given.slice(given.indexOf('/') + 1) : given;
}

/** The input with names in place of ARNs. Another account's table has been refused by then: no table here has a resource policy. */
export function withTableNames(input: Wire): Wire {
  if (input.TableName !== undefined) return { ...input, TableName: tableName(input.TableName) };
  if (typeof input.RequestItems !== 'object' || input.RequestItems === null) return input;
  const RequestItems = Object.entries(input.RequestItems).map(([table, requests]) => [tableName(table), requests]);
  return { ...input, RequestItems: Object.fromEntries(RequestItems) };
}

/** `dynamodb:<action>` on the request's table, or on its index. */
export function onTable(action: string): (input: Wire, call: Call) => Access[] {
  return (input, call) => {
    const arn = tableArn(input.TableName, call);
    const resource = input.IndexName === undefined ? arn : `${arn}/index/${input.IndexName}`;
    return [{ action: `dynamodb:${action}`, resource }];
  };
}

/** `dynamodb:<action>` on the table whose ARN the request gives. */
export function onResource(action: string): (input: Wire) => Access[] {
  return input => [{ action: `dynamodb:${action}`, resource: String(input.ResourceArn) }];
}
