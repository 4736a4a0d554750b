import {
  type IssuedTokens,
  type JsonObject,
  refusalOf,
  TokenError,
  type TokenReply,
} from '@tokenkeep/core';
import type { OAuth2Settings } from '../options.js';
import { type Asked, readTokens, successIn } from '../replies.js';

/**
 * RFC 6749 section 5.1. A member that is null is not there. What an ID token beside them says is
 * asked by nobody: it is not looked at.
 */
export function tokensOfLogin(
  asked: Asked,
  reply: TokenReply,
  settings: OAuth2Settings,
): IssuedTokens {
  const { refreshToken, ...issued } = readTokens(acceptedIn(asked, reply), settings);
  if (typeof issued.accessToken !== 'string') throw missing('access_token of a known token_type');
  return { ...issued, ...(refreshToken === null ? {} : { refreshToken }) };
}

function acceptedIn(asked: Asked, reply: TokenReply): JsonObject {
  try {
    return successIn(asked, reply);
  } catch (error) {
    if (refusalOf(error)?.kind === 'grant_rejected') throw notLoggedIn('invalid_grant');
    throw error;
  }
}

const words = {
  access_denied: 'The login was refused',
  expired_token: 'The code was not used in time',
  invalid_grant: 'The authorization server does not take the code it gave, or not any more',
} as const;

export function notLoggedIn(providerCode: keyof typeof words): TokenError {
  return new TokenError('REAUTHORIZATION_REQUIRED', `${words[providerCode]}. Log in again.`, {
    reason: 'login_refused',
    providerCode,
  });
}

export function missing(what: string): TokenError {
  return new TokenError(
    'PROVIDER_PROTOCOL',
    `The authorization server does not keep to the protocol: its reply has no ${what}.`,
    { reason: 'protocol' },
  );
}
