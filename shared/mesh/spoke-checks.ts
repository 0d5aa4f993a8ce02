/** Checks all accounts of a mesh before it is applied. */
import { bucketStatements } from './apply-bucket-statements.ts';
import type { SpokeCheck, SpokeFinding } from './check-spoke.ts';
import { accountsOf, domainOfAccount, isOutsideOrganization, type Mesh, teamsOfAccount } from './mesh.ts';

export interface SpokeReport {
  account: string;
  /** The domains and consumers that the account is, as mesh.yml names them. */
  names: string[];
  findings: SpokeFinding[];
}

/** The function in the hub that looks. @throws SpokeCheckMissingError when the stage has none. */
export interface SpokeChecker {
  check(check: SpokeCheck): Promise<SpokeFinding[]>;
}

/** Accounts that are looked at side by side: each takes a function of its own for a second or two. */
const AT_ONCE = 8;

/** What is to be looked at in each account of the mesh but the hub. */
export function spokeChecksOf(mesh: Mesh): SpokeCheck[] {
  const buckets = bucketStatements(mesh);
  return accountsOf(mesh)
    .filter(account => account !== mesh.hub)
    .map(account => {
      const domains = domainOfAccount(mesh, account).map(name => mesh.domains[name]!);
      return {
        account,
        kind: domains.length > 0 ? 'domain' : 'consumer',
        databases: domains.some(({ databases }) => databases === '*')
          ? '*'
          : domains.flatMap(one => [...one.databases]),
        buckets: buckets
          .filter(({ accounts }) => accounts.includes(account))
          .map(({ bucket, prefixes }) => ({ bucket, prefixes })),
        isOutsideOrganization: isOutsideOrganization(mesh, account),
        organization: mesh.organization,
      };
    });
}

/**
 * Looks at every account. One that cannot be looked at is told as a finding, the others go on.
 * @param onProgress told how many are done
 * @throws SpokeCheckMissingError
 */
export async function checkSpokes(
  checker: SpokeChecker,
  mesh: Mesh,
  onProgress: (done: number, of: number) => void = () => {},
): Promise<SpokeReport[]> {
  const checks = spokeChecksOf(mesh);
  const reports: SpokeReport[] = [];
  const waiting = checks.entries();
  const work = async () => {
    for (const [index, check] of waiting) {
      const { account } = check;
      reports[index] = { account, names: teamsOfAccount(mesh, account), findings: await findingsOf(checker, check) };
      onProgress(Object.keys(reports).length, checks.length);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return reports;
}

async function findingsOf(checker: SpokeChecker, check: SpokeCheck): Promise<SpokeFinding[]> {
  try {
    return await checker.check(check);
  } catch (error) {
    if (error instanceof SpokeCheckMissingError) throw error;
    const found = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return [{ check: 'the check itself', ok: 'unknown', found, fix: 'Try again.' }];
  }
}

/** Whether something keeps Trellis from working there, or may. */
export function isWrong({ ok, isAdvice }: SpokeFinding): boolean {
  return ok !== true && !isAdvice;
}

/** The stage's stack is older than this program. Deploying it helps. */
export class SpokeCheckMissingError extends Error {
  override name = 'SpokeCheckMissingError';

  constructor(functionName: string, options?: ErrorOptions) {
    super(`The accounts could not be checked: the hub has no function ${functionName}. Deploy the hub.`, options);
  }
}
