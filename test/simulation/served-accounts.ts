import { type AccountConfig, accountToken, type TokenProvider } from '@tokenkeep/core';
import { authRefresh } from '@tokenkeep/provider-auth-refresh';
import { chatApp } from '@tokenkeep/provider-chatapp';
import { oauth20 } from '@tokenkeep/provider-oauth20';
import {
  AuthRefreshAuthority,
  ChatAppAuthority,
  OAuth20Authority,
  type TokenRules,
} from '@tokenkeep/testing';
import type { SimServer, Simulation } from '@tokenkeep/testing/simulation';

/** Accounts at one simulated server, and the provider a service configures for it. */
export interface ServedAccounts {
  readonly server: SimServer;
  readonly providers: readonly TokenProvider[];
  readonly accounts: readonly AccountConfig[];
}

interface Setup {
  /** Names of the accounts. Default `crm` alone. */
  readonly names?: readonly string[];
  /** Default true; without it nobody can log in, and tokens are imported. */
  readonly logsIn?: boolean;
  readonly account?: Partial<AccountConfig>;
}

type Rules = Partial<TokenRules>;
type AuthRefreshProfile = Partial<Parameters<typeof authRefresh>[0]>;

/** JSON login and `/auth/refresh`: an hour, 30 days, strict single use, unless told otherwise. */
export function authRefreshAccounts(
  simulation: Simulation,
  setup: Setup & { readonly rules?: Rules; readonly profile?: AuthRefreshProfile } = {},
): ServedAccounts {
  const { names = ['crm'], logsIn = true, profile = {} } = setup;
  const id = profile.id ?? 'crm-api';
  const baseUrl = `https://${id}.test`;
  const people = names.map((accountId) => ({ accountId, username: accountId, password: 'pass' }));
  const server = simulation.serve(
    baseUrl,
    (time) => new AuthRefreshAuthority({ time, accounts: people, rules: setup.rules ?? {} }),
  );
  return {
    server,
    providers: [authRefresh({ baseUrl, ...profile, id }) as TokenProvider],
    accounts: people.map(({ accountId, username, password }) => ({
      provider: id,
      account: accountId,
      ...(logsIn ? { credentials: { username, password } } : {}),
      ...setup.account,
    })),
  };
}

/** ChatApp: a day, 14 days, 100 logins a day, renewed on demand, unless told otherwise. */
export function chatAppAccounts(
  simulation: Simulation,
  setup: Setup & { readonly rules?: Rules } = {},
): ServedAccounts {
  const { names = ['crm'] } = setup;
  const baseUrl = 'https://chatapp.test';
  const licences = names.map((accountId) => ({
    accountId,
    email: `${accountId}@example.com`,
    password: 'pass',
    appId: 'app_1_1',
  }));
  const server = simulation.serve(
    baseUrl,
    (time) => new ChatAppAuthority({ time, accounts: licences, rules: setup.rules ?? {} }),
  );
  return {
    server,
    providers: [chatApp({ baseUrl }) as TokenProvider],
    accounts: licences.map(({ accountId, ...credentials }) => ({
      provider: 'chatapp',
      account: accountId,
      credentials,
      ...setup.account,
    })),
  };
}

/** A token for a client's id and secret: there is no refresh token, only another login. */
export function loginOnlyAccounts(
  simulation: Simulation,
  setup: Setup & { readonly rules?: Rules } = {},
): ServedAccounts {
  const { names = ['crm'] } = setup;
  const baseUrl = 'https://shop.test';
  const clients = names.map((accountId) => ({
    accountId,
    clientId: accountId,
    clientSecret: 'secret',
  }));
  const server = simulation.serve(
    baseUrl,
    (time) => new OAuth20Authority({ time, accounts: clients, rules: setup.rules ?? {} }),
  );
  return {
    server,
    providers: [oauth20({ id: 'shop', baseUrl, resource: 'session' }) as TokenProvider],
    accounts: clients.map(({ accountId, ...credentials }) => ({
      provider: 'shop',
      account: accountId,
      credentials,
      ...setup.account,
    })),
  };
}

/** `crm`, whose tokens are issued for the bearer that another account, `identity`, keeps alive. */
export function chainedAccounts(
  simulation: Simulation,
  { rules, upstreamRules }: { rules?: Rules; upstreamRules?: Rules } = {},
): ServedAccounts & { readonly upstream: SimServer } {
  const upstream = authRefreshAccounts(simulation, {
    names: ['identity'],
    profile: { id: 'identity-api' },
    ...(upstreamRules === undefined ? {} : { rules: upstreamRules }),
  });
  const { truth } = upstream.server.authority;
  const baseUrl = 'https://session.test';
  const server = simulation.serve(
    baseUrl,
    (time) =>
      new OAuth20Authority({
        time,
        mode: 'issues-token',
        rules: rules ?? {},
        foreignBearer(token) {
          const set = truth.tokens.set(token);
          if (set === undefined) return undefined;
          return { accountId: 'crm', state: truth.accessState(token), endsAt: set.accessEndsAt };
        },
      }),
  );
  return {
    server,
    upstream: upstream.server,
    providers: [...upstream.providers, oauth20({ id: 'session', baseUrl }) as TokenProvider],
    accounts: [
      ...upstream.accounts,
      {
        provider: 'session',
        account: 'crm',
        credentials: { bearer: accountToken('identity') },
      },
    ],
  };
}
