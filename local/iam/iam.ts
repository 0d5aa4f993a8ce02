/**
 * Decides whether an access is allowed. Sources: IAM User Guide, "Policy evaluation logic" (reference_policies_evaluation-logic), "Policy
 * evaluation for requests within a single account" (…_policy-eval-basics) and "Cross-account policy evaluation logic" (…-cross-account).
 * Simplification: no permissions boundaries, session policies, service or resource control policies.
 */
import { AwsError } from '../core/aws-error.ts';
import type { RequireRole, RequireServicePrincipal } from '../core/ports.ts';
import type { Access, Caller, PolicyDocument } from '../core/service.ts';
import { type CompiledPolicy, compilePolicy, type PolicyKind, type Verdict } from './policy.ts';
import { RecordedAccesses } from './recorded-accesses.ts';
import { type Asker, accessRequest, ownerOf } from './request.ts';
import { type Role, Roles } from './roles.ts';

type PolicyType = 'identity-based' | 'resource-based';
type Decision = { allowed: true } | { allowed: false; explicit: boolean; policyType: PolicyType };

const ALLOWED: Decision = { allowed: true };

export class Iam {
  readonly roles = new Roles();
  readonly recorded = new RecordedAccesses();
  /** The organization's id, for accounts that are in one. */
  readonly organizationOf: (account: string) => string | undefined;
  /** Policies on resources come as documents with every access: each is made ready once. */
  readonly #compiled: Record<'resource' | 'trust', WeakMap<PolicyDocument, CompiledPolicy>> = {
    resource: new WeakMap(),
    trust: new WeakMap(),
  };

  constructor(organizationOf: (account: string) => string | undefined) {
    this.organizationOf = organizationOf;
  }

  /** Throws the AccessDeniedException that AWS answers unless the caller may. */
  authorize(caller: Caller, access: Access): void {
    const decision = this.#decide(caller, access);
    this.recorded.add(caller.principal, access.action, access.resource, decision.allowed);
    if (!decision.allowed) throw accessDenied(caller.arn, access, decision);
  }

  /** For what a service does with a role that it was given. Throws unless the role's policies allow it. */
  readonly requireRole: RequireRole = (roleArn, access) => {
    const role = this.roles.get(roleArn);
    if (!role) throw unknownRole(roleArn);
    this.authorize(sessionOf(role, 'service'), access);
  };

  /** The same for one AWS service, which the role must trust: what a rule, a function or a state machine does with its role. */
  requireRoleOf(servicePrincipal: string): RequireRole {
    return (roleArn, access) => {
      this.requireTrust(roleArn, servicePrincipal, access.context);
      this.requireRole(roleArn, access);
    };
  }

  /** Throws unless the role exists and lets the AWS service assume it. */
  requireTrust(roleArn: string, servicePrincipal: string, context: Access['context'] = {}): Role {
    const role = this.roles.get(roleArn);
    if (!role) throw unknownRole(roleArn);
    const access: Access = {
      action: 'sts:AssumeRole',
      resource: roleArn,
      context: { 'aws:SourceAccount': role.account, ...context },
      resourcePolicy: role.trustDocument,
    };
    this.#requireService(servicePrincipal, access, 'trust');
    return role;
  }

  /** Throws unless the policy on the resource lets the AWS service do it. */
  readonly requireServicePrincipal: RequireServicePrincipal = (servicePrincipal, access) =>
    this.#requireService(servicePrincipal, access, 'resource');

  /**
   * Whether the caller may assume the role, or tag the session that it opens (`sts:TagSession`). The trust policy must name the caller itself, or its account and then the
   * caller's own policies must allow it; from another account both must.
   * Source: IAM User Guide, "Roles terms and concepts", "Cross-account policy evaluation logic" and "Pass session tags in AWS STS".
   */
  mayAssume(
    caller: Caller,
    role: Role,
    context: Access['context'],
    action: 'sts:AssumeRole' | 'sts:TagSession' = 'sts:AssumeRole',
  ): boolean {
    const access: Access = {
      action,
      resource: role.arn,
      ...(context && { context }),
      resourcePolicy: role.trustDocument,
    };
    const trust = this.#resourceVerdict({ kind: 'principal', caller }, access, 'trust');
    const identity = this.#identityVerdict(caller, access);
    const isOwn = caller.account === role.account;
    const isAllowed =
      trust !== 'deny' &&
      identity !== 'deny' &&
      (isOwn
        ? trust === 'allow' || (trust === 'allow-account' && identity === 'allow')
        : trust !== 'silent' && identity === 'allow');
    this.recorded.add(caller.principal, access.action, role.arn, isAllowed);
    return isAllowed;
  }

  /**
   * Whether a bus's policy lets an account's events in: `viaRule` when a rule sends them, otherwise a direct put. A rule's role, if it has
   * one, is `aws:PrincipalArn` in the access's context, and is the principal. The account's own bus asks its policy too.
   * Source: EventBridge User Guide, eb-bus-to-bus, and "Using condition keys with EventBridge" (`events:eventBusInvocation`).
   */
  mayPutEvents(access: Access, callerAccount: string, viaRule: boolean): boolean {
    const root = `arn:aws:iam::${callerAccount}:root`;
    const principal = String(access.context?.['aws:PrincipalArn'] ?? root);
    const caller: Caller = { account: callerAccount, arn: principal, principal, isAdministrator: principal === root };
    const context = { ...access.context, 'events:eventBusInvocation': String(viaRule) };
    const verdict = this.#resourceVerdict({ kind: 'principal', caller }, { ...access, context }, 'resource');
    const isAllowed = verdict === 'allow' || verdict === 'allow-account';
    this.recorded.add(principal, access.action, access.resource, isAllowed);
    return isAllowed;
  }

  #decide(caller: Caller, access: Access): Decision {
    const resource = this.#resourceVerdict({ kind: 'principal', caller }, access, 'resource');
    if (resource === 'deny') return { allowed: false, explicit: true, policyType: 'resource-based' };
    const identity = this.#identityVerdict(caller, access);
    if (identity === 'deny') return { allowed: false, explicit: true, policyType: 'identity-based' };

    if (ownerOf(access, caller.account) === caller.account) {
      // Source: KMS Developer Guide, "Key policies in AWS KMS": without the key policy, IAM policies have no effect.
      if (access.needsResourcePolicy && resource === 'silent')
        return { allowed: false, explicit: false, policyType: 'resource-based' };
      // In one account either policy is enough; a resource policy that names the account only lets its own policies decide.
      return identity === 'allow' || resource === 'allow'
        ? ALLOWED
        : { allowed: false, explicit: false, policyType: 'identity-based' };
    }
    if (identity !== 'allow') return { allowed: false, explicit: false, policyType: 'identity-based' };
    return resource === 'silent' ? { allowed: false, explicit: false, policyType: 'resource-based' } : ALLOWED;
  }

  #identityVerdict(caller: Caller, access: Access): Verdict {
    // An administrator may do everything, as the account's own policies go; resource policies still count.
    if (caller.isAdministrator) return 'allow';
    const role = this.roles.get(caller.principal);
    if (!role) return 'silent';
    const request = accessRequest({ kind: 'principal', caller }, access, this.organizationOf);
    let verdict: Verdict = 'silent';
    for (const policies of [role.inline, role.attached]) {
      for (const policy of policies.values()) {
        const said = policy(request);
        if (said === 'deny') return 'deny';
        if (said === 'allow') verdict = 'allow';
      }
    }
    return verdict;
  }

  #resourceVerdict(asker: Asker, access: Access, kind: 'resource' | 'trust'): Verdict {
    if (!access.resourcePolicy) return 'silent';
    return this.#compile(access.resourcePolicy, kind)(accessRequest(asker, access, this.organizationOf));
  }

  #requireService(servicePrincipal: string, access: Access, kind: 'resource' | 'trust'): void {
    const verdict = this.#resourceVerdict({ kind: 'service', name: servicePrincipal }, access, kind);
    this.recorded.add(servicePrincipal, access.action, access.resource, verdict === 'allow');
    if (verdict !== 'allow')
      throw accessDenied(servicePrincipal, access, {
        allowed: false,
        explicit: verdict === 'deny',
        policyType: 'resource-based',
      });
  }

  #compile(document: PolicyDocument, kind: Exclude<PolicyKind, 'identity'>): CompiledPolicy {
    const known = this.#compiled[kind].get(document);
    if (known) return known;
    const compiled = compilePolicy(document, kind);
    this.#compiled[kind].set(document, compiled);
    return compiled;
  }
}

/** The caller that a session of the role is. */
export function sessionOf(role: Role, sessionName: string, sessionTags?: Record<string, string>): Caller {
  return {
    account: role.account,
    arn: `arn:aws:sts::${role.account}:assumed-role/${role.name}/${sessionName}`,
    principal: role.arn,
    isAdministrator: false,
    ...(sessionTags && { sessionTags }),
  };
}

/** Source of the wording: IAM User Guide, "Troubleshoot access denied error messages" (troubleshoot_access-denied). */
function accessDenied(who: string, access: Access, decision: Decision & { allowed: false }): AwsError {
  const because = decision.explicit
    ? `with an explicit deny in ${decision.policyType === 'identity-based' ? 'an' : 'a'} ${decision.policyType} policy`
    : `because no ${decision.policyType} policy allows the ${access.action} action`;
  return new AwsError(
    'AccessDeniedException',
    `User: ${who} is not authorized to perform: ${access.action} on resource: ${access.resource} ${because}`,
  );
}

function unknownRole(roleArn: string): AwsError {
  return new AwsError('AccessDeniedException', `The role ${roleArn} does not exist, or cannot be assumed.`);
}
