/** Executions and results as the Athena API shows them. */
import type { Wire } from '../core/service.ts';
import { invalidRequest, pageSize, pageStart, tokenFor } from './inputs.ts';
import type { QueryExecution } from './query-executions.ts';
import type { Row } from './result-set.ts';

/** Rows a page of results has at most, the header row counted. Source: Athena API reference, GetQueryResults. */
const RESULT_PAGE_LIMIT = 1000;

/** Source: Athena User Guide, "Athena error catalog". */
const SYSTEM_ERROR = { ErrorCategory: 1, ErrorType: 200 };
const USER_ERROR = { ErrorCategory: 2, ErrorType: 1000 };

/** A QueryExecution as the API has it. */
export function describeExecution(execution: QueryExecution) {
  const { id, sql, database, state, reason, completedAt, engineMs, queueMs } = execution;
  return {
    QueryExecutionId: id,
    Query: sql,
    StatementType: 'DML',
    ResultConfiguration: { OutputLocation: `${execution.outputLocation.replace(/\/*$/, '/')}${id}.csv` },
    QueryExecutionContext: { Catalog: 'awsdatacatalog', ...(database !== undefined && { Database: database }) },
    Status: {
      State: state,
      SubmissionDateTime: execution.submittedAt / 1000,
      ...(completedAt !== undefined && { CompletionDateTime: completedAt / 1000 }),
      ...(reason !== undefined && { StateChangeReason: reason }),
      ...(state === 'FAILED' && {
        AthenaError: {
          ...(execution.isInternal ? SYSTEM_ERROR : USER_ERROR),
          Retryable: false,
          ErrorMessage: reason,
        },
      }),
    },
    Statistics: {
      EngineExecutionTimeInMillis: engineMs,
      DataScannedInBytes: execution.scannedBytes,
      TotalExecutionTimeInMillis: engineMs + queueMs,
      QueryQueueTimeInMillis: queueMs,
    },
    WorkGroup: execution.workGroup,
    EngineVersion: { SelectedEngineVersion: 'AUTO', EffectiveEngineVersion: 'Athena engine version 3' },
  };
}

/** One page of a finished query's rows; the first page begins with the names of the columns. */
export function resultPage(execution: QueryExecution, input: Wire) {
  const { state, result } = execution;
  if (state === 'QUEUED' || state === 'RUNNING')
    throw invalidRequest(`Query has not yet finished. Current state: ${state}`);
  if (state !== 'SUCCEEDED') throw invalidRequest(`Query did not finish successfully. Final query state: ${state}`);
  if (!result) throw invalidRequest(`The local mesh no longer keeps the result of ${execution.id}`);

  // Row 0 is the header.
  const start = pageStart(input);
  const end = start + pageSize(input, RESULT_PAGE_LIMIT, RESULT_PAGE_LIMIT);
  const header: Row[] = start === 0 ? [result.columns.map(column => column.Name)] : [];
  const rows = result.rows(Math.max(0, start - 1), end - Math.max(1, start));
  return {
    UpdateCount: 0,
    ResultSet: {
      Rows: [...header, ...rows].map(row => ({ Data: row.map(text => (text === null ? {} : { VarCharValue: text })) })),
      ResultSetMetadata: { ColumnInfo: result.columns },
    },
    ...(end < result.rowCount + 1 && { NextToken: tokenFor(end) }),
  };
}
