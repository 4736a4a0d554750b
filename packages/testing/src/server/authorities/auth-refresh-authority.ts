import { createHash } from 'node:crypto';
import { Authority, type AuthorityOptions } from '../authority.js';
import type { AuthorityAccount } from '../authority-truth.js';
import { jsonReply, type Reply } from '../reply.js';
import type { Operation, RequestFacts } from '../request-log.js';
import type { IssuedSet } from '../rotation/token-family.js';
import { opaqueToken } from '../rotation/token-mint.js';
import type { Processed } from '../scripted-server.js';
import { bearer, jsonBody, type ServerRequest } from '../server-request.js';

export interface AuthRefreshAccount extends AuthorityAccount {
  readonly username: string;
  readonly password: string;
  /** What `account_id` must say if the login names one. */
  readonly accountNumber?: number;
}

export interface AuthRefreshAuthorityOptions extends AuthorityOptions<AuthRefreshAccount> {
  /** The status for a dead access token. Default 401. */
  readonly deadTokenStatus?: 401 | 403;
  /** The status for a refused refresh token. Default 401. */
  readonly refusalStatus?: 400 | 401 | 403;
  /** With a reusable refresh token: whether the reply to a refresh leaves it out. Default false. */
  readonly omitsReusedRefreshToken?: boolean;
}

/**
 * Behaves like TeleTracker: `POST /auth/login`, `POST /auth/refresh`, and any other path as an API
 * call with `Authorization: Bearer`. Replies carry `tokenLifetime` (s) and, by the server's shown
 * clock, `tokenExpiration` and `refreshTokenExpiration`.
 *
 * Defaults: 1 h and 30 days, strict rotation (`rules.rotation` has the other kinds).
 */
export class AuthRefreshAuthority extends Authority<AuthRefreshAccount> {
  /** May be changed while the server runs. */
  deadTokenStatus: number;
  /** May be changed while the server runs. */
  refusalStatus: number;

  readonly #omitsReused: boolean;

  constructor(options: AuthRefreshAuthorityOptions = {}) {
    super(options, {}, { access: opaqueToken, refresh: opaqueToken });
    this.deadTokenStatus = options.deadTokenStatus ?? 401;
    this.refusalStatus = options.refusalStatus ?? 401;
    this.#omitsReused = options.omitsReusedRefreshToken ?? false;
  }

  protected route(request: ServerRequest): Operation {
    if (request.method === 'POST' && request.path === '/auth/login') return 'obtain';
    if (request.method === 'POST' && request.path === '/auth/refresh') return 'refresh';
    return 'api';
  }

  protected identify(request: ServerRequest, operation: Operation): RequestFacts {
    if (operation === 'refresh') return this.describeRefreshToken(refreshTokenOf(request));
    if (operation === 'api') return this.describeAccessToken(bearer(request));
    const accountId = this.#claimedAccount(request)?.accountId;
    return accountId === undefined ? {} : { accountId };
  }

  protected process(request: ServerRequest, operation: Operation): Processed {
    if (operation === 'obtain') return this.#login(request);
    if (operation === 'refresh') return this.#refresh(request);
    return this.serve(
      bearer(request),
      () => jsonReply(200, { success: true, path: request.path }),
      () => jsonReply(this.deadTokenStatus, { success: false, message: 'Unauthenticated' }),
    );
  }

  #login(request: ServerRequest): Processed {
    const { username, password } = jsonBody(request) ?? {};
    if (typeof username !== 'string' || typeof password !== 'string') {
      return refused(400, 'username and password are required');
    }
    const account = this.#claimedAccount(request);
    if (account === undefined || account.password !== password) {
      return refused(401, 'Wrong username or password');
    }
    return this.issue(account.accountId, (set) => this.#tokenReply(set, true));
  }

  #refresh(request: ServerRequest): Processed {
    const token = refreshTokenOf(request);
    if (token === undefined) return refused(400, 'refresh_token is required');
    const shows = !(this.#omitsReused && this.rules.rotation.kind === 'reusable');
    return this.exchange(
      token,
      (set) => this.#tokenReply(set, shows),
      () => refused(this.refusalStatus, 'Invalid refresh token').reply,
    );
  }

  #tokenReply(set: IssuedSet, showsRefreshToken: boolean): Reply {
    const { accountId } = set.family;
    const refresh = showsRefreshToken ? set.refresh : undefined;
    return jsonReply(200, {
      success: true,
      guid: guidOf(accountId),
      username: this.truth.accounts.get(accountId)?.username,
      token: set.accessToken,
      tokenExpiration: this.#shownDate(set.accessEndsAt),
      tokenLifetime: this.secondsLeft(set.accessEndsAt),
      ...(refresh && {
        refreshToken: refresh.token,
        refreshTokenExpiration: this.#shownDate(refresh.endsAt),
      }),
      permissions: ['device:read'],
      locale: 'en',
    });
  }

  #shownDate(at: number): string {
    const date = new Date(this.shownSeconds(at) * 1000);
    return date.toISOString().replace('.000Z', '+00:00');
  }

  #claimedAccount(request: ServerRequest): AuthRefreshAccount | undefined {
    const { username, account_id: number } = jsonBody(request) ?? {};
    return this.findAccount(
      (account) =>
        account.username === username && (number === undefined || number === account.accountNumber),
    );
  }
}

function refreshTokenOf(request: ServerRequest): string | undefined {
  const token = jsonBody(request)?.refresh_token;
  return typeof token === 'string' ? token : undefined;
}

function refused(status: number, message: string): Processed {
  const reply = jsonReply(status, { success: false, message });
  return { reply, facts: { outcome: 'refused' } };
}

function guidOf(accountId: string): string {
  const digits = createHash('sha256').update(accountId).digest('hex');
  const parts = [
    [0, 8],
    [8, 12],
    [12, 16],
    [16, 20],
    [20, 32],
  ] as const;
  return parts.map(([from, to]) => digits.slice(from, to)).join('-');
}
