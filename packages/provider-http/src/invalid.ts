import { TokenError } from '@tokenkeep/core';

export function invalid(reason: string, message: string): TokenError {
  return new TokenError('CONFIGURATION_INVALID', message, { reason });
}
