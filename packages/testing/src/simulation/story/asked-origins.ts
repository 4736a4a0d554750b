import { type ProviderCall, Secret, type TokenProvider } from '@tokenkeep/core';

/** The same provider; `tell` hears each origin that it sends a token request to. */
export function telling(provider: TokenProvider, tell: (origin: string) => void): TokenProvider {
  const { contract, id, profile, credentials } = provider;
  const through = (call: ProviderCall): ProviderCall => ({
    target: call.target,
    signal: call.signal,
    ...(call.credentialsError && { credentialsError: call.credentialsError }),
    nothingProcessed: () => call.nothingProcessed(),
    lifetimeUntil: (endsAt, reply) => call.lifetimeUntil(endsAt, reply),
    send(request) {
      const url = Secret.of(request.url).reveal();
      if (URL.canParse(url)) tell(new URL(url).origin);
      return call.send(request);
    },
  });
  const { canObtain, clientId, refresh, revoke, inspect, login } = provider;
  return {
    contract,
    id,
    profile,
    credentials,
    ...(canObtain && { canObtain: (secrets) => canObtain.call(provider, secrets) }),
    ...(clientId && { clientId: (secrets) => clientId.call(provider, secrets) }),
    obtain: (secrets, call) => provider.obtain(secrets, through(call)),
    ...(refresh && {
      refresh: (token, call, secrets) => refresh.call(provider, token, through(call), secrets),
    }),
    ...(revoke && {
      revoke: (tokens, call, secrets) => revoke.call(provider, tokens, through(call), secrets),
    }),
    ...(inspect && {
      inspect: (token, call, secrets) => inspect.call(provider, token, through(call), secrets),
    }),
    ...(login && {
      login(interaction, call, secrets) {
        const waiting = { ...through(call), wait: (ms: number) => call.wait(ms) };
        return login.call(provider, interaction, waiting, secrets);
      },
    }),
    authorize: (headers, token) => provider.authorize(headers, token),
    isTokenRejection: (reply) => provider.isTokenRejection(reply),
  };
}
