import { LEVELS, labelsOf } from '../access/labels.ts';
import {
  DOMAIN_PARAMETER,
  type NotedChange,
  type Quarantine,
  readMarks,
  SOURCE_ACCOUNT_PARAMETER,
} from './table-marks.ts';
import type { SnapshotColumn, TableContent } from './table-snapshot.ts';

/** What of a table can be looked for by its state. Missing and quarantined are independent; neither of them is in step. */
export const STATES = ['in-step', 'missing', 'quarantined'] as const;

export type TableState = (typeof STATES)[number];

/** Stands beside the labels for a column without exactly one level. */
export const UNLABELLED = 'unlabelled';

export interface CatalogColumn {
  name: string;
  type: string;
  comment?: string;
  /** As written; they count for nothing where `isLabelled` is false. */
  labels: string[];
  isLabelled: boolean;
  isPartitionKey: boolean;
}

/** What is known of a table's partitions, which leave no mark on the table. */
export interface PartitionsState {
  /** ISO 8601: their last change, and what it was; undefined where none is known. */
  changedAt?: string;
  changes: string[];
  /** Why some of them are kept out. Those that are published are read. */
  keptOut: string[];
}

/** A table of the mesh as it is shown to people. */
export interface CatalogTable {
  /** `<domain>_<database>.<table>` */
  name: string;
  domain: string;
  /** Where it comes from, in the producer's own names. No account where nothing says it. */
  source: { account?: string; database: string; table: string };
  description?: string;
  location?: string;
  /** Partition keys last. */
  columns: CatalogColumn[];
  /** Those of all columns: levels in rising order, `pii`, `unlabelled`, then what nobody knows. */
  labels: string[];
  /** False for a table that is kept out and was never published: nothing is known of it but why. */
  isPublished: boolean;
  missingSince?: string;
  quarantine?: Quarantine;
  /** What Trellis noted of it, newest last. */
  changes: NotedChange[];
  partitions?: PartitionsState;
  /** When its definition or its partitions last came from the source; undefined where that is longer ago than is remembered. */
  freshAt?: string;
  /** When anything last happened to it, a quarantine too. */
  activeAt?: string;
}

/**
 * A central table for people.
 * @param database the central database
 * @returns undefined for a table that Trellis did not put there
 */
export function describeTable(
  database: string,
  content: TableContent,
  partitions?: PartitionsState,
): CatalogTable | undefined {
  const domain = content.Parameters[DOMAIN_PARAMETER];
  if (!domain || !database.startsWith(`${domain}_`)) return undefined;
  const account = content.Parameters[SOURCE_ACCOUNT_PARAMETER];
  const { Location: location, Columns } = content.StorageDescriptor;
  const columns = [
    ...Columns.map(column => describeColumn(column, false)),
    ...content.PartitionKeys.map(column => describeColumn(column, true)),
  ];
  const table: CatalogTable = {
    name: `${database}.${content.Name}`,
    domain,
    source: { ...(account && { account }), database: database.slice(domain.length + 1), table: content.Name },
    ...(content.Description && { description: content.Description }),
    ...(location && { location }),
    columns,
    labels: labelsOfAll(columns),
    isPublished: true,
    ...readMarks(content.Parameters),
  };
  return withTimes(partitions ? { ...table, partitions } : table);
}

/** A table that is kept out of the central catalog and was never in it, in the producer's names. */
export interface KeptOutTable {
  database: string;
  table: string;
  quarantine: Quarantine;
}

/** @param account the domain's, where it is known */
export function describeKeptOut(
  domain: string,
  { database, table, quarantine }: KeptOutTable,
  account?: string,
): CatalogTable {
  return withTimes({
    name: `${domain}_${database}.${table}`,
    domain,
    source: { ...(account !== undefined && { account }), database, table },
    columns: [],
    labels: [],
    isPublished: false,
    quarantine,
    changes: [],
  });
}

/** The table with what is known of its partitions. */
export function withPartitions(table: CatalogTable, partitions: PartitionsState | undefined): CatalogTable {
  return partitions ? withTimes({ ...table, partitions }) : table;
}

export function statesOf({
  missingSince,
  quarantine,
  partitions,
}: Pick<CatalogTable, 'missingSince' | 'quarantine' | 'partitions'>): TableState[] {
  const isKeptOut = quarantine !== undefined || (partitions?.keptOut ?? []).length > 0;
  const faults: TableState[] = [
    ...(missingSince === undefined ? [] : ['missing' as const]),
    ...(isKeptOut ? ['quarantined' as const] : []),
  ];
  return faults.length > 0 ? faults : ['in-step'];
}

function describeColumn({ Name, Type, Comment, Parameters }: SnapshotColumn, isPartitionKey: boolean): CatalogColumn {
  const { labels, isLabelled } = labelsOf(Parameters);
  return { name: Name, type: Type ?? '', ...(Comment && { comment: Comment }), labels, isLabelled, isPartitionKey };
}

function labelsOfAll(columns: readonly CatalogColumn[]): string[] {
  const order: readonly string[] = [...LEVELS, 'pii', UNLABELLED];
  const found = new Set(columns.flatMap(({ labels, isLabelled }) => (isLabelled ? labels : [...labels, UNLABELLED])));
  return [...order.filter(label => found.has(label)), ...[...found].filter(label => !order.includes(label)).sort()];
}

function withTimes(table: CatalogTable): CatalogTable {
  const { changes, partitions, missingSince, quarantine } = table;
  // A change that was kept out, or let in again as it was before, brought nothing new.
  const synced = changes.filter(({ kind }) => kind === 'synced').map(({ at }) => at);
  const freshAt = newest([...synced, partitions?.changedAt]);
  const activeAt = newest([...changes.map(({ at }) => at), partitions?.changedAt, missingSince, quarantine?.since]);
  return { ...table, ...(freshAt !== undefined && { freshAt }), ...(activeAt !== undefined && { activeAt }) };
}

/** Instants of one form compare as text. */
function newest(instants: (string | undefined)[]): string | undefined {
  return instants
    .filter(instant => instant !== undefined)
    .sort()
    .at(-1);
}
