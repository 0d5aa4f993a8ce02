/** Who runs `apply`, as Lake Formation knows them. */

/**
 * The principal that must be a data lake administrator for the caller to see and make grants; undefined for the account's root, which cannot
 * be named as one. Of a role STS tells the name without its path: an administrator of the same name is taken for it.
 * @param callerArn from GetCallerIdentity
 * @param administrators the ARNs of those who are administrators now
 * @param given the caller's own role or user with its path, where a person has named it
 * @throws CallerUnknownError when the caller's ARN cannot be told, or is not the given one's.
 */
export function callerPrincipal(
  callerArn: string,
  administrators: readonly string[],
  given?: string,
): string | undefined {
  const [, , service, , account, resource = ''] = callerArn.split(':');
  const [kind, ...rest] = resource.split('/');
  if (service === 'iam' && kind === 'root') return undefined;
  if (service === 'iam' && kind === 'user') return callerArn;
  const name = rest[0];
  if (service !== 'sts' || kind !== 'assumed-role' || !name) {
    throw new CallerUnknownError(`${callerArn} cannot be a data lake administrator: use a role or a user of the hub.`);
  }
  const isCallers = (arn: string) => arn.startsWith(`arn:aws:iam::${account}:role/`) && arn.endsWith(`/${name}`);
  if (given !== undefined) {
    if (isCallers(given)) return given;
    throw new CallerUnknownError(`--administrator must name the role that you run with, ${name}, not ${given}.`);
  }
  const known = administrators.find(isCallers);
  if (known) return known;
  if (name.startsWith('AWSReservedSSO_')) {
    const example = `arn:aws:iam::${account}:role/aws-reserved/sso.amazonaws.com/<region>/${name}`;
    throw new CallerUnknownError(
      `You run with a role of IAM Identity Center, whose path is not known. Name it: --administrator ${example} (without <region>/ where Identity Center is in us-east-1; IAM's console shows it).`,
    );
  }
  return `arn:aws:iam::${account}:role/${name}`;
}

/** The caller's principal cannot be told from what STS says. Trying again does not help; naming it does. */
export class CallerUnknownError extends Error {
  override name = 'CallerUnknownError';
}
