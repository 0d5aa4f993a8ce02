import type { PolicyDocument } from '../core/service.ts';
import { AWS_MANAGED_POLICIES } from './managed-policies.ts';
import { type CompiledPolicy, compilePolicy } from './policy.ts';
import { PolicyError } from './policy-error.ts';

/** A role as CloudFormation describes it (`AWS::IAM::Role`). */
export interface RoleProperties {
  RoleName: string;
  AssumeRolePolicyDocument: PolicyDocument;
  Path?: string;
  Policies?: { PolicyName: string; PolicyDocument: PolicyDocument }[];
  ManagedPolicyArns?: string[];
  /** Seconds. */
  MaxSessionDuration?: number;
}

export interface Role {
  arn: string;
  account: string;
  name: string;
  maxSessionSeconds: number;
  /** The trust policy, as given. */
  trustDocument: PolicyDocument;
  trust: CompiledPolicy;
  /** Inline policies by name. */
  inline: Map<string, CompiledPolicy>;
  /** Attached managed policies by ARN. */
  attached: Map<string, CompiledPolicy>;
}

/** The roles and the customer managed policies of all accounts. Names are unique in an account, whatever their path. */
export class Roles {
  readonly #byArn = new Map<string, Role>();
  readonly #managed = new Map<string, CompiledPolicy>(
    Object.entries(AWS_MANAGED_POLICIES).map(([arn, document]) => [arn, compilePolicy(document, 'identity')]),
  );

  /** Makes or replaces a role. Throws a PolicyError for a policy that the mesh cannot evaluate or does not have. */
  put(account: string, properties: RoleProperties): Role {
    const role: Role = {
      arn: `arn:aws:iam::${account}:role${properties.Path ?? '/'}${properties.RoleName}`,
      account,
      name: properties.RoleName,
      maxSessionSeconds: Number(properties.MaxSessionDuration ?? 3600),
      trustDocument: properties.AssumeRolePolicyDocument,
      trust: compilePolicy(properties.AssumeRolePolicyDocument, 'trust'),
      inline: new Map(),
      attached: new Map(),
    };
    for (const { PolicyName, PolicyDocument } of properties.Policies ?? [])
      role.inline.set(PolicyName, compilePolicy(PolicyDocument, 'identity'));
    for (const arn of properties.ManagedPolicyArns ?? []) role.attached.set(arn, this.#managedPolicy(arn));
    this.#byArn.set(role.arn, role);
    return role;
  }

  get(arn: string): Role | undefined {
    return this.#byArn.get(arn);
  }

  all(): Role[] {
    return [...this.#byArn.values()];
  }

  /** Puts an inline policy into a role. */
  putRolePolicy(account: string, roleName: string, policyName: string, document: PolicyDocument): void {
    this.#byName(account, roleName).inline.set(policyName, compilePolicy(document, 'identity'));
  }

  /** Makes a customer managed policy, attached to the roles named. Gives its ARN. */
  putManagedPolicy(
    account: string,
    policy: { name: string; path?: string | undefined; document: PolicyDocument; roles: string[] },
  ): string {
    const arn = `arn:aws:iam::${account}:policy${policy.path ?? '/'}${policy.name}`;
    const compiled = compilePolicy(policy.document, 'identity');
    this.#managed.set(arn, compiled);
    for (const name of policy.roles) this.#byName(account, name).attached.set(arn, compiled);
    return arn;
  }

  #byName(account: string, name: string): Role {
    for (const role of this.#byArn.values()) if (role.account === account && role.name === name) return role;
    throw new PolicyError(`the role ${name} in the account ${account}`);
  }

  #managedPolicy(arn: string): CompiledPolicy {
    const policy = this.#managed.get(arn);
    if (!policy) throw new PolicyError(`the managed policy ${arn}`);
    return policy;
  }
}
