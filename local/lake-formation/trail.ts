/** What CloudTrail delivers of Lake Formation: events on default buses. */
import { createHash, randomUUID } from 'node:crypto';
import type { AwsError } from '../core/aws-error.ts';
import type { VirtualClock } from '../core/clock.ts';
import type { CallerIdentity, EmitNative } from '../core/ports.ts';
import { type Call, REGION, type Wire } from '../core/service.ts';

export class Trail {
  readonly #clock: VirtualClock;
  readonly #emitNative: EmitNative;

  constructor(clock: VirtualClock, emitNative: EmitNative) {
    this.#clock = clock;
    this.#emitNative = emitNative;
  }

  /**
   * A call that changes something, done or failed, on the caller's default bus. Source: Developer Guide, "Logging Lake Formation API calls".
   * Simplification: calls that only read, and calls that IAM refused, leave no event.
   */
  call(
    { caller, requestId }: Call,
    eventName: string,
    input: Wire,
    outcome: { output: Wire } | { error: AwsError },
  ): void {
    this.#put(caller.account, {
      userIdentity: userIdentity(caller),
      eventName,
      ...('error' in outcome ? { errorCode: outcome.error.code, errorMessage: outcome.error.message } : {}),
      requestParameters: camelCase(input),
      responseElements:
        'output' in outcome && Object.keys(outcome.output).length > 0 ? camelCase(outcome.output) : null,
      requestID: requestId,
      eventID: randomUUID(),
      readOnly: false,
    });
  }

  /**
   * A query that was given data, on the caller's default bus, and for another account's table a copy on the owner's. The copy names the
   * principal only if the caller's account trusts the owner. Source: Developer Guide, "Cross-account CloudTrail logging".
   */
  dataAccess(
    caller: CallerIdentity,
    tableArn: string,
    queryId: string,
    target: { owner: string; isTrusted: boolean } | undefined,
  ): void {
    const sharedEventID = randomUUID();
    const lakeFormationRoleSessionName = `AWSLF-00-AT-${caller.account}-${randomUUID().slice(0, 10)}`;
    const event = {
      eventName: 'GetDataAccess',
      requestParameters: {
        tableArn,
        permissions: ['SELECT'],
        durationSeconds: 900,
        // Not JSON, in AWS neither.
        auditContext: { additionalAuditContext: `{queryId: ${queryId}}` },
        cellLevelSecurityEnforced: true,
      },
      responseElements: null,
      requestID: randomUUID(),
      readOnly: true,
    };
    const isShared = target !== undefined && target.owner !== caller.account;
    this.#put(caller.account, {
      ...event,
      userIdentity: { ...userIdentity(caller), invokedBy: 'athena.amazonaws.com' },
      additionalEventData: {
        requesterService: 'ATHENA',
        lakeFormationPrincipal: caller.principal,
        lakeFormationRoleSessionName,
      },
      eventID: randomUUID(),
      ...(isShared ? { sharedEventID } : {}),
    });
    if (!isShared) return;
    this.#put(target.owner, {
      ...event,
      userIdentity: { type: 'AWSAccount', principalId: principalId(caller), accountId: caller.account },
      additionalEventData: {
        requesterService: 'ATHENA',
        ...(target.isTrusted ? { lakeFormationPrincipal: caller.principal } : {}),
        lakeFormationRoleSessionName,
      },
      eventID: randomUUID(),
      sharedEventID,
    });
  }

  #put(account: string, members: Wire): void {
    this.#emitNative(account, {
      source: 'aws.lakeformation',
      'detail-type': 'AWS API Call via CloudTrail',
      detail: {
        eventVersion: '1.11',
        ...members,
        eventTime: `${this.#clock.iso().slice(0, 19)}Z`,
        eventSource: 'lakeformation.amazonaws.com',
        awsRegion: REGION,
        sourceIPAddress: members.userIdentity.invokedBy ?? '127.0.0.1',
        userAgent: members.userIdentity.invokedBy ?? 'local-mesh',
        eventType: 'AwsApiCall',
        managementEvent: true,
        recipientAccountId: account,
        eventCategory: 'Management',
      },
    });
  }
}

function userIdentity(caller: CallerIdentity): Wire {
  const common = { principalId: principalId(caller), arn: caller.arn, accountId: caller.account };
  if (caller.isAdministrator) return { type: 'Root', ...common };
  const userName = caller.principal.split('/').at(-1);
  const sessionIssuer = { type: 'Role', arn: caller.principal, accountId: caller.account, userName };
  return { type: 'AssumedRole', ...common, sessionContext: { sessionIssuer } };
}

/** `<role id>:<session>`, the role id made up from its ARN; an account's administrator has the account's id. */
function principalId(caller: CallerIdentity): string {
  if (caller.isAdministrator) return caller.account;
  const roleId = createHash('sha256').update(caller.principal).digest('hex').slice(0, 17).toUpperCase();
  return `AROA${roleId}:${caller.arn.split('/').at(-1)}`;
}

/** CloudTrail begins members with a small letter. The keys of `Parameters` are data and stay. */
function camelCase(value: Wire): Wire {
  if (Array.isArray(value)) return value.map(camelCase);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key[0]!.toLowerCase() + key.slice(1),
      key === 'Parameters' ? inner : camelCase(inner),
    ]),
  );
}
