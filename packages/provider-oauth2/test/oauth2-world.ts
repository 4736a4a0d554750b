import {
  createTokenEngine,
  type EngineOptions,
  nodeHttpExchange,
  systemClock,
  type TokenEngine,
} from '@tokenkeep/core';
import { type OAuth2Options, oauth2 } from '@tokenkeep/provider-oauth2';
import { RealServer, type RealServerSettings } from './server/real-server.js';

export interface OAuth2Setup extends RealServerSettings {
  /** Options of the provider, beside issuer, id and client. */
  readonly provider?: (server: RealServer) => Partial<OAuth2Options>;
  /** Members of the account. */
  readonly account?: object;
  readonly engine?: Partial<EngineOptions>;
}

/** An engine in front of oidc-provider, in real time, with one account `crm`. */
export class OAuth2World implements AsyncDisposable {
  private constructor(
    readonly server: RealServer,
    readonly engine: TokenEngine,
    /** Bodies of the requests so far, as they left. */
    readonly sent: readonly string[],
  ) {}

  static async begin({ provider, account, engine, ...settings }: OAuth2Setup = {}) {
    const server = await RealServer.begin(settings);
    const options = {
      id: 'idp',
      issuer: server.issuer,
      clientId: 'basic',
      clientSecret: server.secret,
      ...provider?.(server),
    };
    // What is overridden with undefined is meant to be absent.
    const given = Object.entries(options).filter(([, value]) => value !== undefined);
    const sent: string[] = [];
    const exchange = engine?.exchange ?? nodeHttpExchange(systemClock());
    const made = await createTokenEngine({
      providers: [oauth2(Object.fromEntries(given) as unknown as OAuth2Options)],
      accounts: [{ provider: 'idp', account: 'crm', ...account }],
      allowInsecureLoopback: true,
      parameters: { gapMs: 1 },
      ...engine,
      exchange: {
        send(request, hooks) {
          sent.push(request.body ?? '');
          return exchange.send(request, hooks);
        },
      },
    });
    return new OAuth2World(server, made, sent);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.engine.stop({ deadlineMs: 1_000 });
    await this.server[Symbol.asyncDispose]();
  }
}
