import type { AccountConfig, Budget, ImportedTokens, TokenProvider } from '@tokenkeep/core';
import { accountToken } from '@tokenkeep/core';
import { authRefresh } from '@tokenkeep/provider-auth-refresh';
import { chatApp } from '@tokenkeep/provider-chatapp';
import { oauth20 } from '@tokenkeep/provider-oauth20';
import { AuthRefreshAuthority, ChatAppAuthority, OAuth20Authority } from '@tokenkeep/testing';
import type { SimServer, Simulation } from '@tokenkeep/testing/simulation';

/** How long tokens live in one draw. */
export interface Lives {
  readonly accessLifeMs: number;
  readonly refreshLifeMs: number;
}

/** Somebody who logs in elsewhere, for an account that cannot by itself. */
export interface Person {
  /** The engine's name for the account. */
  readonly account: string;
  logIn(): ImportedTokens;
}

/** One server with accounts of one kind, and the provider a service configures for it. */
export interface Landscape {
  readonly servers: readonly SimServer[];
  readonly providers: readonly TokenProvider[];
  readonly accounts: readonly AccountConfig[];
  readonly people?: readonly Person[];
}

/** A kind of authorization server: how it treats tokens, and what its profile says. */
export interface AccountMode {
  readonly name: string;
  /** Puts it into a simulation, with `count` accounts. `index` keeps two of one kind apart. */
  build(simulation: Simulation, index: number, count: number, lives: Lives): Landscape;
}

type AuthRefreshOptions = NonNullable<ConstructorParameters<typeof AuthRefreshAuthority>[0]>;

/** JSON login and `/auth/refresh`, with one way to treat refresh tokens. */
function refreshing(
  name: string,
  rules: AuthRefreshOptions['rules'],
  profile: Partial<Parameters<typeof authRefresh>[0]>,
  server: Partial<AuthRefreshOptions> = {},
): AccountMode {
  return {
    name,
    build(simulation, index, count, lives) {
      const id = `${name}-${index}`;
      const baseUrl = `https://${id}.test`;
      const people = named(id, count).map((accountId) => ({
        accountId,
        username: accountId,
        password: `password of ${accountId}`,
      }));
      const served = simulation.serve(
        baseUrl,
        (time) =>
          new AuthRefreshAuthority({
            time,
            accounts: people,
            rules: { ...lives, ...rules },
            ...server,
          }),
      );
      return {
        servers: [served],
        providers: [authRefresh({ id, baseUrl, ...profile }) as TokenProvider],
        accounts: people.map(({ accountId, username, password }) => ({
          provider: id,
          account: accountId,
          credentials: { username, password },
        })),
      };
    },
  };
}

/** A pair by e-mail and password, renewed only when it has ended or was refused. */
const likeChatApp: AccountMode = {
  name: 'chatapp',
  build(simulation, index, count, { accessLifeMs }) {
    const id = `chatapp-${index}`;
    const baseUrl = `https://${id}.test`;
    const licences = named(id, count).map((accountId) => ({
      accountId,
      email: `${accountId}@example.com`,
      password: `password of ${accountId}`,
      appId: 'app_1_1',
    }));
    const rules = { accessLifeMs, refreshLifeMs: 14 * accessLifeMs };
    const served = simulation.serve(
      baseUrl,
      (time) => new ChatAppAuthority({ time, accounts: licences, rules }),
    );
    return {
      servers: [served],
      providers: [chatApp({ id, baseUrl }) as TokenProvider],
      accounts: licences.map(({ accountId, email, password, appId }, place) => ({
        provider: id,
        account: accountId,
        credentials: { email, password, appId },
        // A quiet account keeps its refresh token alive; the others need it only when asked.
        keepAlive: place % 2 === 0,
      })),
    };
  },
};

