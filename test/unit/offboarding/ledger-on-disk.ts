import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { DueItem } from '../../../shared/access/ledger.ts';
import { DueIndex } from '../../../shared/aws/due-index.ts';
import { LEDGER_DEFINITION } from '../local-dynamo/ledger-definition.ts';
import { type Rig, rig } from '../local-dynamo/rig.ts';
import type { Mortal } from './mortal.ts';

/** Ledgers in the embedded DynamoDB, each a table like that of serverless.yml. */
export class Ledgers {
  readonly #rig: Rig;
  #count = 0;

  private constructor(of: Rig) {
    this.#rig = of;
  }

  static async open(): Promise<Ledgers> {
    return new Ledgers(await rig());
  }

  close(): Promise<void> {
    return this.#rig.close();
  }

  /** A new one; each call of its `documents` is one of the process's. */
  async create(process: Mortal) {
    const TableName = `ledger-${++this.#count}`;
    const { call, client, rawClient } = this.#rig;
    await call('CreateTable', { TableName, ...LEDGER_DEFINITION });
    const documents = client();
    documents.middlewareStack.add(next => async given => process.call(() => next(given)), { step: 'initialize' });
    const index = new DueIndex(rawClient() as DynamoDBClient, TableName);
    return {
      TableName,
      documents,
      /** Calls of nobody who can die. */
      steady: client(),
      async due(now: string): Promise<DueItem[]> {
        const due: DueItem[] = [];
        for await (const page of index.due(now)) due.push(...page);
        return due;
      },
      async items(): Promise<Record<string, unknown>[]> {
        const { Items } = await call('Scan', { TableName });
        return Items;
      },
    };
  }
}
