import { Authority, type AuthorityOptions } from '../authority.js';
import type { AuthorityAccount } from '../authority-truth.js';
import { jsonReply, type Reply, textReply } from '../reply.js';
import type { Operation, RequestFacts, TokenState } from '../request-log.js';
import { RollingLimit, type RollingLimitRule } from '../rolling-limit.js';
import type { IssuedSet } from '../rotation/token-family.js';
import { opaqueToken } from '../rotation/token-mint.js';
import type { Processed } from '../scripted-server.js';
import { bearer, header, type ServerRequest } from '../server-request.js';

export interface OAuth20Account extends AuthorityAccount {
  readonly clientId: string;
  /** Public clients have none. */
  readonly clientSecret?: string;
  /** For the password grant. */
  readonly username?: string;
  readonly password?: string;
}

/** A bearer that another server issued. */
export interface ForeignBearer {
  readonly accountId: string;
  readonly state: TokenState;
  /** True server time, ms since 1970. */
  readonly endsAt: number;
}

export interface OAuth20AuthorityOptions extends AuthorityOptions<OAuth20Account> {
  /**
   * What `GET /oauth20/access-token` does. `introspects`: tells how long the bearer lives, which is
   * itself the token · `issues-token`: the body carries a new access token. Default `introspects`.
   */
  readonly mode?: 'introspects' | 'issues-token';
  /** How the token endpoint writes its reply. Default `number`. */
  readonly replyForm?: 'number' | 'string' | 'wrapped';
  /** Default `json`. */
  readonly errorForm?: 'json' | 'xml';
  /** Requests below `/oauth20/` by account. Default: none. */
  readonly rateLimit?: RollingLimitRule;
  /** Knows the bearers of another server: the account is the end of a chain. */
  readonly foreignBearer?: (token: string) => ForeignBearer | undefined;
}

const sessionPath = /^\/oauth20\/access-tokens?$/;
const tokenPath = '/oauth20/token';

/**
 * Behaves like an OAuth20 server with session resources: `POST /oauth20/token` (client_credentials,
 * password, refresh_token), `GET` and `DELETE /oauth20/access-token` (or `access-tokens`) with a
 * bearer, and any other path as an API call.
 *
 * In the log, GET counts as `inspect`, in mode `issues-token` as `obtain`; DELETE as `revoke`. Every
 * login is a family of its own, so that ending one token leaves the others alone.
 */
export class OAuth20Authority extends Authority<OAuth20Account> {
  /** May be changed while the server runs. */
  mode: 'introspects' | 'issues-token';
  /** May be changed while the server runs. */
  replyForm: 'number' | 'string' | 'wrapped';
  /** May be changed while the server runs. */
  errorForm: 'json' | 'xml';

  readonly #rate: RollingLimit | undefined;
  readonly #foreignBearer: (token: string) => ForeignBearer | undefined;
  readonly #endedForeign = new Set<string>();

  constructor(options: OAuth20AuthorityOptions = {}) {
    super(options, { accessLifeMs: 86_400_000 }, { access: opaqueToken, refresh: opaqueToken });
    this.mode = options.mode ?? 'introspects';
    this.replyForm = options.replyForm ?? 'number';
    this.errorForm = options.errorForm ?? 'json';
    this.#rate = options.rateLimit && new RollingLimit(options.rateLimit);
    this.#foreignBearer = options.foreignBearer ?? (() => undefined);
  }

  protected route(request: ServerRequest): Operation {
    if (request.method === 'POST' && request.path === tokenPath) {
      return formOf(request).get('grant_type') === 'refresh_token' ? 'refresh' : 'obtain';
    }
    if (!sessionPath.test(request.path)) return 'api';
    if (request.method === 'DELETE') return 'revoke';
    if (request.method !== 'GET') return 'api';
    return this.mode === 'issues-token' ? 'obtain' : 'inspect';
  }

  protected identify(request: ServerRequest, operation: Operation): RequestFacts {
    if (operation === 'refresh') {
      return this.describeRefreshToken(formOf(request).get('refresh_token') ?? undefined);
    }
    if (request.path !== tokenPath) return this.#describeBearer(bearer(request));
    const accountId = this.#claimedAccount(request)?.accountId;
    return accountId === undefined ? {} : { accountId };
  }

  protected process(request: ServerRequest, operation: Operation): Processed {
    if (operation === 'api') return this.#serveApi(request);
    const { accountId } = this.identify(request, operation);
    if (this.#rate?.admit(accountId ?? '', this.time.now()) === false) {
      const reply = this.#error(409, 'rate-limit-quota-exceeded', 'Too many requests');
      return { reply, facts: { outcome: 'throttled' } };
    }
    if (request.path === tokenPath) return this.#grant(request);
    return this.#session(request, operation);
  }

