import { type CatalogTable, statesOf, type TableState } from './describe-table.ts';

/** What is looked for. A table must meet all that is given. */
export interface CatalogQuery {
  /** Each must be found in the name, the description, or a column's name or comment, in any case. */
  words: readonly string[];
  domain?: string;
  /** The account or the domain that the table comes from. */
  owner?: string;
  /** A label that one of its columns has, or `unlabelled`. */
  label?: string;
  state?: TableState;
  /** ISO 8601: new data or a new definition since then. */
  freshSince?: string;
  /** ISO 8601: anything that happened to it since then. */
  changedSince?: string;
}

/** Whether what can be told without knowing the table's partitions is met: all but its state and the times. */
export function matchesContent(table: CatalogTable, query: CatalogQuery): boolean {
  const { domain, owner, label } = query;
  if (domain !== undefined && table.domain !== domain) return false;
  if (owner !== undefined && table.domain !== owner && table.source.account !== owner) return false;
  if (label !== undefined && !table.labels.includes(label)) return false;
  return hasWords(table, query.words);
}

/** Whether the state and the times are met. What is not known to have happened since has not. */
export function matchesState(table: CatalogTable, { state, freshSince, changedSince }: CatalogQuery): boolean {
  if (state !== undefined && !statesOf(table).includes(state)) return false;
  const { freshAt, activeAt } = table;
  return isSince(freshAt, freshSince) && isSince(activeAt, changedSince);
}

function isSince(instant: string | undefined, since: string | undefined): boolean {
  return since === undefined || (instant !== undefined && Date.parse(instant) >= Date.parse(since));
}

function hasWords({ name, description = '', columns }: CatalogTable, words: readonly string[]): boolean {
  if (words.length === 0) return true;
  // Apart from each other by what no word has, so that none is found across two of them.
  const texts = [name, description, ...columns.flatMap(column => [column.name, column.comment ?? ''])];
  const text = texts.join('\n').toLowerCase();
  return words.every(word => text.includes(word.toLowerCase()));
}
