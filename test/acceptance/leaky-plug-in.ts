import {
  PROVIDER_CONTRACT,
  type ProviderCall,
  TokenError,
  type TokenProvider,
} from '@tokenkeep/core';
import { plugInProfile } from './plug-in-profile.js';

/** Every way in which a careless plug-in throws, with the password in hand. */
export const carelessThrows: Readonly<Record<string, (secret: string) => unknown>> = {
  message: (secret) => new Error(`cannot log in with ${secret}`),
  name: (secret) => Object.assign(new Error('no'), { code: secret, config: { auth: secret } }),
  text: (secret) => secret,
  object: (secret) => ({ request: { body: secret } }),
  cause: (secret) =>
    new TokenError('PROVIDER_UNAVAILABLE', 'It failed.', { cause: new Error(`with ${secret}`) }),
  causes: (secret) =>
    new TokenError('PROVIDER_UNAVAILABLE', 'It failed.', {
      cause: new AggregateError([new Error(secret)], 'all failed', { cause: { secret } }),
    }),
  members: (secret) =>
    Object.assign(new TokenError('PROVIDER_UNAVAILABLE', 'It failed.'), {
      config: { headers: { authorization: secret } },
      response: secret,
    }),
  words: (secret) =>
    new TokenError('PROVIDER_UNAVAILABLE', `It failed for ${secret}.`, {
      providerMessage: `${'x'.repeat(170)} ${secret}`,
      reason: secret,
    }),
  stack: (secret) =>
    Object.defineProperty(new TokenError('PROVIDER_UNAVAILABLE', 'It failed.'), 'stack', {
      value: `Error: ${secret}\n    at somewhere`,
    }),
};

/** A plug-in that throws in `where`, and otherwise takes what the login of a server gives. */
export function leakyPlugIn(
  id: string,
  baseUrl: string,
  where: 'obtain' | 'revoke' | 'validate' | 'authorize' | 'isTokenRejection' | 'budget',
  thrown: (secret: string) => unknown,
  secret: string,
): TokenProvider {
  const fail = (here: typeof where) => {
    if (here === where) throw thrown(secret);
  };
  const budget = {
    operation: 'obtain' as const,
    limit: 10,
    windowMs: 3_600_000,
    burst: 5,
    refillMs: 60_000,
    key: () => {
      throw thrown(secret);
    },
  };
  return {
    contract: PROVIDER_CONTRACT,
    id,
    profile: where === 'budget' ? { ...plugInProfile, budgets: [budget] } : plugInProfile,
    credentials: {
      '~standard': {
        version: 1,
        vendor: 'careless',
        validate: (value) => {
          fail('validate');
          return { value };
        },
      },
    },
    async obtain(credentials, call: ProviderCall) {
      fail('obtain');
      const reply = await call.send({
        method: 'POST',
        url: `${baseUrl}/auth/login`,
        json: credentials,
      });
      return { accessToken: reply.json().token, lifetimeMs: 3_600_000 };
    },
    async revoke() {
      fail('revoke');
    },
    authorize(headers, token) {
      fail('authorize');
      headers.set('Authorization', `Bearer ${token.reveal()}`);
    },
    async isTokenRejection() {
      fail('isTokenRejection');
      return false;
    },
  };
}
