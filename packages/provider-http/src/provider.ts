import {
  type JsonObject,
  PROVIDER_CONTRACT,
  type ProviderCall,
  refuse,
  Secret,
  TokenError,
  type TokenProvider,
  type TokenReply,
} from '@tokenkeep/core';
import { fitsAny } from './conditions.js';
import { declaredCredentials, type HttpCredentials } from './credentials.js';
import type { Operation, ProviderDeclaration } from './declaration.js';
import type { Declared, DeclaredAsk } from './declaration-schema.js';
import { readLifetime } from './lifetimes.js';
import { mapMembers } from './map-members.js';
import { namesInAsk } from './names-in-ask.js';
import { declaredProfile } from './profile.js';
import { readDeclaration } from './read-declaration.js';
import { assertAccepted, factsOf, isTokenRejection, readTokens } from './replies.js';
import { textAt, valueAt } from './reply-values.js';
import { requestOf } from './requests.js';
import type { Lookup } from './template.js';

/**
 * A provider from a declaration: one API as data, in code or out of a file.
 *
 * ```ts
 * const acme = httpProvider({
 *   id: 'acme',
 *   baseUrl: 'https://id.acme.example',
 *   credentials: { user: { secret: false }, password: {} },
 *   obtain: { url: '/login', json: { user: '{credentials.user}', pw: '{credentials.password}' } },
 *   refresh: { url: '/refresh', form: { refresh_token: '{refreshToken}' } },
 * });
 * ```
 *
 * @throws TokenError `CONFIGURATION_INVALID` naming each member that is wrong
 */
export function httpProvider(declaration: ProviderDeclaration): TokenProvider<HttpCredentials> {
  const declared = readDeclaration(declaration);
  const { id, token, obtain, refresh, revoke, inspect } = declared;

  async function ask(operation: Operation, asked: DeclaredAsk, values: Values) {
    const { call } = values;
    const named = { ...values, target: call.target } as unknown as JsonObject;
    const lookup = ((name) => valueAt(named, name)) as Lookup;
    return call.send(requestOf(asked, { ...declared, operation }, lookup));
  }

  async function issued(operation: 'obtain' | 'refresh', asked: Asked, values: Values) {
    const { first, reply: own } = asked;
    let taken = {};
    if (first !== undefined) {
      const step = await ask(operation, first, values);
      assertAccepted(declared, operation, step);
      taken = { first: takenFrom(step, first.take) };
    }
    const reply = await ask(operation, asked, { ...values, ...taken });
    assertAccepted(declared, operation, reply);
    return readTokens(declared, { ...declared.reply, ...own }, reply, values.call);
  }

  return {
    contract: PROVIDER_CONTRACT,
    id,
    profile: declaredProfile(declared),
    credentials: declaredCredentials(declared.credentials),

    canObtain: (credentials) =>
      obtain?.needs.every((name) => credentials[name] !== undefined) ?? false,

    obtain: (credentials, call) => issued('obtain', obtain as Asked, { call, credentials }),

    ...(refresh && {
      async refresh(refreshToken, call, credentials) {
        if (credentials === undefined && usesCredentials(refresh)) {
          throw new TokenError(
            'CONFIGURATION_INVALID',
            `To refresh, give the account of provider "${id}" its credentials.`,
          );
        }
        return issued('refresh', refresh, { call, credentials, refreshToken });
      },
    }),

    ...(revoke && {
      async revoke(tokens, call, credentials) {
        const names = namesInAsk(revoke).filter((name) => name.endsWith('Token'));
        if (names.some((name) => !tokens[name as keyof typeof tokens])) return;
        const reply = await ask('revoke', revoke, { ...tokens, call, credentials });
        if (!fitsAny(factsOf(reply), revoke.revoked)) assertAccepted(declared, 'revoke', reply);
      },
    }),

    ...(inspect && {
      async inspect(accessToken, call, credentials) {
        const reply = await ask('inspect', inspect, { call, accessToken, credentials });
        if (fitsAny(factsOf(reply), inspect.inactive)) return { active: false };
        assertAccepted(declared, 'inspect', reply);
        const lifetimeMs =
          inspect.lifetime && readLifetime(inspect.lifetime, reply.jsonIfAny(), reply, call);
        return { active: true, ...(lifetimeMs === undefined ? {} : { lifetimeMs }) };
      },
    }),

    authorize(headers, { secret }) {
      const { header, scheme } = token;
      headers.set(header, (scheme === 'none' ? '' : `${scheme} `) + secret.reveal());
    },

    isTokenRejection: (reply) => isTokenRejection(declared, reply),
  };
}

type Asked = NonNullable<Declared['refresh']>;

/** What placeholders stand for in one operation. */
interface Values {
  readonly call: ProviderCall;
  readonly credentials?: HttpCredentials | undefined;
  readonly refreshToken?: Secret | undefined;
  readonly accessToken?: Secret | undefined;
  readonly first?: HttpCredentials;
}

/** @throws TokenError where the first of two requests brought nothing to go on with */
function takenFrom(reply: TokenReply, take: Readonly<Record<string, string>>): HttpCredentials {
  return mapMembers(take, (at) => {
    const value = textAt(reply.jsonIfAny(), at);
    if (value === undefined) throw refuse('ambiguous', reply);
    return new Secret(value);
  });
}

function usesCredentials(asked: Asked): boolean {
  const asks = asked.first === undefined ? [asked] : [asked, asked.first];
  return asks.flatMap(namesInAsk).some((name) => name.startsWith('credentials.'));
}
