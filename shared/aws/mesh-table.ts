import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { AppliedMesh, MeshStore } from '../mesh/applied-mesh.ts';
import { DUE, meshKey } from './ledger-keys.ts';

/** The applied mesh, one item of the ledger's table (DynamoDB's limit: 400 KB, some thousand policies). */
export class MeshTable implements MeshStore {
  readonly #client: DynamoDBDocumentClient;
  readonly #table: string;

  constructor(client: DynamoDBDocumentClient, tableName: string) {
    this.#client = client;
    this.#table = tableName;
  }

  async load(): Promise<AppliedMesh | undefined> {
    const { Item } = await this.#client.send(
      new GetCommand({ TableName: this.#table, Key: meshKey, ConsistentRead: true }),
    );
    return Item?.applied as AppliedMesh | undefined;
  }

  /** Whether the mesh has the domain at this moment: a consistent read of this alone. */
  async hasDomain(domain: string): Promise<boolean> {
    const { Item } = await this.#client.send(
      new GetCommand({
        TableName: this.#table,
        Key: meshKey,
        ConsistentRead: true,
        ProjectionExpression: 'applied.mesh.#domains.#domain.account',
        ExpressionAttributeNames: { '#domains': 'domains', '#domain': domain },
      }),
    );
    return (Item?.applied as AppliedMesh | undefined)?.mesh.domains[domain] !== undefined;
  }

  async save(applied: AppliedMesh): Promise<void> {
    // Due with the very write that puts other policies in force: whoever saves them and dies leaves it to the sweep.
    const due = applied.redecide && { due: DUE, dueAt: applied.appliedAt };
    await this.#client.send(new PutCommand({ TableName: this.#table, Item: { ...meshKey, applied, ...due } }));
  }
}
