import { describe, expect, it } from 'vitest';
import { CallerUnknownError, callerPrincipal } from '../../../shared/mesh/apply-caller.ts';

const SSO = 'AWSReservedSSO_Admin_0123456789abcdef';
const SSO_ARN = `arn:aws:iam::111111111111:role/aws-reserved/sso.amazonaws.com/eu-west-1/${SSO}`;
const session = (role: string) => `arn:aws:sts::111111111111:assumed-role/${role}/me@example.com`;

describe('who applies, for Lake Formation', () => {
  it('is a user as it is', () => {
    const user = 'arn:aws:iam::111111111111:user/ops/deployer';
    expect(callerPrincipal(user, [])).toBe(user);
  });

  it('is the role of a session', () => {
    expect(callerPrincipal(session('Deployer'), [])).toBe('arn:aws:iam::111111111111:role/Deployer');
  });

  it("is nobody for the account's root", () => {
    expect(callerPrincipal('arn:aws:iam::111111111111:root', [])).toBeUndefined();
  });

  it('is the administrator of the same name, whose path is known', () => {
    expect(callerPrincipal(session(SSO), ['arn:aws:iam::111111111111:role/Other', SSO_ARN])).toBe(SSO_ARN);
  });

  it.each([
    ['an account', `arn:aws:iam::222222222222:role/${SSO}`],
    ['a longer name', `arn:aws:iam::111111111111:role/My${SSO}`],
  ])('is not a role of the same name in %s', (_, administrator) => {
    expect(() => callerPrincipal(session(SSO), [administrator])).toThrow(CallerUnknownError);
  });

  it('asks for the path of a role of Identity Center, and takes it', () => {
    expect(() => callerPrincipal(session(SSO), [])).toThrow(/--administrator arn:.*AWSReservedSSO_Admin/);
    expect(callerPrincipal(session(SSO), [], SSO_ARN)).toBe(SSO_ARN);
  });

  it('refuses to make somebody else an administrator', () => {
    const other = 'arn:aws:iam::111111111111:role/path/Other';
    expect(() => callerPrincipal(session('Deployer'), [], other)).toThrow(/Deployer/);
  });

  it('refuses a federated user, who can be none', () => {
    expect(() => callerPrincipal('arn:aws:sts::111111111111:federated-user/bob', [])).toThrow(CallerUnknownError);
  });
});
