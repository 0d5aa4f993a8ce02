import { createHash } from 'node:crypto';
import { AwsError, notInLocalMesh } from '../core/aws-error.ts';
import type { Call, Operation, PolicyDocument, Wire } from '../core/service.ts';
import { accessTo } from './access.ts';
import { catalogArn, type GlueContext } from './context.ts';
import { brokenConstraint, invalidInput, notFound } from './glue-errors.ts';

/** The resource policy of the caller's own catalog. */
export function policyOperations(context: GlueContext): Record<string, Operation> {
  const { policies } = context.catalog;
  const access =
    (action: string): Operation['access'] =>
    (_input, call) =>
      accessTo(context, action, call, { owner: call.caller.account });
  return {
    GetResourcePolicy: {
      access: access('GetResourcePolicy'),
      run(input, call) {
        const policy = policies.get(ownCatalog(input, call));
        if (!policy) throw notFound('Policy not found.');
        const { text: PolicyInJson, hash: PolicyHash, createTime: CreateTime, updateTime: UpdateTime } = policy;
        return { PolicyInJson, PolicyHash, CreateTime, UpdateTime };
      },
    },
    PutResourcePolicy: {
      access: access('PutResourcePolicy'),
      run(input, call) {
        const owner = ownCatalog(input, call);
        const current = policies.get(owner);
        const document = readPolicy(input.PolicyInJson);
        const condition = input.PolicyExistsCondition ?? 'NONE';
        if (condition === 'MUST_EXIST' && !current) throw conditionFailed('Policy does not exist.');
        if (condition === 'NOT_EXIST' && current) throw conditionFailed('Policy already exists.');
        requireHash(input, current?.hash);
        // Lake Formation Developer Guide, "Managing cross-account permissions using both Glue and Lake Formation".
        if (input.EnableHybrid !== 'TRUE' && context.hasCrossAccountShares(owner))
          throw invalidInput(
            'EnableHybrid must be TRUE: Lake Formation shares resources of this catalog across accounts.',
          );
        const text: string = input.PolicyInJson;
        const now = context.now();
        const hash = createHash('md5').update(text).digest('base64');
        policies.set(owner, { text, document, hash, createTime: current?.createTime ?? now, updateTime: now });
        return { PolicyHash: hash };
      },
    },
    DeleteResourcePolicy: {
      access: access('DeleteResourcePolicy'),
      run(input, call) {
        const owner = ownCatalog(input, call);
        const current = policies.get(owner);
        if (!current) throw notFound('Policy not found.');
        requireHash(input, current.hash);
        policies.delete(owner);
        return {};
      },
    },
  };
}

/**
 * Whether RAM may share the catalog's resources: without a policy it may; a policy must let `ram.amazonaws.com` do `glue:ShareResource`, else the grant
 * succeeds and RAM blocks it. Source: Lake Formation Developer Guide, cross-account prerequisites. Conditions and resources are not weighed here.
 */
export function letsRamShare(policy: PolicyDocument | undefined): boolean {
  if (!policy) return true;
  return [policy.Statement].flat().some(statement => {
    if (statement.Effect !== 'Allow') return false;
    const services = statement.Principal === '*' ? ['*'] : [statement.Principal?.Service ?? []].flat();
    const actions = [statement.Action ?? []].flat();
    return (
      services.some(service => service === 'ram.amazonaws.com' || service === '*') &&
      actions.some(action => ['*', 'glue:*', 'glue:ShareResource'].includes(action))
    );
  });
}

function ownCatalog(input: Wire, { caller }: Call): string {
  const arn = input?.ResourceArn;
  if (arn !== undefined && arn !== catalogArn(caller.account))
    throw notInLocalMesh(`resource policies on anything but the caller's catalog (${String(arn)})`);
  return caller.account;
}

function readPolicy(text: unknown): PolicyDocument {
  if (typeof text !== 'string') throw brokenConstraint('PolicyInJson', 'not be null');
  let document: Wire;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    throw Object.assign(invalidInput('Policy document is not valid JSON.'), { cause });
  }
  const statements = [document?.Statement ?? []].flat();
  const isPolicy =
    statements.length > 0 && statements.every(one => ['Allow', 'Deny'].includes(one?.Effect) && one.Principal);
  if (!isPolicy) throw invalidInput('Policy document is not a valid resource policy.');
  return document as PolicyDocument;
}

function requireHash(input: Wire, hash: string | undefined): void {
  if (input.PolicyHashCondition !== undefined && input.PolicyHashCondition !== hash)
    throw conditionFailed('Policy hash condition not met.');
}

const conditionFailed = (message: string) => new AwsError('ConditionCheckFailureException', message);
