import {
  type Inspection,
  type IssuedTokens,
  lifetimeFrom,
  PROVIDER_CONTRACT,
  type ProviderCall,
  type RefusalKind,
  refusalKindByStatus,
  refuse,
  Secret,
  type TokenProvider,
  type TokenReply,
} from '@tokenkeep/core';
import { z } from 'zod';

const credentials = z.strictObject({
  user: z.string().min(1),
  password: z
    .string()
    .min(1)
    .transform((text) => new Secret(text)),
});

export type AcmeCredentials = z.output<typeof credentials>;
/** Every part that a program can use; nobody logs in to it by hand. */
export type Acme = Required<
  Omit<TokenProvider<AcmeCredentials>, 'login' | 'canObtain' | 'clientId'>
>;

/** The good provider that all the broken ones are made of. */
export function acme(url: string): Acme {
  return {
    contract: PROVIDER_CONTRACT,
    id: 'acme',
    credentials,
    profile: {
      apiOrigins: [url],
      renewal: 'ahead',
      refreshToken: { singleUse: true, reuseGraceMs: 0 },
      inDoubt: 'never-resend',
      notProcessed: [429],
      refreshRevokesAccessToken: true,
      revocationScope: 'grant',
      lifetime: { defaultMs: 300_000, maxMs: 86_400_000, zeroMeans: 'invalid' },
      passwordLogin: true,
      budgets: [
        {
          operation: 'obtain',
          limit: 50,
          windowMs: 86_400_000,
          burst: 10,
          refillMs: 60_000,
          key: (checked) => (checked as AcmeCredentials).user,
        },
      ],
    },
    async obtain(given, call) {
      return readTokens(await logIn(url, given, call), 'credentials_rejected', call);
    },
    async refresh(refreshToken, call) {
      const json = { refresh: refreshToken };
      const reply = await call.send({ method: 'POST', url: `${url}/refresh`, json });
      return readTokens(reply, 'grant_rejected', call);
    },
    async revoke({ accessToken }, call) {
      if (accessToken === undefined) return;
      const json = { token: accessToken };
      const reply = await call.send({ method: 'POST', url: `${url}/logout`, json });
      if (!reply.ok && codeOf(reply) !== 'unknown_token') throw refusal(reply, 'ambiguous');
    },
    async inspect(accessToken, call): Promise<Inspection> {
      const headers = { Authorization: accessToken.map((text) => `Bearer ${text}`) };
      const reply = await call.send({ method: 'GET', url: `${url}/session`, headers });
      if (codeOf(reply) === 'unknown_token') return { active: false };
      if (!reply.ok) throw refusal(reply, 'ambiguous');
      return { active: true };
    },
    authorize(headers, token) {
      headers.set('Authorization', `Bearer ${token.reveal()}`);
    },
    async isTokenRejection(reply) {
      if (reply.status !== 401) return false;
      const body = (await reply.json()) as { error?: unknown } | null | undefined;
      return body?.error === 'unknown_token';
    },
  };
}

export function logIn(
  url: string,
  { user, password }: AcmeCredentials,
  call: ProviderCall,
): Promise<TokenReply> {
  return call.send({ method: 'POST', url: `${url}/login`, json: { user, password } });
}

/** `denied` is what the server's own word for "no" means in this operation. */
export function readTokens(
  reply: TokenReply,
  denied: RefusalKind,
  call: ProviderCall,
): IssuedTokens {
  if (!reply.ok) throw refusal(reply, denied);
  const { token, refresh, seconds, refresh_ends: ends } = reply.json();
  return {
    accessToken: token,
    refreshToken: refresh,
    lifetimeMs: lifetimeFrom(seconds),
    refreshLifetimeMs: call.lifetimeUntil(lifetimeFrom(ends), reply),
  };
}

export function refusal(reply: TokenReply, denied: RefusalKind) {
  const code = codeOf(reply);
  const words: Record<string, RefusalKind> = {
    denied,
    slow_down: 'throttled',
    unknown_client: 'client_rejected',
  };
  const kind = words[String(code)] ?? refusalKindByStatus(reply.status);
  return refuse(kind, reply, { code, description: reply.jsonIfAny()?.message });
}

export function codeOf(reply: TokenReply): unknown {
  return reply.jsonIfAny()?.error;
}
