/** What the services of the mesh ask of each other. Each is made with the ports it needs; `local/mesh.ts` joins them. */
import type { Access, PolicyDocument, Wire } from './service.ts';

/** An event as EventBridge delivers it. */
export interface EventEnvelope {
  version: '0';
  id: string;
  'detail-type': string;
  source: string;
  account: string;
  time: string;
  region: string;
  resources: string[];
  detail: Wire;
  'replay-name'?: string;
}

/** Puts a native event (`aws.*`) on an account's default bus, as AWS services do. */
export type EmitNative = (
  account: string,
  event: { source: string; 'detail-type': string; detail: Wire; resources?: string[] },
) => void;

/** Hands a rule's payload to a target other than a bus. Rejects with an AwsError when the target refuses it (missing, no permission). */
export type DeliverToTarget = (delivery: {
  targetArn: string;
  eventId: string;
  /** The rule, for `aws:SourceArn` in the target's own policy. */
  ruleArn: string;
  ruleAccount: string;
  /** The role that the target names, if any. */
  roleArn?: string | undefined;
  /** JSON text. */
  payload: string;
  messageGroupId?: string | undefined;
}) => Promise<void>;

/** Invokes a function and waits for its answer. A function that throws gives `functionError` with the error's JSON as payload. */
export type InvokeFunction = (
  functionArn: string,
  payload: string,
) => Promise<{ payload: string; functionError?: 'Unhandled' }>;

/** Puts a message on a queue: dead letters, failure destinations. */
export type SendToQueue = (queueArn: string, body: string, attributes?: Record<string, string>) => Promise<void>;

export interface ColumnDefinition {
  Name: string;
  Type?: string;
  Comment?: string;
  Parameters?: Record<string, string>;
}

/** A Glue table as stored: TableInput's members and what Glue adds. */
export interface GlueTable {
  Name: string;
  DatabaseName: string;
  CatalogId: string;
  VersionId: string;
  /** Seconds since 1970, as on the wire. */
  CreateTime: number;
  UpdateTime: number;
  /** The creator's ARN. */
  CreatedBy: string;
  Description?: string;
  Owner?: string;
  Parameters?: Record<string, string>;
  PartitionKeys?: ColumnDefinition[];
  StorageDescriptor?: { Columns?: ColumnDefinition[]; Location?: string; [other: string]: Wire };
  TableType?: string;
  TargetTable?: { CatalogId: string; DatabaseName: string; Name: string; Region?: string };
  [other: string]: Wire;
}

export interface GlueDatabase {
  Name: string;
  CatalogId: string;
  CreateTime: number;
  Description?: string;
  LocationUri?: string;
  Parameters?: Record<string, string>;
  TargetDatabase?: { CatalogId: string; DatabaseName: string; Region?: string };
}

/** The catalog's raw contents, without any permission: for Lake Formation and Athena. */
export interface CatalogContents {
  database(account: string, name: string): GlueDatabase | undefined;
  table(account: string, database: string, name: string): GlueTable | undefined;
  tables(account: string, database: string): GlueTable[];
  /** Partition values in the order of the keys, and the partition's location. */
  partitions(account: string, database: string, table: string): { Values: string[]; Location: string | undefined }[];
}

