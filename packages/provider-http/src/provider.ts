import {
  type JsonObject,
  PROVIDER_CONTRACT,
  type ProviderCall,
  type Secret,
  type TokenProvider,
} from '@tokenkeep/core';
import { fitsAny } from './conditions.js';
import { declaredCredentials, type HttpCredentials } from './credentials.js';
import type { Operation, ProviderDeclaration } from './declaration.js';
import type { DeclaredAsk, DeclaredTokenAsk } from './declaration-schema.js';
import { readLifetime } from './lifetimes.js';
import { namesInAsk, TOKENS } from './names-in-ask.js';
import { declaredProfile } from './profile.js';
import { readDeclaration } from './read-declaration.js';
import { assertAccepted, factsOf, isTokenRejection, readTokens, takenFrom } from './replies.js';
import { valueAt } from './reply-values.js';
import { requestOf, unfit } from './requests.js';
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

  async function taken(operation: Operation, first: First, values: Values) {
    const apart = operation === 'refresh' && !namesInAsk(first).includes('refreshToken');
    try {
      const reply = await ask(operation, first, values);
      assertAccepted(declared, operation, reply, apart);
      return takenFrom(reply, first.take, apart);
    } finally {
      if (apart) values.call.nothingProcessed();
    }
  }

  async function issued(operation: Operation, asked: DeclaredTokenAsk, values: Values) {
    const { first, reply: own } = asked;
    const step = first && (await taken(operation, first, values));
    const reply = await ask(operation, asked, { ...values, first: step });
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

    // By its name alone: a member of its own would say the same of every declaration there is.
    clientId: ({ clientId }) => (typeof clientId === 'string' ? clientId : undefined),

    obtain: (credentials, call) =>
      issued('obtain', obtain as DeclaredTokenAsk, { call, credentials }),

    ...(refresh && {
      async refresh(refreshToken, call, credentials) {
        const needed = namesInAsk(refresh).some((name) => name.startsWith('credentials.'));
        if (needed && credentials === undefined) {
          const place = { ...declared, operation: 'refresh' };
          throw call.credentialsError ?? unfit(place, 'it needs credentials');
        }
        return issued('refresh', refresh, { call, credentials, refreshToken });
      },
    }),

    ...(revoke && {
      async revoke(tokens, call, credentials) {
        const names = namesInAsk(revoke);
        if (TOKENS.some((name) => names.includes(name) && !tokens[name])) return;
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

type First = NonNullable<DeclaredTokenAsk['first']>;

/** What placeholders stand for in one operation. */
interface Values {
  readonly call: ProviderCall;
  readonly credentials?: HttpCredentials | undefined;
  readonly refreshToken?: Secret | undefined;
  readonly accessToken?: Secret | undefined;
  readonly first?: HttpCredentials | undefined;
}
