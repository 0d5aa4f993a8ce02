/** The other side of catalog-rate.ts, in a process of its own: a producer's pipelines that make and change Glue tables, many calls at once. */
import {
  CreateDatabaseCommand,
  CreateTableCommand,
  GlueClient,
  paginateGetTables,
  type TableInput,
  UpdateTableCommand,
} from '@aws-sdk/client-glue';
import { AVIATION, administratorOf, HUB, settle } from '../../local/story/actors.ts';
import { centralDatabase } from '../../shared/mesh/mesh.ts';

/**
 * What the process is told. Tables are numbered; `round` is what their descriptions say. It answers how many milliseconds it took: to make or
 * change the tables until the mesh was at rest, or to check that the central tables have what their sources have.
 */
export interface ChangeRequest {
  endpoint: string;
  kind: 'make' | 'change' | 'check';
  /** The first table, and the one after the last. */
  from: number;
  to: number;
  round: number;
}

const DATABASES = 10;
const CALLS_AT_ONCE = 32;
const REST_LIMIT_MS = 600_000;

process.on('message', (request: ChangeRequest) => {
  const startedAt = performance.now();
  const work = request.kind === 'check' ? requireFollowed(request) : change(request);
  work.then(
    () => process.send?.(performance.now() - startedAt),
    error => {
      console.error(error);
      process.exit(1);
    },
  );
});

async function change(request: ChangeRequest): Promise<void> {
  const { endpoint, kind, from, to } = request;
  const producer = new GlueClient(administratorOf(endpoint, AVIATION));
  if (kind === 'make' && from === 0) await makeDatabases(producer);
  let next = from;
  const changeTables = async () => {
    while (next < to) {
      const number = next++;
      const call = { DatabaseName: databaseOf(number), TableInput: tableInput(number, request.round) };
      if (kind === 'make') await producer.send(new CreateTableCommand(call));
      else await producer.send(new UpdateTableCommand(call));
    }
  };
  await Promise.all(Array.from({ length: CALLS_AT_ONCE }, changeTables));
  await settle(endpoint, REST_LIMIT_MS);
  producer.destroy();
}

async function makeDatabases(producer: GlueClient): Promise<void> {
  for (let number = 0; number < DATABASES; number++)
    await producer.send(new CreateDatabaseCommand({ DatabaseInput: { Name: databaseOf(number) } }));
}

/** Asked when the mesh is at rest: what is not there by then does not come by itself. @throws when a central table lacks what its source was given */
async function requireFollowed({ endpoint, from, to, round }: ChangeRequest): Promise<void> {
  const hub = new GlueClient(administratorOf(endpoint, HUB));
  const descriptions = new Map<string, string | undefined>();
  for (let number = 0; number < DATABASES; number++) {
    const DatabaseName = centralDatabase('aviation', databaseOf(number));
    for await (const { TableList = [] } of paginateGetTables({ client: hub }, { DatabaseName }))
      for (const { Name = '', Description } of TableList) descriptions.set(Name, Description);
  }
  hub.destroy();
  for (let number = from; number < to; number++) {
    const { Name = '', Description } = tableInput(number, round);
    if (descriptions.get(Name) !== Description)
      throw new Error(`The central table ${Name} says "${descriptions.get(Name)}", its source "${Description}".`);
  }
}

function databaseOf(number: number): string {
  return `bench_${number % DATABASES}`;
}

/** A table as Athena's `CREATE EXTERNAL TABLE … STORED AS PARQUET` makes it, with ten columns. */
function tableInput(number: number, round: number): TableInput {
  const Name = `table_${number}`;
  return {
    Name,
    Description: `Flights of network ${number}, looked through ${round} times.`,
    TableType: 'EXTERNAL_TABLE',
    Parameters: { EXTERNAL: 'TRUE', classification: 'parquet', 'parquet.compression': 'ZSTD' },
    StorageDescriptor: {
      Columns: COLUMNS,
      Location: `s3://trellis-aviation/${databaseOf(number)}/${Name}/`,
      InputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat',
      OutputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat',
      Compressed: false,
      NumberOfBuckets: -1,
      SerdeInfo: {
        SerializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe',
        Parameters: { 'serialization.format': '1' },
      },
      Parameters: {},
    },
  };
}

const COLUMNS = [
  { Name: 'flight_id', Type: 'string', Comment: 'Carrier, number and date.' },
  { Name: 'carrier', Type: 'string', Comment: 'IATA code.' },
  { Name: 'flight_number', Type: 'int' },
  { Name: 'origin', Type: 'string', Comment: 'IATA code of the airport.' },
  { Name: 'destination', Type: 'string', Comment: 'IATA code of the airport.' },
  { Name: 'scheduled_at', Type: 'timestamp', Comment: 'UTC.' },
  { Name: 'departed_at', Type: 'timestamp', Comment: 'UTC.' },
  { Name: 'delay_minutes', Type: 'int' },
  { Name: 'distance_km', Type: 'double' },
  { Name: 'is_cancelled', Type: 'boolean' },
];
