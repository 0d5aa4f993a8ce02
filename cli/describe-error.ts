/** What a person is told of an error: what is wrong, and what helps. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, path } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' && path) return `There is no ${path}.`;
  if (typeof code === 'string' && path) return error.message;
  if (code === 'ECONNREFUSED') return `Nothing answers at the endpoint: ${connectMessage(error)}`;
  if (code === 'ENOTFOUND') return `The endpoint has no address: ${error.message}`;
  if (error.name === 'CredentialsProviderError' || error.name === 'TokenProviderError') {
    return `AWS credentials are missing: ${error.message}\nGive --profile, or set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. On the local mesh the access key id is the hub's account id.`;
  }
  if (error.message === 'Region is missing') return 'Which Region? Give --region, or set AWS_REGION.';
  if ('$fault' in error) return describeAwsError(error);
  // A fault of this program: its place helps to mend it.
  return NATIVE.has(error.name) ? (error.stack ?? error.message) : error.message;
}

const NATIVE = new Set(['TypeError', 'RangeError', 'ReferenceError', 'SyntaxError', 'AssertionError']);

function describeAwsError(error: Error): string {
  const told = `AWS answers ${error.name}: ${error.message}`;
  if (error.name === 'ResourceNotFoundException') {
    return `${told}\nThe stage's table is not here: is the stage deployed (npx serverless deploy --stage <stage>), and is this its Region?`;
  }
  if (/invalid principal/i.test(error.message) || error.name === 'InvalidPrincipal') {
    // Source: aws-cdk issue 19492.
    return `${told}\nLake Formation does not know a role or user. If it is one that is gone, take it out of the data lake administrators (Lake Formation console, "Administrative roles and tasks"); if it is yours, name it with its path: --administrator arn:aws:iam::<account>:role/<path>/<name>.`;
  }
  if (/^AccessDenied/.test(error.name)) {
    return `${told}\napply needs an administrator of the hub's account: a role or a user that IAM lets change Lake Formation's settings (the account's root user cannot be a data lake administrator).`;
  }
  return told;
}

function connectMessage(error: Error): string {
  const inner = error instanceof AggregateError ? (error.errors[0] as Error | undefined) : undefined;
  return error.message || inner?.message || error.name;
}
