/** The local mesh: an embedded AWS with the accounts of `mesh.yml`, the deployed stacks and, unless it is empty, the sample's data. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applyServices } from '../shared/aws/apply-services.ts';
import { applyMesh } from '../shared/mesh/apply-mesh.ts';
import { accountsOf, type Mesh as MeshFile } from '../shared/mesh/mesh.ts';
import { readStage } from '../shared/mesh/read-mesh-folder.ts';
import { createDataFiles, type DataFiles } from './athena/data-files.ts';
import { Activity } from './core/activity.ts';
import { VirtualClock } from './core/clock.ts';
import { OrderedFaults } from './core/ordered-faults.ts';
import { REGION } from './core/service.ts';
import { createFront, type FinishedCall } from './front/server.ts';
import type { RecordedAccess } from './iam/recorded-accesses.ts';
import type { LakeFormation } from './lake-formation/lake-formation.ts';
import { deployStacks } from './mesh/deploy-stacks.ts';
import { joinServices } from './mesh/join-services.ts';
import { settle } from './mesh/settle.ts';
import { loadSample } from './sample/load-sample.ts';
import { prepareSampleFiles } from './sample/prepare-sample-files.ts';

const PROJECT = join(import.meta.dirname, '..');
const STAGE = 'local';

export interface MeshOptions {
  /** Where `mesh.yml`, the policies and what was built lie; the project itself unless given. */
  root?: string;
  /** 0, unless given: a free one. */
  port?: number;
  /** Without the sample's data and tables. */
  empty?: boolean;
  /** Told what the boot does, what functions write and what goes wrong inside. */
  log?: (line: string) => void;
  /** Told of every call of the HTTP API when it is answered. */
  onCall?: (call: FinishedCall) => void;
  /** Real milliseconds for which the answer to a call waits, asked for each: what a network would take. */
  answerAfterMs?: () => number;
  /** Execution environments of one function at a time; 2 unless given. */
  environmentsOfFunction?: number;
  /** Execution environments of all functions that stay warm; 10 unless given. With 1, a function is cold after another has run. */
  warmEnvironments?: number;
}

export interface Mesh {
  endpoint: string;
  clock: VirtualClock;
  activity: Activity;
  /** The folders that stand for S3. */
  files: DataFiles;
  /** For tests that order failures. */
  lakeFormation: LakeFormation;
  /** Waits at most so many real milliseconds until nothing is under way; gives what still is. */
  settle(timeoutMs: number): Promise<string[]>;
  /** Moves the clock and does all that falls due. Gives the time then, ISO 8601. */
  advance(seconds: number): Promise<string>;
  /** What the warm environments of a function of the hub keep on their heaps, bytes: without garbage. */
  liveHeaps(functionName: string): Promise<number[]>;
  /** What IAM was asked since the start. */
  calls(): RecordedAccess[];
  stop(): Promise<void>;
}

/** Boots a mesh on 127.0.0.1. Rejects with a clear error when the port is in use, or when a template or `mesh.yml` cannot be used. */
export async function bootMesh(options: MeshOptions = {}): Promise<Mesh> {
  const {
    root = PROJECT,
    port = 0,
    empty = false,
    log = () => {},
    onCall,
    answerAfterMs,
    warmEnvironments,
    environmentsOfFunction,
  } = options;
  const stage = readStage(root, await readFile(join(root, 'mesh.yml'), 'utf8'), STAGE);
  const meshFile = stage.mesh;
  const accounts = new Set(accountsOf(meshFile));
  const activity = new Activity();
  const clock = new VirtualClock(activity);
  const stops: (() => Promise<void> | void)[] = [() => clock.stop()];
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= stops.reduceRight<Promise<void>>((before, next) => before.then(next), Promise.resolve());
    return stopping;
  };

  try {
    const s3Folder = await mkdtemp(join(tmpdir(), 'trellis-s3-'));
    stops.push(() => rm(s3Folder, { recursive: true, force: true }));
    const files = createDataFiles(s3Folder);
    let endpoint = '';
    const faults = new OrderedFaults();
    const joined = await joinServices({
      clock,
      activity,
      meshFile,
      accounts,
      files,
      endpoint: () => endpoint,
      faults,
      log,
      warmEnvironments,
      environmentsOfFunction,
    });
    stops.push(() => joined.stop());

    const advance = async (seconds: number) => {
      await clock.advance(seconds);
      return clock.iso();
    };
    const controls = {
      advance,
      settle: (timeoutMs: number) => settle(activity, timeoutMs),
      calls: () => joined.iam.recorded.all(),
      faults,
    };
    const front = createFront({
      services: [...joined.services.values()],
      callerOf: (accessKeyId, sessionToken) => joined.sessions.callerOf(accessKeyId, sessionToken),
      authorize: (caller, access) => joined.iam.authorize(caller, access),
      controls,
      now: () => clock.now(),
      log,
      onCall,
      answerAfterMs,
    });
    endpoint = await front.listen(port);
    stops.push(() => front.stop());

    await deployStacks({ root, meshFile, joined, log });
    log('applying mesh.yml');
    await applyMesh(
      hubServices(endpoint, meshFile, () => clock.iso()),
      stage,
    );
    if (!empty) {
      log('loading the sample');
      await prepareSampleFiles(files);
      await loadSample({ endpoint, files });
      log('waiting for the central catalog to follow');
      await activity.idle();
    }
    return {
      endpoint,
      clock,
      activity,
      files,
      lakeFormation: joined.lakeFormation,
      ...controls,
      liveHeaps: functionName => joined.functions.liveHeaps(meshFile.hub, functionName),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** `trellis apply` as the hub's administrator: the same code that the command line runs. */
function hubServices(endpoint: string, meshFile: MeshFile, now: () => string) {
  const credentials = { accessKeyId: meshFile.hub, secretAccessKey: 'any' };
  // The sample's tables come by events.
  return { ...applyServices({ region: REGION, endpoint, credentials }, meshFile, now), onboarding: undefined };
}
