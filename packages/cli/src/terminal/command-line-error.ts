import { TokenError } from '@tokenkeep/core';

/** The reason of errors that are about what was typed. */
export const COMMAND_LINE = 'command_line';

/** The command line is wrong. `message` says what to type instead, and repeats no value. */
export function commandLineError(message: string): TokenError {
  return new TokenError('CONFIGURATION_INVALID', message, { reason: COMMAND_LINE });
}
