import { type ProviderCall, Secret, type TokenProvider } from '@tokenkeep/core';

/** The same provider; `tell` hears each origin that it sends a token request to. */
export function telling(provider: TokenProvider, tell: (origin: string) => void): TokenProvider {
  const { contract, id, profile, credentials } = provider;
  const through = (call: ProviderCall): ProviderCall => ({
    target: call.target,
    signal: call.signal,
    lifetimeUntil: (endsAt, reply) => call.lifetimeUntil(endsAt, reply),
    send(request) {
      const url = Secret.of(request.url).reveal();
      if (URL.canParse(url)) tell(new URL(url).origin);
      return call.send(request);
    },
  });
  const { refresh, revoke, inspect } = provider;
  return {
    contract,
    id,
    profile,
    credentials,
    obtain: (secrets, call) => provider.obtain(secrets, through(call)),
    ...(refresh && {
      refresh: (token, call, secrets) => refresh.call(provider, token, through(call), secrets),
    }),
    ...(revoke && { revoke: (tokens, call) => revoke.call(provider, tokens, through(call)) }),
    ...(inspect && { inspect: (token, call) => inspect.call(provider, token, through(call)) }),
    authorize: (headers, token) => provider.authorize(headers, token),
    isTokenRejection: (reply) => provider.isTokenRejection(reply),
  };
}
