import {
  Authority,
  type IssuedSet,
  jsonReply,
  type Operation,
  opaqueToken,
  type Processed,
  type Reply,
  type RequestFacts,
  type ServerRequest,
  type TestClock,
  type TokenRules,
} from '@tokenkeep/testing';

/** How one vendor words its requests and replies; the rest is `Authority`'s. */
export interface Manners {
  route(request: ServerRequest): Operation;
  /** The refresh token of a refresh, from wherever this vendor wants it. */
  refreshToken?(request: ServerRequest): string | undefined;
  /** The access token of every other request. Default: after `Bearer`. */
  accessToken?(request: ServerRequest): string | undefined;
  /** Whether a login is right. */
  accepts(request: ServerRequest): boolean;
  /** What replies to a login or a refresh say. */
  tokens(set: IssuedSet, life: { seconds: number; endsAt: number; now: number }): unknown;
  /** What it says to a wrong login, or to a dead refresh token. */
  refusal(operation: Operation): Reply;
  /** What the API says to a dead access token. Default: 401. */
  rejection?(): Reply;
  /** What it says to an inspection. */
  inspection?(active: boolean): Reply;
  readonly rules?: Partial<TokenRules>;
}

/** One account, a scripted server around it, and every request as it came. */
export class VendorServer extends Authority<{ readonly accountId: string }> {
  readonly requests: ServerRequest[] = [];

  constructor(
    private readonly manners: Manners,
    clock: TestClock,
  ) {
    const accounts = [{ accountId: 'main' }];
    super(
      { clock, accounts, rules: manners.rules ?? {} },
      {},
      { access: opaqueToken, refresh: opaqueToken },
    );
  }

  protected route(request: ServerRequest): Operation {
    return this.manners.route(request);
  }

  protected identify(request: ServerRequest, operation: Operation): RequestFacts {
    if (operation === 'obtain') return { accountId: 'main' };
    if (operation !== 'refresh') return this.describeAccessToken(this.#accessToken(request));
    return this.describeRefreshToken(this.#refreshToken(request));
  }

  protected process(request: ServerRequest, operation: Operation): Processed {
    this.requests.push(request);
    const { manners } = this;
    const refused = () => manners.refusal(operation);
    if (operation === 'obtain') {
      if (manners.accepts(request)) return this.issue('main', (set) => this.#reply(set));
      return { reply: refused(), facts: { outcome: 'refused' } };
    }
    if (operation === 'refresh') {
      const token = this.#refreshToken(request) ?? '';
      return this.exchange(token, (set) => this.#reply(set), refused);
    }
    const token = this.#accessToken(request);
    if (operation === 'revoke') {
      this.truth.revokeFamily('main');
      return { reply: jsonReply(200, { ok: true }), facts: { outcome: 'revoked' } };
    }
    if (operation === 'inspect') {
      const active = token !== undefined && this.truth.accepts(token);
      return {
        reply: manners.inspection?.(active) ?? jsonReply(404, {}),
        facts: { outcome: 'served' },
      };
    }
    const rejection = () => manners.rejection?.() ?? jsonReply(401, { error: 'invalid_token' });
    return this.serve(token, () => jsonReply(200, { ok: true }), rejection);
  }

  #reply(set: IssuedSet): Reply {
    const now = this.shownNow();
    const seconds = this.secondsLeft(set.accessEndsAt);
    const endsAt = set.accessEndsAt + this.dateSkewMs;
    return jsonReply(200, this.manners.tokens(set, { seconds, endsAt, now }));
  }

  #refreshToken(request: ServerRequest): string | undefined {
    return this.manners.refreshToken?.(request);
  }

  #accessToken(request: ServerRequest): string | undefined {
    const read = this.manners.accessToken;
    if (read !== undefined) return read(request);
    return /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1];
  }
}
