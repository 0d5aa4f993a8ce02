import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GetTableCommand, GlueClient } from '@aws-sdk/client-glue';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { mockClient } from 'aws-sdk-client-mock';
import 'aws-sdk-client-mock-vitest/extend';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { clientOptions, glueClient, perAccount, spokeCredentials } from '../../../shared/aws/clients.ts';
import { fault } from './faults.ts';

describe("credentials of a spoke's role", () => {
  const sts = mockClient(STSClient);
  const credentials = spokeCredentials('trellis-catalog', new STSClient())('222222222222');
  const Expiration = new Date('2026-11-21T10:00:00Z');
  const given = { AccessKeyId: 'ASIA', SecretAccessKey: 'secret', SessionToken: 'token', Expiration };

  beforeEach(() => sts.reset());

  it('are those of trellis-spoke in that account, for an hour', async () => {
    sts.on(AssumeRoleCommand).resolves({ Credentials: given });
    expect(await credentials()).toEqual({
      accessKeyId: 'ASIA',
      secretAccessKey: 'secret',
      sessionToken: 'token',
      expiration: Expiration,
    });
    expect(sts).toHaveReceivedCommandExactlyOnceWith(AssumeRoleCommand, {
      RoleArn: 'arn:aws:iam::222222222222:role/trellis-spoke',
      RoleSessionName: 'trellis-catalog',
      DurationSeconds: 3600,
    });
  });

  it.each([undefined, { ...given, SessionToken: undefined }, { ...given, Expiration: undefined }])(
    'are a fault when STS gives none: %j',
    async incomplete => {
      // An answer that the SDK's types do not foresee.
      sts.on(AssumeRoleCommand).resolves({ Credentials: incomplete as never });
      await expect(credentials()).rejects.toThrow(
        'STS gave no credentials of arn:aws:iam::222222222222:role/trellis-spoke.',
      );
    },
  );

  it('surface a refusal', async () => {
    sts.on(AssumeRoleCommand).rejects(fault('AccessDenied'));
    await expect(credentials()).rejects.toThrow(expect.objectContaining({ name: 'AccessDenied' }));
  });
});

describe('clients of accounts', () => {
  it('are made once for each', () => {
    const made: string[] = [];
    const client = perAccount(account => ({ number: made.push(account) }));
    expect(client('222222222222')).toBe(client('222222222222'));
    client('333333333333');
    expect(made).toEqual(['222222222222', '333333333333']);
  });
});

describe('what every client does', () => {
  let server: Server | undefined;

  afterEach(() => server?.closeAllConnections());

  async function glueAt(answers: (number | 'never')[], requestTimeout: number): Promise<GlueClient> {
    server = createServer((_, response) => {
      const status = answers.length > 1 ? answers.shift() : answers[0];
      if (status === undefined || status === 'never') return;
      const body =
        status === 200 ? { Table: { Name: 'flights' } } : { __type: 'ThrottlingException', message: 'Rate exceeded' };
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body));
    });
    await new Promise<void>(resolve => server?.listen(0, '127.0.0.1', resolve));
    return new GlueClient({
      ...clientOptions,
      requestHandler: { ...clientOptions.requestHandler, requestTimeout },
      maxAttempts: requestTimeout < 1000 ? 1 : clientOptions.maxAttempts,
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      region: 'us-east-1',
      credentials: { accessKeyId: '222222222222', secretAccessKey: 'x' },
    });
  }
  const read = new GetTableCommand({ DatabaseName: 'ops', Name: 'flights' });

  it('is to parse a table at full speed: no call of a reviver for each of its values', async () => {
    const glue = await glueAt([200], 30_000);
    glueClient();
    const parse = vi.spyOn(JSON, 'parse');
    await glue.send(read);
    const answers = parse.mock.calls.filter(([text]) => String(text).includes('"Table"'));
    expect(answers.map(([, reviver]) => reviver)).toEqual([undefined]);
    parse.mockRestore();
  });

  it('is to give up a request in time: the leases of the ledger rest on it', async () => {
    expect(clientOptions.requestHandler.requestTimeout).toBe(30_000);
    const glue = await glueAt(['never'], 50);
    await expect(glue.send(read)).rejects.toThrow(expect.objectContaining({ name: 'TimeoutError' }));
  });

  it('is to try a throttled call again', async () => {
    const glue = await glueAt([400, 400, 200], 30_000);
    await expect(glue.send(read)).resolves.toMatchObject({ Table: { Name: 'flights' }, $metadata: { attempts: 3 } });
  });
});
