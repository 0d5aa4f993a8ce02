/** What IAM was asked, for tests that compare roles with what their code really does. */
export interface RecordedAccess {
  /** The role's or administrator's ARN, or the AWS service. */
  principal: string;
  action: string;
  resource: string;
  allowed: boolean;
}

/** The set of distinct accesses: asking the same again takes no more room. */
export class RecordedAccesses {
  readonly #byPrincipal = new Map<string, Map<string, RecordedAccess>>();

  add(principal: string, action: string, resource: string, allowed: boolean): void {
    const accesses = this.#byPrincipal.get(principal) ?? new Map<string, RecordedAccess>();
    if (accesses.size === 0) this.#byPrincipal.set(principal, accesses);
    const key = `${allowed ? '+' : '-'}${action} ${resource}`;
    if (!accesses.has(key)) accesses.set(key, { principal, action, resource, allowed });
  }

  all(): RecordedAccess[] {
    return [...this.#byPrincipal.values()].flatMap(accesses => [...accesses.values()]);
  }
}
