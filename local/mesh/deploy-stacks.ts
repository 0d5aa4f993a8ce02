import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { accountsOf, type Mesh as MeshFile } from '../../shared/mesh/mesh.ts';
import { administrator } from '../core/service.ts';
import { deployStack } from '../stacks/deploy-stack.ts';
import type { StackTargets } from '../stacks/resource-type.ts';
import { parseTemplate, type Template } from '../stacks/template.ts';
import { TemplateError } from '../stacks/template-error.ts';
import { operationOf } from './call-as-role.ts';
import type { JoinedServices } from './join-services.ts';

/** Where `serverless package` leaves the hub's stack, from the project's root. */
const HUB_TEMPLATE = '.serverless/cloudformation-template-update-stack.json';

/** Deploys the hub's stack, `spoke.yml` once in each other account, and the sample's roles and buckets. Throws a TemplateError. */
export async function deployStacks(parts: {
  root: string;
  meshFile: MeshFile;
  joined: Pick<JoinedServices, 'services' | 'iam' | 'functions'>;
  log: (line: string) => void;
}): Promise<void> {
  const { root, meshFile, joined, log } = parts;
  const noted = new Set<string>();
  const targets: StackTargets = {
    iam: joined.iam,
    functions: joined.functions,
    codeRoot: root,
    call: async (account, serviceId, operation, input) =>
      operationOf(joined.services, serviceId, operation).run(input, administrator(account)),
    note(message) {
      if (!noted.has(message)) log(message);
      noted.add(message);
    },
  };
  const deploy = (template: Template, stackName: string, account: string) =>
    deployStack({ template, stackName, account, parameters: parametersFor(template, meshFile) }, targets);

  const hubTemplate = join(root, HUB_TEMPLATE);
  if (!existsSync(hubTemplate)) throw new TemplateError(`There is no ${HUB_TEMPLATE}: run npm run build first.`);
  await deploy(await readTemplate(hubTemplate), `trellis-${meshFile.stage}`, meshFile.hub);
  // `serverless package` leaves every stage's stack in the same place.
  const bus = `trellis-${meshFile.stage}`;
  const { EventBuses } = await targets.call(meshFile.hub, 'events', 'ListEventBuses', {});
  if (!EventBuses.some((found: { Name: string }) => found.Name === bus))
    throw new TemplateError(
      `${HUB_TEMPLATE} makes no bus ${bus}: it is not of the stage ${meshFile.stage}. Remove dist/ and run npm run build.`,
    );

  const spoke = await readTemplate(join(root, 'spoke.yml'));
  for (const account of accountsOf(meshFile))
    if (account !== meshFile.hub) await deploy(spoke, `trellis-spoke-${meshFile.stage}`, account);

  for (const [file, members] of [
    ['domain-roles.yml', meshFile.domains],
    ['consumer-roles.yml', meshFile.consumers],
  ] as const) {
    const path = join(root, 'local/sample', file);
    if (!existsSync(path)) continue;
    const template = await readTemplate(path);
    const accounts = new Set(Object.values(members).map(({ account }) => account));
    for (const account of accounts) await deploy(template, file.replace('.yml', ''), account);
  }

  const bucketTemplate = join(root, 'local/sample/domain-bucket.yml');
  if (!existsSync(bucketTemplate)) return;
  const template = await readTemplate(bucketTemplate);
  for (const [bucket, account] of bucketsOf(meshFile)) {
    const parameters = { ...parametersFor(template, meshFile), BucketName: bucket };
    await deployStack({ template, stackName: `domain-bucket-${bucket}`, account, parameters }, targets);
  }
}

/** The buckets of the domains' prefixes, each with the account of the first domain that has a prefix in it. */
function bucketsOf({ domains }: MeshFile): Map<string, string> {
  const buckets = new Map<string, string>();
  for (const { account, prefixes } of Object.values(domains)) {
    for (const prefix of prefixes) {
      const bucket = prefix.slice('s3://'.length).split('/')[0]!;
      if (!buckets.has(bucket)) buckets.set(bucket, account);
    }
  }
  return buckets;
}

/** The values that the project's templates may ask for; each takes those that it declares. */
function parametersFor(template: Template, { stage, hub }: MeshFile): Record<string, string> {
  const known: Record<string, string> = {
    Stage: stage,
    HubAccount: hub,
    HubAccountId: hub,
    BusName: `trellis-${stage}`,
  };
  const declared = Object.keys(template.Parameters ?? {});
  return Object.fromEntries(Object.entries(known).filter(([name]) => declared.includes(name)));
}

async function readTemplate(path: string): Promise<Template> {
  return parseTemplate(await readFile(path, 'utf8'));
}