  #grant(request: ServerRequest): Processed {
    const form = formOf(request);
    const account = this.#claimedAccount(request);
    const grantType = form.get('grant_type');
    if (!this.#clientIsGenuine(request)) return this.#refused(401, 'invalid_client');
    if (grantType === 'refresh_token') {
      return this.exchange(
        form.get('refresh_token') ?? '',
        (set) => this.#tokenReply(set),
        () => this.#error(401, 'invalid_token', 'The refresh token is not valid'),
      );
    }
    if (grantType === 'client_credentials' && account?.clientSecret !== undefined) {
      return this.issue(account.accountId, (set) => this.#tokenReply(set), false);
    }
    if (grantType !== 'password') return this.#refused(401, 'invalid_request');
    if (account?.password === undefined || account.password !== form.get('password')) {
      return this.#refused(401, 'invalid_grant');
    }
    return this.issue(account.accountId, (set) => this.#tokenReply(set));
  }

  #session(request: ServerRequest, operation: Operation): Processed {
    const token = bearer(request);
    if (token === undefined) return this.#refused(401, 'invalid_request');
    const { accountId, tokenState } = this.#describeBearer(token);
    if (tokenState !== 'live' || accountId === undefined) {
      const reply = this.#error(401, 'invalid_token', 'The access token is not valid');
      return { reply, facts: { outcome: 'token_rejected' } };
    }
    if (operation === 'obtain') {
      return this.issue(accountId, (set) => this.#issuedSessionReply(set), false);
    }
    const reply = jsonReply(200, this.#sessionBody(accountId, this.#endOf(token)));
    if (operation === 'inspect') return { reply, facts: { outcome: 'served' } };
    this.#end(token);
    return { reply, facts: { outcome: 'revoked' } };
  }

  #serveApi(request: ServerRequest): Processed {
    const token = bearer(request);
    const foreign = token === undefined ? undefined : this.#foreignBearer(token);
    if (foreign?.state === 'live' && token !== undefined && !this.#endedForeign.has(token)) {
      return { reply: jsonReply(200, { path: request.path }), facts: { outcome: 'served' } };
    }
    return this.serve(
      token,
      () => jsonReply(200, { path: request.path }),
      () => this.#error(401, 'invalid_token', 'The access token is not valid'),
    );
  }

  #describeBearer(token: string | undefined): RequestFacts {
    const foreign = token === undefined ? undefined : this.#foreignBearer(token);
    const facts = this.describeAccessToken(token);
    if (foreign === undefined || token === undefined) return facts;
    const tokenState = this.#endedForeign.has(token) ? 'revoked' : foreign.state;
    return { ...facts, accountId: foreign.accountId, tokenState };
  }

  #endOf(token: string): number {
    return this.truth.tokens.set(token)?.accessEndsAt ?? this.#foreignBearer(token)?.endsAt ?? 0;
  }

  #end(token: string): void {
    const set = this.truth.tokens.set(token);
    if (set === undefined) this.#endedForeign.add(token);
    else set.family.revoked = true;
  }

  #tokenReply(set: IssuedSet): Reply {
    const seconds = this.secondsLeft(set.accessEndsAt);
    const refresh = set.refresh && { refresh_token: set.refresh.token };
    const body = {
      access_token: set.accessToken,
      token_type: 'bearer',
      expires_in: this.replyForm === 'string' ? String(seconds) : seconds,
      ...refresh,
    };
    return jsonReply(200, this.replyForm === 'wrapped' ? { token: body } : body);
  }

  #issuedSessionReply(set: IssuedSet): Reply {
    const session = this.#sessionBody(set.family.accountId, set.accessEndsAt);
    return jsonReply(200, { ...session, access_token: set.accessToken, token_type: 'bearer' });
  }

  #sessionBody(accountId: string, endsAt: number): Record<string, unknown> {
    return {
      sessionId: `session-${accountId}`,
      userId: accountId,
      authenticated: 'true',
      locale: 'en_US',
      currency: 'USD',
      cartId: '0',
      domain: 'example',
      expiresIn: this.secondsLeft(endsAt),
      sessionTag: '',
    };
  }

  #refused(status: number, code: string): Processed {
    const reply = this.#error(status, code, 'The request was refused');
    return { reply, facts: { outcome: 'refused' } };
  }

  #error(status: number, code: string, description: string): Reply {
    const error = { relation: 'oauth20', code, subcode: '', description };
    if (this.errorForm === 'json') return jsonReply(status, { errors: { error: [error] } });
    const members = Object.entries(error).map(([name, value]) => `<${name}>${value}</${name}>`);
    const xml = `<?xml version="1.0"?><errors><error>${members.join('')}</error></errors>`;
    return textReply(status, xml, 'application/xml');
  }

  #clientIsGenuine(request: ServerRequest): boolean {
    const { clientId, clientSecret } = clientOf(request);
    return (
      this.findAccount(
        (account) => account.clientId === clientId && account.clientSecret === clientSecret,
      ) !== undefined
    );
  }

  #claimedAccount(request: ServerRequest): OAuth20Account | undefined {
    const { clientId } = clientOf(request);
    const username = formOf(request).get('username');
    return this.findAccount(
      (account) =>
        account.clientId === clientId && (username === null || account.username === username),
    );
  }
}

function formOf(request: ServerRequest): URLSearchParams {
  return new URLSearchParams(request.body.toString('utf8'));
}

function clientOf(request: ServerRequest): {
  clientId: string | undefined;
  clientSecret: string | undefined;
} {
  const basic = /^basic (.+)$/i.exec(header(request, 'authorization') ?? '')?.[1];
  if (basic === undefined) {
    const form = formOf(request);
    return {
      clientId: form.get('client_id') ?? undefined,
      clientSecret: form.get('client_secret') ?? undefined,
    };
  }
  const pair = Buffer.from(basic, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  return { clientId: decoded(pair.slice(0, colon)), clientSecret: decoded(pair.slice(colon + 1)) };
}

/** RFC 6749, section 2.3.1: id and secret are form-encoded before they are joined. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}
