import { type AccountConfig, accountToken, type TokenProvider } from '@tokenkeep/core';
import { authRefresh, teletracker } from '@tokenkeep/provider-auth-refresh';
import { chatApp } from '@tokenkeep/provider-chatapp';
import { digitalRiver } from '@tokenkeep/provider-oauth20';
import {
  type Authority,
  type AuthorityAccount,
  AuthRefreshAuthority,
  ChatAppAuthority,
  type ForeignBearer,
  OAuth20Authority,
} from '@tokenkeep/testing';
import { livesMs } from './pace.js';

export type AnyAuthority = Pick<
  Authority<AuthorityAccount>,
  'url' | 'log' | 'truth' | 'stop' | 'onProcessed'
>;

/** An account, the server it lives on, and how to speak of both. */
export interface Member {
  /** As events name it: `chatapp/crm`. */
  readonly id: string;
  /** As callers name it, and the server's log. */
  readonly name: string;
  readonly server: AnyAuthority;
  /** What its callers GET. */
  readonly apiPath: string;
  /** How it comes to a first token, in the past tense. */
  readonly obtains: string;
  /** Its tokens come from another account's token: no credentials are spent on them. */
  readonly chained: boolean;
  /** Renewed only when somebody asks. */
  readonly onDemand: boolean;
}

/** The servers, real ones on loopback, and the accounts the engine keeps there. */
export interface Cast {
  readonly crm: Member;
  readonly fleet: Member;
  readonly staff: Member;
  readonly shop: Member;
  /** Everybody the summary speaks of; a careless client may join. */
  readonly members: Member[];
  readonly providers: readonly TokenProvider[];
  readonly accounts: readonly AccountConfig[];
  /** ChatApp ends a good token behind everybody's back. */
  refuseCrm(): void;
  stop(): Promise<void>;
}

const logins = {
  crm: { email: 'crm@example.org', password: 'crm-password', appId: 'app_1_1' },
  fleet: { username: 'fleet', password: 'fleet-password' },
  staff: { username: 'staff', password: 'staff-password' },
} as const;

export async function assembleCast(): Promise<Cast> {
  const chat = new ChatAppAuthority({
    accounts: [{ accountId: 'crm', ...logins.crm }],
    rules: { accessLifeMs: livesMs.crm },
  });
  const tracker = new AuthRefreshAuthority({
    accounts: [{ accountId: 'fleet', ...logins.fleet }],
    rules: { accessLifeMs: livesMs.fleet },
  });
  const identity = new AuthRefreshAuthority({
    accounts: [{ accountId: 'staff', ...logins.staff }],
    rules: { accessLifeMs: livesMs.staff },
  });
  const river = new OAuth20Authority({
    accounts: [{ accountId: 'shop', clientId: 'shop' }],
    rules: { accessLifeMs: livesMs.shop },
    mode: 'issues-token',
    foreignBearer: (token) => bearerOf(identity, token),
  });
  const servers = [chat, tracker, identity, river];
  await Promise.all(servers.map((server) => server.start()));

  const crm: Member = {
    id: 'chatapp/crm',
    name: 'crm',
    server: chat,
    apiPath: '/v1/licenses',
    obtains: 'logged in at POST /v1/tokens',
    chained: false,
    onDemand: true,
  };
  const fleet: Member = {
    id: 'teletracker/fleet',
    name: 'fleet',
    server: tracker,
    apiPath: '/devices',
    obtains: 'logged in at POST /auth/login',
    chained: false,
    onDemand: false,
  };
  const staff: Member = {
    ...fleet,
    id: 'identity/staff',
    name: 'staff',
    server: identity,
    apiPath: '/me',
  };
  const shop: Member = {
    id: 'digitalriver/shop',
    name: 'shop',
    server: river,
    apiPath: '/v1/shoppers/me',
    obtains: 'with the token of identity/staff',
    chained: true,
    onDemand: false,
  };
  return {
    crm,
    fleet,
    staff,
    shop,
    members: [crm, fleet, staff, shop],
    providers: [
      chatApp({ baseUrl: chat.url }),
      teletracker({ baseUrl: tracker.url }),
      authRefresh({ id: 'identity', baseUrl: identity.url }),
      // Its tokens are often replaced before they end; the guard then goes by this life.
      digitalRiver({ baseUrl: river.url, defaultLifetimeMs: livesMs.shop }),
    ],
    accounts: [
      { provider: 'chatapp', account: 'crm', credentials: logins.crm },
      { provider: 'teletracker', account: 'fleet', credentials: logins.fleet },
      { provider: 'identity', account: 'staff', credentials: logins.staff },
      {
        provider: 'digitalriver',
        account: 'shop',
        credentials: { bearer: accountToken('staff') },
        // Its tokens belong to sessions: without one, nobody needs any.
        eager: false,
      },
    ],
    refuseCrm: () => chat.truth.revokeAccess('crm'),
    stop: async () => {
      await Promise.all(servers.map((server) => server.stop()));
    },
  };
}

/** The shop's server takes what the identity server issued. */
function bearerOf(identity: AuthRefreshAuthority, token: string): ForeignBearer | undefined {
  const set = identity.truth.tokens.set(token);
  if (set === undefined) return undefined;
  const state = identity.truth.accessState(token);
  return { accountId: 'shop', state, endsAt: set.accessEndsAt };
}
