import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import {
  CreateEventBusCommand,
  EventBridgeClient,
  PutRuleCommand,
  PutTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { bootMesh } from '../../local/mesh.ts';
import { administratorOf, HUB } from '../../local/story/actors.ts';
import { type Bench, median } from './figure.ts';

const BUS = 'bench';
const RULES = 20;
const EVENTS = 5_000;
const ROUNDS = 3;

/** What the process that puts events is told, and what it answers: milliseconds from the first put until the last event was delivered. */
export interface PutRequest {
  endpoint: string;
  bus: string;
  /** How many kinds of events there are: each rule takes one. */
  kinds: number;
  events: number;
  queueUrls: string[];
}

/** Events through a bus of the local mesh, from a client's put until the last lies in its queue. */
export const busThroughput: Bench = {
  name: 'bus-throughput',
  async run(tell) {
    tell('a mesh boots');
    const mesh = await bootMesh({ empty: true });
    const putter = fork(join(import.meta.dirname, 'put-events.ts'));
    try {
      const queueUrls = await makeRules(mesh.endpoint);
      const rates: number[] = [];
      // The first round is for the compilers on both sides.
      for (let round = 0; round <= ROUNDS; round++) {
        tell(round === 0 ? 'warms up' : `${EVENTS} events, ${round} of ${ROUNDS}`);
        const request: PutRequest = { endpoint: mesh.endpoint, bus: BUS, kinds: RULES, events: EVENTS, queueUrls };
        putter.send(request);
        const answer = await Promise.race([
          once(putter, 'message').then(([milliseconds]) => Number(milliseconds)),
          once(putter, 'exit').then(([code]) =>
            Promise.reject(new Error(`The process that puts events ended with ${code}.`)),
          ),
        ]);
        if (round > 0) rates.push(EVENTS / (answer / 1000));
      }
      return [
        {
          name: `events through the local bus, ${RULES} rules`,
          value: median(rates),
          unit: 'events/s',
          budget: { kind: 'least', value: 1_000 },
          details: [`rounds: ${rates.map(rate => rate.toFixed(0)).join(', ')}`],
        },
      ];
    } finally {
      putter.kill();
      await mesh.stop();
    }
  },
};

/** Rules of one bus, each for one kind of event and with a queue of its own. @returns the queues' URLs */
async function makeRules(endpoint: string): Promise<string[]> {
  const hub = administratorOf(endpoint, HUB);
  const events = new EventBridgeClient(hub);
  const sqs = new SQSClient(hub);
  await events.send(new CreateEventBusCommand({ Name: BUS }));
  const queueUrls: string[] = [];
  for (let kind = 0; kind < RULES; kind++) {
    const Name = `bench-${kind}`;
    const queueArn = `arn:aws:sqs:us-east-1:${HUB}:${Name}`;
    const Policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { Service: 'events.amazonaws.com' },
          Action: 'sqs:SendMessage',
          Resource: queueArn,
          Condition: { ArnEquals: { 'aws:SourceArn': `arn:aws:events:us-east-1:${HUB}:rule/${BUS}/${Name}` } },
        },
      ],
    });
    const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: Name, Attributes: { Policy } }));
    queueUrls.push(QueueUrl);
    const EventPattern = JSON.stringify({ source: ['bench'], detail: { kind: [kind] } });
    await events.send(new PutRuleCommand({ Name, EventBusName: BUS, EventPattern }));
    await events.send(
      new PutTargetsCommand({ Rule: Name, EventBusName: BUS, Targets: [{ Id: 'queue', Arn: queueArn }] }),
    );
  }
  return queueUrls;
}
