import {
  type IssuedTokens,
  type LoginCall,
  type LoginInteraction,
  TokenError,
} from '@tokenkeep/core';
import { canObtain, type OAuth2Credentials } from '../credentials.js';
import type { ContextFor } from '../protocol/context.js';
import { loginByBrowser } from './authorization-code.js';
import { loginByCode } from './device-code.js';

/** Logs a person in, the way they want, or the way this server can. */
export async function logPersonIn(
  contextFor: ContextFor,
  interaction: LoginInteraction,
  call: LoginCall,
  credentials: OAuth2Credentials | undefined,
): Promise<IssuedTokens> {
  if (credentials !== undefined && canObtain(credentials)) throw notOfAPerson(credentials);
  const context = await contextFor(call, credentials);
  const { as, settings } = context;
  const canBrowse = as.authorization_endpoint !== undefined;
  const canShowCode = as.device_authorization_endpoint !== undefined;
  const { way = canBrowse ? 'browser' : 'code' } = interaction;
  if (way === 'browser' && canBrowse) return loginByBrowser(context, interaction);
  if (way === 'code' && canShowCode) return loginByCode(context, interaction, call);
  throw new TokenError(
    'CONFIGURATION_INVALID',
    `The authorization server of "${settings.id}" logs nobody in by ${way}, as far as is known: it ` +
      `has no ${way === 'code' ? 'device_authorization_endpoint' : 'authorization_endpoint'}.`,
    { reason: 'no_endpoint' },
  );
}

/** When the person's grant ends, these would log in as somebody else, unasked. */
function notOfAPerson({ grant }: OAuth2Credentials): TokenError {
  return new TokenError(
    'CONFIGURATION_INVALID',
    `The credentials of this account log in by themselves (grant: ${grant}), and not as a person. ` +
      'For the client that a person logs in with, write grant: authorization_code, clientId and how ' +
      'it authenticates.',
    { reason: 'credentials_shape' },
  );
}