/** What Glue asks Lake Formation, and tells it. Names are lower-case; `principal` is a `Caller.principal`, `account` the caller's. */
export interface CatalogGuard {
  /** Throws the AccessDeniedException that Glue answers when the caller may not. */
  requireDatabase(
    caller: CallerIdentity,
    owner: string,
    database: string,
    permission: 'ALTER' | 'CREATE_TABLE' | 'DESCRIBE' | 'DROP',
  ): void;
  requireTable(
    caller: CallerIdentity,
    owner: string,
    database: string,
    table: string,
    permission: 'ALTER' | 'DELETE' | 'DESCRIBE' | 'DROP' | 'INSERT',
  ): void;
  requireCreateDatabase(caller: CallerIdentity, owner: string): void;
  /** A location under a registered path needs DATA_LOCATION_ACCESS. */
  requireLocation(caller: CallerIdentity, owner: string, location: string | undefined): void;
  /** The columns that GetTable shows to the caller: a set of names, or 'all'. Throws like requireTable(DESCRIBE) when it may see none of the table. */
  visibleColumns(caller: CallerIdentity, owner: string, database: string, table: string): Set<string> | 'all';
  isDatabaseVisible(caller: CallerIdentity, owner: string, database: string): boolean;
  isTableVisible(caller: CallerIdentity, owner: string, database: string, table: string): boolean;
  isRegisteredLocation(owner: string, location: string | undefined): boolean;
  /** The creator gets all, and the account's default permissions are applied. */
  databaseCreated(caller: CallerIdentity, database: string): void;
  tableCreated(caller: CallerIdentity, database: string, table: string): void;
  /** Their grants and filters are gone and do not come back with the name. */
  databaseDeleted(owner: string, database: string): void;
  tableDeleted(owner: string, database: string, table: string): void;
}

export interface CallerIdentity {
  account: string;
  arn: string;
  principal: string;
  isAdministrator: boolean;
}

/** What Athena asks of Lake Formation for one table and one caller. */
export interface DataAccess {
  /**
   * What the caller may select of an owner's table: per granted cell filter its columns and row predicate (Lake Formation's grammar; null for all rows).
   * Empty: nothing. `unrestricted`: the location is not registered or IAM_ALLOWED_PRINCIPALS has it, so Lake Formation does not decide.
   */
  selectable(
    caller: CallerIdentity,
    owner: string,
    database: string,
    table: string,
  ): { unrestricted: boolean; grants: { columns: string[]; rowFilter: string | null }[] };
  /** The role that the most specific of the owner's registered locations over this one names; undefined when there is none. */
  registeredRole(owner: string, location: string): string | undefined;
  /** Leaves the GetDataAccess record in CloudTrail (an event on the accounts' default buses), one for the link, one for the target. */
  recordAccess(access: {
    caller: CallerIdentity;
    owner: string;
    tableArn: string;
    linkArn: string | undefined;
    queryId: string;
  }): void;
}

/** What Lake Formation tells RAM about cross-account grants. */
export interface ResourceSharing {
  /** A grant to another account's principal exists on the resource (a Glue database or table ARN). Idempotent. */
  share(owner: string, consumer: string, resourceArn: string): void;
  /** The last grant on the resource to the account has gone. */
  unshare(owner: string, consumer: string, resourceArn: string): void;
  /** Whether the consumer account has the share: at once inside the organization, after the invitation was accepted outside. */
  isAssociated(owner: string, consumer: string, resourceArn: string): boolean;
}

/** Throws AccessDeniedException unless the role's own policies allow it: for what a service does with a role that it was given. */
export type RequireRole = (roleArn: string, access: Access) => void;

/** Throws AccessDeniedException unless the resource's policy lets the AWS service (`events.amazonaws.com`) do it. */
export type RequireServicePrincipal = (servicePrincipal: string, access: Access) => void;

/** Keys of a new session of a role, as STS gives them: how a function's process signs its calls. */
export type CredentialsFor = (
  roleArn: string,
  sessionName: string,
) => { accessKeyId: string; secretAccessKey: string; sessionToken: string };

/**
 * What IAM is asked when all that lies under an `s3://` location is read, with the owner and the policy of the bucket. Undefined when there is no such
 * bucket.
 */
export type ReadOfLocation = (s3Uri: string) => Access[] | undefined;

/**
 * What IAM says of a policy that is put on a resource: the AWS principals that it names and that do not exist. Throws NotImplementedInLocalMesh for a
 * policy that it cannot evaluate.
 */
export type ReviewPolicy = (document: PolicyDocument) => { unknownPrincipals: string[] };
