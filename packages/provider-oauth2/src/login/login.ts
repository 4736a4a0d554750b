import {
  type IssuedTokens,
  type LoginCall,
  type LoginInteraction,
  TokenError,
} from '@tokenkeep/core';
import type { Context } from '../protocol/context.js';
import { loginByBrowser } from './authorization-code.js';
import { loginByCode } from './device-code.js';

/** Logs a person in, the way they want, or the way this server can. */
export async function logPersonIn(
  context: Context,
  interaction: LoginInteraction,
  call: LoginCall,
): Promise<IssuedTokens> {
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
