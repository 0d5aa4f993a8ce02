import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createDataFiles } from '../../../local/athena/data-files.ts';
import { Activity } from '../../../local/core/activity.ts';
import { VirtualClock } from '../../../local/core/clock.ts';
import { administrator } from '../../../local/core/service.ts';
import { deployStacks } from '../../../local/mesh/deploy-stacks.ts';
import { joinServices } from '../../../local/mesh/join-services.ts';
import { bucketStatements } from '../../../shared/mesh/apply-bucket-statements.ts';
import { accountsOf } from '../../../shared/mesh/mesh.ts';
import { parseMesh } from '../../../shared/mesh/parse-mesh.ts';

const ROOT = join(import.meta.dirname, '../../..');

it("every boot has each domain's bucket, with the policy that apply asks of its owner", async () => {
  const meshFile = parseMesh(await readFile(join(ROOT, 'mesh.yml'), 'utf8'), 'local');
  const folder = await mkdtemp(join(tmpdir(), 'sample-test-'));
  const activity = new Activity();
  const clock = new VirtualClock(activity);
  const joined = await joinServices({
    clock,
    activity,
    meshFile,
    accounts: new Set(accountsOf(meshFile)),
    files: createDataFiles(folder),
    endpoint: () => 'http://127.0.0.1:1',
    log: () => {},
  });
  try {
    await deployStacks({ root: ROOT, meshFile, joined, log: () => {} });
    const wanted = bucketStatements(meshFile);
    expect(wanted.map(({ bucket, accounts }) => [bucket, ...accounts])).toEqual([
      ['trellis-aviation', '222222222222'],
      ['trellis-climate', '333333333333'],
    ]);
    const { GetBucketPolicy, ListBuckets } = joined.services.get('s3')!.operations;
    for (const { bucket, accounts, statements } of wanted) {
      const call = administrator(accounts[0]!);
      expect(ListBuckets!.run({}, call)).toMatchObject({ Buckets: [{ Name: bucket }] });
      const { Policy } = GetBucketPolicy!.run({ Bucket: bucket }, call) as { Policy: string };
      expect(JSON.parse(Policy).Statement).toEqual(statements);
    }
  } finally {
    await joined.stop();
    clock.stop();
    await rm(folder, { recursive: true });
  }
});
