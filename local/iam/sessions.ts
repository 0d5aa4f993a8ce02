import { randomBytes } from 'node:crypto';
import { AwsError } from '../core/aws-error.ts';
import type { Caller } from '../core/service.ts';

export interface SessionKeys {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
}

interface Session {
  caller: Caller;
  token: string;
  /** Milliseconds since 1970; Infinity for a function's own session. */
  expiresAt: number;
}

/** How many sessions may be there before those that have expired are looked for. */
const SWEEP_AT_LEAST = 1000;

/** Who the keys of a request belong to. */
export class Sessions {
  readonly #byKey = new Map<string, Session>();
  readonly #now: () => number;
  readonly #hasAccount: (account: string) => boolean;
  #sweepAt = SWEEP_AT_LEAST;

  /** `now` in milliseconds since 1970; `hasAccount` says whether an account is part of the mesh. */
  constructor(now: () => number, hasAccount: (account: string) => boolean) {
    this.#now = now;
    this.#hasAccount = hasAccount;
  }

  /** Keys of a new session. They are random: whoever has them is the session. */
  open(caller: Caller, expiresAt: number): SessionKeys {
    const keys = {
      accessKeyId: `ASIA${randomBytes(10).toString('hex').toUpperCase().slice(0, 16)}`,
      secretAccessKey: randomBytes(30).toString('base64'),
      sessionToken: randomBytes(96).toString('base64'),
    };
    this.#byKey.set(keys.accessKeyId, { caller, token: keys.sessionToken, expiresAt });
    if (this.#byKey.size >= this.#sweepAt) this.#sweep();
    return keys;
  }

  /**
   * The caller with these keys: an account's administrator (the access key id is the account id), or a session of a role.
   * Throws UnrecognizedClientException for keys that are nobody's, ExpiredTokenException for a session that has ended.
   */
  callerOf(accessKeyId: string, sessionToken: string | undefined): Caller {
    const session = this.#byKey.get(accessKeyId);
    if (session && session.token === sessionToken) {
      if (session.expiresAt <= this.#now())
        throw new AwsError('ExpiredTokenException', 'The security token included in the request is expired');
      return session.caller;
    }
    if (!session && this.#hasAccount(accessKeyId)) {
      const arn = `arn:aws:iam::${accessKeyId}:root`;
      return { account: accessKeyId, arn, principal: arn, isAdministrator: true };
    }
    throw new AwsError('UnrecognizedClientException', 'The security token included in the request is invalid.');
  }

  #sweep(): void {
    const now = this.#now();
    for (const [key, session] of this.#byKey) if (session.expiresAt <= now) this.#byKey.delete(key);
    this.#sweepAt = Math.max(SWEEP_AT_LEAST, this.#byKey.size * 2);
  }
}
