import { AuthRefreshAuthority, ChatAppAuthority, OAuth20Authority } from '@tokenkeep/testing';
import { stringify } from 'yaml';
import { SANDBOX_PORT } from './sandbox-defaults.js';

/** Known to everybody: these accounts open nothing but the sandbox. */
const logins = {
  crm: { email: 'ada@example.com', password: 'sandbox-password', appId: 'app_1_1' },
  tracker: { username: 'ada', password: 'sandbox-password' },
  shop: { clientId: 'shop', clientSecret: 'sandbox-secret' },
} as const;

/** One account of the sandbox, and the server that knows it. */
export interface SandboxAccount {
  readonly name: 'crm' | 'tracker' | 'shop';
  /** Id of its provider in the config. */
  readonly provider: 'chatapp' | 'tracker-api' | 'shop-api';
  /** Kind of the provider: `use` in the config. */
  readonly use: 'chatapp' | 'auth-refresh' | 'oauth20';
  readonly baseUrl: string;
  readonly credentials: Readonly<Record<string, string>>;
  /** A path of its API that answers 200 to a good token. */
  readonly apiPath: string;
}

/** The accounts there are when the sandbox listens from `port` on. */
export function sandboxAccounts(port: number = SANDBOX_PORT): readonly SandboxAccount[] {
  const url = (offset: number) => `http://127.0.0.1:${port + offset}`;
  return [
    {
      name: 'crm',
      provider: 'chatapp',
      use: 'chatapp',
      baseUrl: url(0),
      credentials: logins.crm,
      apiPath: '/v1/licenses',
    },
    {
      name: 'tracker',
      provider: 'tracker-api',
      use: 'auth-refresh',
      baseUrl: url(1),
      credentials: logins.tracker,
      apiPath: '/devices',
    },
    {
      name: 'shop',
      provider: 'shop-api',
      use: 'oauth20',
      baseUrl: url(2),
      credentials: logins.shop,
      apiPath: '/orders',
    },
  ];
}

/** A config for the accounts of the sandbox: for `tokenkeep.yaml`, or to be made into text. */
export function sandboxConfig(port: number = SANDBOX_PORT) {
  const accounts = sandboxAccounts(port);
  return {
    allowInsecureLoopback: true,
    providers: Object.fromEntries(
      accounts.map(({ provider, use, baseUrl }) => [provider, { use, baseUrl }]),
    ),
    accounts: Object.fromEntries(
      accounts.map(({ name, provider, credentials }) => [name, { provider, credentials }]),
    ),
  };
}

/** The same as YAML. */
export function sandboxConfigText(port: number = SANDBOX_PORT): string {
  return stringify(sandboxConfig(port));
}

/** The scripted servers of the sandbox, not started, in the order of their ports. */
export function sandboxServers(port: number, lifeMs: number) {
  // Refresh tokens outlive access tokens as far as the vendors' do.
  const rules = { accessLifeMs: lifeMs, refreshLifeMs: lifeMs * 14 };
  return [
    new ChatAppAuthority({ port, rules, accounts: [{ accountId: 'crm', ...logins.crm }] }),
    new AuthRefreshAuthority({
      port: port + 1,
      rules,
      accounts: [{ accountId: 'tracker', ...logins.tracker }],
    }),
    new OAuth20Authority({
      port: port + 2,
      rules,
      accounts: [{ accountId: 'shop', ...logins.shop }],
    }),
  ] as const;
}
