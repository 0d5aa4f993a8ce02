/** A prefix of mesh.yml as Lake Formation writes it: an ARN without the slash at the end. */
export function prefixArn(prefix: string): string {
  return `arn:aws:s3:::${prefix.slice('s3://'.length).replace(/\/$/, '')}`;
}

export function sameLocation(left: string, right: string): boolean {
  return left.replace(/\/+$/, '') === right.replace(/\/+$/, '');
}
