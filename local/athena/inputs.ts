import { AwsError } from '../core/aws-error.ts';
import type { Wire } from '../core/service.ts';

export function invalidRequest(message: string): AwsError {
  return new AwsError('InvalidRequestException', message, { members: { AthenaErrorCode: 'INVALID_INPUT' } });
}

export function requireText(input: Wire, member: string): string {
  const value = optionalText(input, member);
  if (value === undefined || value === '') throw invalidRequest(`${member} is required`);
  return value;
}

export function optionalText(input: Wire, member: string): string | undefined {
  const value: unknown = input?.[member] ?? undefined;
  if (value !== undefined && typeof value !== 'string') throw invalidRequest(`${member} must be a string`);
  return value;
}

/** `MaxResults` between 1 and `limit`. */
export function pageSize(input: Wire, limit: number, byDefault: number): number {
  const size: unknown = input?.MaxResults ?? byDefault;
  if (!Number.isInteger(size) || Number(size) < 1 || Number(size) > limit)
    throw invalidRequest(`MaxResults must be between 1 and ${limit}`);
  return Number(size);
}

/** Where a page starts: the place that `NextToken` says, or 0. */
export function pageStart(input: Wire): number {
  const token = optionalText(input, 'NextToken');
  if (token === undefined) return 0;
  const start = Buffer.from(token, 'base64url').toString();
  if (!/^\d{1,9}$/.test(start)) throw invalidRequest('NextToken is not valid');
  return Number(start);
}

export function tokenFor(start: number): string {
  return Buffer.from(String(start)).toString('base64url');
}

/** One page of a list, and the member `NextToken` when there is more. */
export function pageOf<T>(all: T[], input: Wire, size: number): { items: T[]; next: { NextToken?: string } } {
  const start = pageStart(input);
  const end = start + size;
  return { items: all.slice(start, end), next: end < all.length ? { NextToken: tokenFor(end) } : {} };
}
