import type { AuthorizationCall, EntityJson, TypeAndId } from '@cedar-policy/cedar-wasm/web';
import { centralDatabase } from '../mesh/mesh.ts';
import { readLabels } from './labels.ts';

/** What one principal asks of one table. */
export interface AccessQuestion {
  /** The ARN of the role or user. */
  principal: string;
  /** The principal's account. */
  account: string;
  /** The names under which mesh.yml knows the account. */
  teams?: string[];
  domain: string;
  /** The producer's own name. */
  database: string;
  table: string;
  /** Those asked for, and all partition keys of the table: every grant reads them. */
  columns: QuestionColumn[];
  purpose: string;
  /** Days, of 24 hours; fractions are rounded up. */
  durationDays: number;
  permission: 'SELECT' | 'DESCRIBE';
  hasRowFilter: boolean;
  isPiiPurpose: boolean;
}

export interface QuestionColumn {
  name: string;
  labels: string[];
  isPartitionKey: boolean;
}

/** One call of Cedar, without the policies. */
export type PolicyCall = Pick<AuthorizationCall, 'principal' | 'action' | 'resource' | 'context' | 'entities'>;

export function requestCall(question: AccessQuestion): PolicyCall {
  const { place, entities } = describe(question);
  return call('Request', question.principal, place.table, contextOf(question), entities);
}

export function readColumnCall(question: AccessQuestion, column: QuestionColumn): PolicyCall {
  const { place, entities } = describe(question);
  const { labels, isLabelled } = readLabels(column.labels);
  const uid = { type: 'Column', id: `${place.table.id}.${column.name}` };
  const attrs = {
    domain: question.domain,
    database: question.database,
    table: question.table,
    name: column.name,
    labels,
    isLabelled,
    isPartitionKey: column.isPartitionKey,
  };
  const all = [...entities, { uid, attrs, parents: [place.table] }];
  return call('ReadColumn', question.principal, uid, contextOf(question), all);
}

export function autoApproveCall(question: AccessQuestion, columns: QuestionColumn[]): PolicyCall {
  const { place, entities } = describe(question);
  const context = { ...contextOf(question), ...labelsOfAll(columns) };
  return call('AutoApprove', question.principal, place.table, context, entities);
}

export function approveCall(question: AccessQuestion, columns: QuestionColumn[], approver: string): PolicyCall {
  const { place, entities } = describe(question);
  const context = { ...contextOf(question), ...labelsOfAll(columns), requester: question.principal };
  // The account is the fifth part of an ARN.
  const account = approver.split(':')[4] ?? '';
  const steward = principalEntities(approver, account, [question.domain]);
  const all = approver === question.principal ? entities : [...entities, ...steward];
  return call('Approve', approver, place.table, context, uniqueEntities(all));
}

function call(
  action: string,
  principal: string,
  resource: TypeAndId,
  context: PolicyCall['context'],
  entities: EntityJson[],
) {
  return {
    principal: { type: 'Principal', id: principal },
    action: { type: 'Action', id: action },
    resource,
    context,
    entities,
  };
}

function describe(question: AccessQuestion): { place: { table: TypeAndId }; entities: EntityJson[] } {
  const { domain, database, table } = question;
  const domainUid = { type: 'Domain', id: domain };
  const databaseUid = { type: 'Database', id: centralDatabase(domain, database) };
  const tableUid = { type: 'Table', id: `${databaseUid.id}.${table}` };
  const entities: EntityJson[] = [
    ...principalEntities(question.principal, question.account, question.teams ?? []),
    { uid: domainUid, attrs: {}, parents: [] },
    { uid: databaseUid, attrs: {}, parents: [domainUid] },
    { uid: tableUid, attrs: { domain, database, name: table }, parents: [databaseUid] },
  ];
  return { place: { table: tableUid }, entities };
}

function principalEntities(arn: string, account: string, teams: string[]): EntityJson[] {
  const accountUid = { type: 'Account', id: account };
  return [
    { uid: accountUid, attrs: {}, parents: [] },
    { uid: { type: 'Principal', id: arn }, attrs: { arn, account, teams }, parents: [accountUid] },
  ];
}

/** Cedar refuses an entity given twice: requester and approver can share an account. */
function uniqueEntities(entities: EntityJson[]): EntityJson[] {
  return [...new Map(entities.map(entity => [JSON.stringify(entity.uid), entity])).values()];
}

function contextOf({ purpose, isPiiPurpose, durationDays, permission, hasRowFilter }: AccessQuestion) {
  return { purpose, isPiiPurpose, durationDays: Math.ceil(durationDays), permission, hasRowFilter };
}

function labelsOfAll(columns: QuestionColumn[]): { labels: string[]; isLabelled: boolean } {
  const read = columns.map(column => readLabels(column.labels));
  return {
    labels: [...new Set(read.flatMap(each => each.labels))].sort(),
    isLabelled: read.every(each => each.isLabelled),
  };
}