/** A token for a client's id and secret: there is no refresh token, only another login. */
const loginOnly: AccountMode = {
  name: 'login-only',
  build(simulation, index, count, { accessLifeMs }) {
    const id = `login-only-${index}`;
    const baseUrl = `https://${id}.test`;
    const clients = named(id, count).map((accountId) => ({
      accountId,
      clientId: accountId,
      clientSecret: `secret of ${accountId}`,
    }));
    // Not much more than it needs.
    const quota: Budget = {
      operation: 'obtain',
      limit: 24,
      windowMs: 10 * accessLifeMs,
      burst: 4,
      refillMs: accessLifeMs / 2,
      key: (credentials) => JSON.stringify((credentials as { clientId: string }).clientId),
    };
    const served = simulation.serve(
      baseUrl,
      (time) => new OAuth20Authority({ time, accounts: clients, rules: { accessLifeMs } }),
    );
    return {
      servers: [served],
      providers: [oauth20({ id, baseUrl, resource: 'session', budgets: [quota] }) as TokenProvider],
      accounts: clients.map(({ accountId, clientId, clientSecret }) => ({
        provider: id,
        account: accountId,
        credentials: { clientId, clientSecret },
      })),
    };
  },
};

/** Sessions for the bearer of another account, whose refresh token rotates. */
const chained: AccountMode = {
  name: 'chained',
  build(simulation, index, count, lives) {
    const upstream = strict.build(simulation, 100 + index, 1, lives);
    const [identity] = upstream.accounts;
    const [{ authority: identities } = undefined as never] = upstream.servers;
    const id = `chained-${index}`;
    const baseUrl = `https://${id}.test`;
    const [accountId = id] = named(id, 1);
    const served = simulation.serve(
      baseUrl,
      (time) =>
        new OAuth20Authority({
          time,
          mode: count % 2 === 0 ? 'introspects' : 'issues-token',
          rules: { accessLifeMs: lives.accessLifeMs },
          foreignBearer(token) {
            const set = identities.truth.tokens.set(token);
            if (set === undefined) return undefined;
            const state = identities.truth.accessState(token);
            return { accountId, state, endsAt: set.accessEndsAt };
          },
        }),
    );
    return {
      servers: [...upstream.servers, served],
      providers: [...upstream.providers, oauth20({ id, baseUrl }) as TokenProvider],
      accounts: [
        ...upstream.accounts,
        {
          provider: id,
          account: accountId,
          credentials: { bearer: accountToken(identity?.account ?? '') },
        },
      ],
    };
  },
};

/** Accounts without credentials: when a rotation is lost, a person has to come. */
const withoutLogin: AccountMode = {
  name: 'no-login',
  build(simulation, index, count, lives) {
    const { servers, providers, accounts } = strict.build(simulation, 200 + index, count, lives);
    const [{ authority } = undefined as never] = servers;
    return {
      servers,
      providers,
      accounts: accounts.map(({ provider, account }) => ({ provider, account })),
      people: accounts.map(({ provider, account }) => ({
        account: `${provider}/${account}`,
        logIn() {
          const { accessToken, refresh } = authority.truth.tokens.login(account);
          return { accessToken, lifetimeMs: lives.accessLifeMs, refreshToken: refresh?.token };
        },
      })),
    };
  },
};

const strict = refreshing('strict', { rotation: { kind: 'strict' } }, {});

export const accountModes: readonly AccountMode[] = [
  strict,
  refreshing('resend-once', { rotation: { kind: 'strict' } }, { inDoubt: 'resend-once' }),
  refreshing(
    'grace',
    { rotation: { kind: 'grace', graceMs: 60_000 } },
    { refreshToken: { singleUse: true, reuseGraceMs: 60_000 } },
  ),
  refreshing(
    'non-rotating',
    { rotation: { kind: 'reusable' } },
    { refreshToken: 'reusable' },
    { omitsReusedRefreshToken: true },
  ),
  refreshing('same-token', { rotation: { kind: 'reusable' } }, { refreshToken: 'reusable' }),
  refreshing('cached-token', { sameAccessUntilLeftMs: 60_000 }, {}),
  refreshing('ends-old-access', { refreshEndsOldAccess: true }, {}),
  refreshing('absolute-end', { refreshSlides: false }, {}),
  likeChatApp,
  loginOnly,
  chained,
  withoutLogin,
];

function named(id: string, count: number): string[] {
  return Array.from({ length: count }, (_, place) => `${id}-${place}`);
}
