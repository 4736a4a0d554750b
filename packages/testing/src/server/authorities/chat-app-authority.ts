import { Authority, type AuthorityOptions } from '../authority.js';
import type { AuthorityAccount } from '../authority-truth.js';
import { jsonReply, type Reply } from '../reply.js';
import type { Operation, RequestFacts } from '../request-log.js';
import { RollingLimit, type RollingLimitRule } from '../rolling-limit.js';
import type { IssuedSet } from '../rotation/token-family.js';
import { bcryptLikeToken, hexToken } from '../rotation/token-mint.js';
import type { Processed } from '../scripted-server.js';
import { header, jsonBody, type ServerRequest } from '../server-request.js';

export interface ChatAppAccount extends AuthorityAccount {
  readonly email: string;
  readonly password: string;
  readonly appId: string;
  readonly cabinetUserId?: number;
}

export interface ChatAppAuthorityOptions extends AuthorityOptions<ChatAppAccount> {
  /** The status of a refused token; clients have seen 200, 401 and 403. Default 403. */
  readonly refusalStatus?: 200 | 401 | 403;
  /** Default: bcrypt-like. */
  readonly tokenShape?: 'bcrypt' | 'hex';
  /** Tokens made by email and appId. Default 100 a day. */
  readonly makeLimit?: RollingLimitRule;
  /** Whether API calls may also send `Bearer <token>`. Default false. */
  readonly acceptsBearer?: boolean;
}

const checkPath = '/v1/tokens/check';
const makePath = '/v1/tokens';
const refreshPath = '/v1/tokens/refresh';

/**
 * Behaves like ChatApp: `POST /v1/tokens`, `POST /v1/tokens/refresh` with the token in the
 * `Refresh` header, `GET /v1/tokens/check`, and any other path under `/v1/` as an API call with the
 * bare token in `Authorization`. End times are unix seconds on the server's shown clock.
 *
 * Defaults: 24 h and 14 days, both tokens rotate, strict single use.
 */
export class ChatAppAuthority extends Authority<ChatAppAccount> {
  /** May be changed while the server runs. */
  refusalStatus: number;

  readonly #makes: RollingLimit;
  readonly #acceptsBearer: boolean;

  constructor(options: ChatAppAuthorityOptions = {}) {
    const mint = options.tokenShape === 'hex' ? hexToken : bcryptLikeToken;
    const lives = { accessLifeMs: 86_400_000, refreshLifeMs: 14 * 86_400_000 };
    super(options, lives, { access: mint, refresh: mint });
    this.refusalStatus = options.refusalStatus ?? 403;
    this.#makes = new RollingLimit(options.makeLimit ?? { limit: 100, windowMs: 86_400_000 });
    this.#acceptsBearer = options.acceptsBearer ?? false;
  }

  protected route(request: ServerRequest): Operation {
    if (request.method === 'POST' && request.path === makePath) return 'obtain';
    if (request.method === 'POST' && request.path === refreshPath) return 'refresh';
    if (request.method === 'GET' && request.path === checkPath) return 'inspect';
    return 'api';
  }

  protected identify(request: ServerRequest, operation: Operation): RequestFacts {
    if (operation === 'refresh') return this.describeRefreshToken(header(request, 'refresh'));
    if (operation !== 'obtain') return this.describeAccessToken(this.#accessToken(request));
    const accountId = this.#claimedAccount(request)?.accountId;
    return accountId === undefined ? {} : { accountId };
  }

  protected process(request: ServerRequest, operation: Operation): Processed {
    if (operation === 'obtain') return this.#make(request);
    if (operation === 'refresh') return this.#refresh(request);
    const token = this.#accessToken(request);
    const data = operation === 'inspect' ? { accessToken: token } : { path: request.path };
    return this.serve(
      token,
      () => jsonReply(200, { success: true, data }),
      () => this.#invalidToken(),
    );
  }

  #make(request: ServerRequest): Processed {
    const { email, password, appId } = jsonBody(request) ?? {};
    if (!isText(email) || !isText(password) || !isText(appId)) {
      return refused(400, 'ApiInvalidRequestError', 'email, password and appId are required');
    }
    const account = this.#claimedAccount(request);
    if (account === undefined || account.password !== password) {
      return refused(401, 'ApiInvalidCredentialsError', 'Wrong email or password');
    }
    if (!this.#makes.admit(JSON.stringify([email, appId]), this.time.now())) {
      const { reply } = refused(429, 'ApiTokensLimitError', 'Tokens limit reached');
      return { reply, facts: { outcome: 'throttled' } };
    }
    return this.issue(account.accountId, (set) => this.#tokenReply(set));
  }

  #refresh(request: ServerRequest): Processed {
    const token = header(request, 'refresh');
    if (token === undefined) return refused(400, 'ApiInvalidRequestError', 'Refresh is required');
    return this.exchange(
      token,
      (set) => this.#tokenReply(set),
      () => this.#invalidToken(),
    );
  }

  #tokenReply(set: IssuedSet): Reply {
    const account = this.truth.accounts.get(set.family.accountId);
    return jsonReply(200, {
      success: true,
      data: {
        cabinetUserId: account?.cabinetUserId ?? 14545,
        accessToken: set.accessToken,
        accessTokenEndTime: this.shownSeconds(set.accessEndsAt),
        refreshToken: set.refresh?.token,
        refreshTokenEndTime: this.shownSeconds(set.refresh?.endsAt ?? 0),
      },
    });
  }

  #invalidToken(): Reply {
    const error = { code: 'ApiInvalidTokenError', message: 'Invalid Token' };
    return jsonReply(this.refusalStatus, { success: false, error });
  }

  #claimedAccount(request: ServerRequest): ChatAppAccount | undefined {
    const body = jsonBody(request);
    return this.findAccount(({ email, appId }) => email === body?.email && appId === body?.appId);
  }

  #accessToken(request: ServerRequest): string | undefined {
    const value = header(request, 'authorization');
    return this.#acceptsBearer ? value?.replace(/^bearer /i, '') : value;
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function refused(status: number, code: string, message: string): Processed {
  const reply = jsonReply(status, { success: false, error: { code, message } });
  return { reply, facts: { outcome: 'refused' } };
}
