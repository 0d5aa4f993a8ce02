/** The local mesh's Athena: queries over the catalog's tables, each with its caller's rights. */
import type { Activity } from '../core/activity.ts';
import type { VirtualClock } from '../core/clock.ts';
import { type Access, type Call, type Operation, REGION, type Service, type Wire } from '../core/service.ts';
import type { DataFiles } from './data-files.ts';
import { describeExecution, resultPage } from './execution-shapes.ts';
import { invalidRequest, optionalText, pageOf, pageSize, requireText } from './inputs.ts';
import { type QueryExecution, QueryExecutions } from './query-executions.ts';
import type { Rights } from './resolve-table.ts';
import { runQuery } from './run-query.ts';

/** The only workgroup. */
const WORK_GROUP = 'primary';

/** Source: Athena API reference, StartQueryExecution: 1 to 262144 bytes. */
const QUERY_LENGTH_LIMIT = 262_144;

/** Names without a database are in this one, when the request has none either. */
const DEFAULT_DATABASE = 'default';

/** Athena on the mesh's catalogs and files. `stop` cancels what runs and resolves when it has ended. */
export function createAthena(deps: Rights & { clock: VirtualClock; activity: Activity; files: DataFiles }): {
  service: Service;
  stop(): Promise<void>;
} {
  const executions = new QueryExecutions(deps.clock, deps.activity, execution =>
    runQuery(
      {
        id: execution.id,
        caller: execution.caller,
        sql: execution.sql,
        database: (execution.database ?? DEFAULT_DATABASE).toLowerCase(),
        signal: execution.abort.signal,
      },
      deps,
      deps.files,
    ),
  );

  function find(input: Wire, call: Call): QueryExecution {
    const id = requireText(input, 'QueryExecutionId');
    const found = executions.get(call.caller.account, id);
    if (!found) throw invalidRequest(`QueryExecution ${id} was not found`);
    return found;
  }

  const operations: Record<string, Operation> = {
    StartQueryExecution: {
      access: (input, call) => onWorkGroup('StartQueryExecution', call, input?.WorkGroup),
      run: (input, call) => ({ QueryExecutionId: start(executions, input, call).id }),
    },
    GetQueryExecution: {
      access: (_, call) => onWorkGroup('GetQueryExecution', call),
      run: (input, call) => ({ QueryExecution: describeExecution(find(input, call)) }),
    },
    BatchGetQueryExecution: {
      access: (_, call) => onWorkGroup('BatchGetQueryExecution', call),
      run: (input, call) => batchGet(executions, input, call),
    },
    GetQueryResults: {
      access: (_, call) => onWorkGroup('GetQueryResults', call),
      run: (input, call) => resultPage(find(input, call), input),
    },
    StopQueryExecution: {
      access: (_, call) => onWorkGroup('StopQueryExecution', call),
      run: (input, call) => {
        executions.cancel(find(input, call));
        return {};
      },
    },
    ListQueryExecutions: {
      access: (input, call) => onWorkGroup('ListQueryExecutions', call, input?.WorkGroup),
      run: (input, call) => {
        requireWorkGroup(input?.WorkGroup);
        const { items, next } = pageOf(executions.list(call.caller.account), input, pageSize(input, 50, 50));
        return { QueryExecutionIds: items.map(({ id }) => id), ...next };
      },
    },
    GetWorkGroup: {
      access: (input, call) => onWorkGroup('GetWorkGroup', call, input?.WorkGroup),
      run: input => {
        requireWorkGroup(requireText(input, 'WorkGroup'));
        return { WorkGroup: { ...summary(), Configuration: { EnforceWorkGroupConfiguration: false } } };
      },
    },
    ListWorkGroups: {
      access: () => [{ action: 'athena:ListWorkGroups', resource: '*' }],
      run: () => ({ WorkGroups: [summary()] }),
    },
  };
  return { service: { id: 'athena', operations }, stop: () => executions.stop() };
}

function start(executions: QueryExecutions, input: Wire, call: Call): QueryExecution {
  const sql = requireText(input, 'QueryString');
  if (Buffer.byteLength(sql) > QUERY_LENGTH_LIMIT)
    throw invalidRequest(`QueryString is longer than ${QUERY_LENGTH_LIMIT} bytes`);
  requireWorkGroup(input.WorkGroup);
  const catalog = optionalText(input.QueryExecutionContext, 'Catalog') ?? 'AwsDataCatalog';
  if (catalog.toLowerCase() !== 'awsdatacatalog') throw invalidRequest(`Catalog ${catalog} was not found`);
  const database = optionalText(input.QueryExecutionContext, 'Database');
  if (input.ExecutionParameters?.length) throw invalidRequest('The local mesh does not have ExecutionParameters');

  const token = optionalText(input, 'ClientRequestToken');
  const earlier = token === undefined ? undefined : executions.byToken(call.caller, token);
  if (earlier) {
    if (earlier.sql !== sql || earlier.database !== database)
      throw invalidRequest('Idempotent parameters do not match');
    return earlier;
  }
  return executions.start({
    caller: call.caller,
    sql,
    database,
    workGroup: WORK_GROUP,
    // Simplification: no file is written there.
    outputLocation:
      optionalText(input.ResultConfiguration, 'OutputLocation') ??
      `s3://aws-athena-query-results-${call.caller.account}-${REGION}/`,
    token,
  });
}

function batchGet(executions: QueryExecutions, input: Wire, call: Call) {
  const ids: unknown = input?.QueryExecutionIds;
  if (!Array.isArray(ids) || ids.length === 0 || ids.length > 50)
    throw invalidRequest('QueryExecutionIds must have 1 to 50 ids');
  const found = ids.map(id => ({ id, execution: executions.get(call.caller.account, String(id)) }));
  return {
    QueryExecutions: found.flatMap(({ execution }) => (execution ? [describeExecution(execution)] : [])),
    UnprocessedQueryExecutionIds: found
      .filter(({ execution }) => !execution)
      .map(({ id }) => ({
        QueryExecutionId: id,
        ErrorCode: 'INVALID_INPUT',
        ErrorMessage: `QueryExecution ${id} was not found`,
      })),
  };
}

function summary() {
  return { Name: WORK_GROUP, State: 'ENABLED' };
}

/** Access to a query is access to its workgroup. Source: Service Authorization Reference, Athena. */
function onWorkGroup(action: string, { caller }: Call, name: unknown = WORK_GROUP): Access[] {
  return [
    { action: `athena:${action}`, resource: `arn:aws:athena:${REGION}:${caller.account}:workgroup/${String(name)}` },
  ];
}

function requireWorkGroup(name: unknown): void {
  if (name !== undefined && name !== WORK_GROUP) throw invalidRequest(`WorkGroup ${String(name)} is not found.`);
}
