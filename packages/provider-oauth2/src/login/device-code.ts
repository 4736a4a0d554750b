import {
  type IssuedTokens,
  type JsonObject,
  type LoginCall,
  type LoginInteraction,
  lifetimeFrom,
  refusalOf,
  TokenError,
} from '@tokenkeep/core';
import { deviceAuthorizationRequest, deviceCodeGrantRequest } from 'oauth4webapi';
import { askForTokens, type Context, send } from '../protocol/context.js';
import { parametersButScope, parametersOf } from '../protocol/grant-requests.js';
import { successIn } from '../replies.js';
import { missing, notLoggedIn, tokensOfLogin } from './tokens-of-login.js';

/** RFC 8628 section 3.2: where the server does not say how often it may be asked. */
const DEFAULT_INTERVAL_MS = 5_000;
const SHORTEST_INTERVAL_MS = 1_000;
/** RFC 8628 section 3.5. */
const SLOWER_BY_MS = 5_000;
const LONGEST_MS = 1_800_000;

/** RFC 8628: the person types a code in, on any device, and the server is asked until it is done. */
export async function loginByCode(
  context: Context,
  interaction: LoginInteraction,
  call: LoginCall,
): Promise<IssuedTokens> {
  const { reply } = await send(context, (road) =>
    deviceAuthorizationRequest(...context.parties, parametersOf(context), road),
  );
  const json = successIn('endpoint', reply);
  const deviceCode = textIn(json, 'device_code');
  const lifetimeMs = Math.min(lifetimeFrom(json.expires_in) ?? 0, LONGEST_MS);
  if (lifetimeMs <= 0) throw missing('expires_in');
  const { verification_uri_complete: urlWithCode } = json;
  await interaction.showCode(
    {
      code: textIn(json, 'user_code'),
      url: textIn(json, 'verification_uri'),
      ...(typeof urlWithCode === 'string' && { urlWithCode }),
      lifetimeMs,
    },
    call.signal,
  );
  let intervalMs = intervalIn(json);
  let retryAfterMs = 0;
  for (let waitedMs = 0; waitedMs < lifetimeMs; ) {
    const pauseMs = Math.min(Math.max(intervalMs, retryAfterMs), lifetimeMs - waitedMs);
    await call.wait(pauseMs);
    waitedMs += pauseMs;
    try {
      return await tokensFor(context, deviceCode);
    } catch (error) {
      intervalMs = intervalAfter(error, intervalMs);
      retryAfterMs = refusalOf(error)?.retryAfterMs ?? 0;
    }
  }
  throw notLoggedIn('expired_token');
}

function textIn(json: JsonObject, member: string): string {
  const text = json[member];
  if (typeof text !== 'string' || text === '') throw missing(member);
  return text;
}

function intervalIn({ interval }: JsonObject): number {
  const statedMs = lifetimeFrom(interval) ?? 0;
  return statedMs > 0 ? Math.max(statedMs, SHORTEST_INTERVAL_MS) : DEFAULT_INTERVAL_MS;
}

async function tokensFor(context: Context, deviceCode: string): Promise<IssuedTokens> {
  const { reply } = await askForTokens(context, (road) =>
    deviceCodeGrantRequest(...context.parties, deviceCode, {
      ...road,
      additionalParameters: parametersButScope(context),
    }),
  );
  return tokensOfLogin('device_code', reply, context.settings);
}

/**
 * How often the server may be asked from now on. After silence, or a failure that passes, the code is
 * still good.
 *
 * @throws what ended the login
 */
function intervalAfter(error: unknown, intervalMs: number): number {
  if (!TokenError.is(error)) throw error;
  const { providerCode } = error;
  if (providerCode === 'authorization_pending') return intervalMs;
  if (providerCode === 'slow_down') return intervalMs + SLOWER_BY_MS;
  if (providerCode === 'access_denied' || providerCode === 'expired_token') {
    throw notLoggedIn(providerCode);
  }
  if (!error.retryable) throw error;
  return intervalMs * 2;
}
