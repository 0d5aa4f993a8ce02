import { AwsError, notInLocalMesh } from '../core/aws-error.ts';
import type { VirtualClock } from '../core/clock.ts';
import type { CredentialsFor } from '../core/ports.ts';
import type { Call, Service, Wire } from '../core/service.ts';
import { type Iam, sessionOf } from './iam.ts';
import { readSessionTags } from './session-tags.ts';
import type { Sessions } from './sessions.ts';

/** Parameters of AssumeRole that would change what the session may do: ignoring one would be wrong. */
const UNSUPPORTED = [
  'Policy',
  'PolicyArns',
  'TransitiveTagKeys',
  'SerialNumber',
  'TokenCode',
  'SourceIdentity',
  'ProvidedContexts',
];

/** Seconds. Source: STS API reference, AssumeRole, `DurationSeconds`. */
const SHORTEST_SESSION = 900;
const DEFAULT_SESSION = 3600;
const LONGEST_CHAINED_SESSION = 3600;

/** AWS STS: AssumeRole and GetCallerIdentity. */
export function createSts(parts: { clock: VirtualClock; iam: Iam; sessions: Sessions }): {
  service: Service;
  /** Keys of a session that a function's process signs with. Simplification: they do not expire while the process lives. */
  credentialsFor: CredentialsFor;
} {
  const { clock, iam, sessions } = parts;

  function assumeRole(input: Wire, call: Call) {
    for (const name of UNSUPPORTED)
      if (input[name] !== undefined) throw notInLocalMesh(`AssumeRole's parameter ${name}`);
    const roleArn = text(input, 'RoleArn', /^arn:[\w+=/,.@:-]{17,2045}$/);
    const sessionName = text(input, 'RoleSessionName', /^[\w+=,.@-]{2,64}$/);
    const externalId = input.ExternalId === undefined ? undefined : text(input, 'ExternalId', /^[\w+=,.@:/-]{2,1224}$/);
    const tags = readSessionTags(input.Tags);
    const role = iam.roles.get(roleArn);
    const context = {
      ...Object.fromEntries(Object.entries(tags).map(([key, value]) => [`aws:RequestTag/${key}`, value])),
      'aws:TagKeys': Object.keys(tags),
      'sts:RoleSessionName': sessionName,
      ...(externalId !== undefined && { 'sts:ExternalId': externalId }),
    };
    const denied = (action: string) =>
      new AwsError(
        'AccessDenied',
        `User: ${call.caller.arn} is not authorized to perform: ${action} on resource: ${roleArn}`,
        { status: 403 },
      );
    // A role that does not exist answers as one that may not be assumed, so that nobody can ask which there are.
    if (!role || !iam.mayAssume(call.caller, role, context)) throw denied('sts:AssumeRole');
    const hasTags = Object.keys(tags).length > 0;
    if (hasTags && !iam.mayAssume(call.caller, role, context, 'sts:TagSession')) throw denied('sts:TagSession');

    const seconds = duration(input.DurationSeconds, role.maxSessionSeconds, !call.caller.isAdministrator);
    // Simplification: a session lasts so many seconds of real time, by which its holder outside the mesh renews it; what STS answers is the
    // mesh's time, by which functions renew theirs.
    const expiresAt = clock.now() + seconds * 1000;
    const caller = sessionOf(role, sessionName, hasTags ? tags : undefined);
    const keys = sessions.open(caller, Date.now() + seconds * 1000);
    return {
      AssumedRoleUser: { AssumedRoleId: `${uniqueId(role.arn)}:${sessionName}`, Arn: caller.arn },
      Credentials: {
        AccessKeyId: keys.accessKeyId,
        SecretAccessKey: keys.secretAccessKey,
        SessionToken: keys.sessionToken,
        Expiration: `${new Date(expiresAt).toISOString().slice(0, 19)}Z`,
      },
      // Simplification: tags are bounded by their own limits, not by how well they pack.
      PackedPolicySize: 0,
    };
  }

  return {
    service: {
      id: 'sts',
      operations: {
        // Assuming a role is decided by its trust policy together with the caller's policies, not like other accesses.
        AssumeRole: { access: () => [], run: assumeRole },
        // "No permissions are required to perform this operation." (STS API reference)
        GetCallerIdentity: {
          access: () => [],
          run: (_input, { caller }) => ({
            UserId: caller.isAdministrator
              ? caller.account
              : `${uniqueId(caller.principal)}:${caller.arn.slice(caller.arn.lastIndexOf('/') + 1)}`,
            Account: caller.account,
            Arn: caller.arn,
          }),
        },
      },
    },
    credentialsFor: (roleArn, sessionName) =>
      sessions.open(
        sessionOf(iam.requireTrust(roleArn, 'lambda.amazonaws.com'), sessionName),
        Number.POSITIVE_INFINITY,
      ),
  };
}

function duration(given: unknown, longest: number, isChained: boolean): number {
  const seconds = given === undefined ? Math.min(DEFAULT_SESSION, longest) : Number(given);
  if (!Number.isInteger(seconds) || seconds < SHORTEST_SESSION)
    throw invalid(
      `Value '${given}' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900`,
    );
  if (isChained && seconds > LONGEST_CHAINED_SESSION)
    throw invalid('The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.');
  if (seconds > longest)
    throw invalid('The requested DurationSeconds exceeds the MaxSessionDuration set for this role.');
  return seconds;
}

function text(input: Wire, name: string, pattern: RegExp): string {
  const value: unknown = input[name];
  if (typeof value !== 'string' || !pattern.test(value))
    throw invalid(
      `1 validation error detected: Value '${value ?? ''}' at '${name[0]!.toLowerCase()}${name.slice(1)}' failed to satisfy constraint: Member must satisfy regular expression pattern: ${pattern.source}`,
    );
  return value;
}

function invalid(message: string): AwsError {
  return new AwsError('ValidationError', message);
}

/** A role's unique id: the same for the same ARN. Simplification: AWS gives a deleted and remade role a new one. */
function uniqueId(roleArn: string): string {
  let hash = 0n;
  for (const character of roleArn) hash = (hash * 131n + BigInt(character.charCodeAt(0))) % 2n ** 80n;
  return `AROA${hash.toString(36).toUpperCase().padStart(17, '0').slice(0, 17)}`;
}
