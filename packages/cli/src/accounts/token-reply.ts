import type { ImportedTokens } from '@tokenkeep/core';
import { z } from 'zod';
import { commandLineError } from '../terminal/command-line-error.js';

const seconds = z.union([
  z.number().nonnegative(),
  z
    .string()
    .regex(/^\d{1,12}$/, 'must be a number of seconds')
    .transform(Number),
]);
const milliseconds = z.number().nonnegative();

/** A token reply as RFC 6749 section 5.1 has it, or the members of `engine.accounts.import()`. */
const tokenReply = z.object({
  access_token: z.string().optional(),
  accessToken: z.string().optional(),
  refresh_token: z.string().optional(),
  refreshToken: z.string().optional(),
  expires_in: seconds.optional(),
  lifetimeMs: milliseconds.optional(),
  refresh_expires_in: seconds.optional(),
  refresh_token_expires_in: seconds.optional(),
  refreshLifetimeMs: milliseconds.optional(),
  token_type: z.string().optional(),
  tokenType: z.string().optional(),
  scope: z.string().optional(),
  metadata: z.record(z.string(), z.string()).optional(),
});

export const tokenReplyMembers: readonly string[] = Object.keys(tokenReply.shape);

/** @throws TokenError which names members and never values */
export function tokensFromReply(reply: Readonly<Record<string, unknown>>): ImportedTokens {
  const result = tokenReply.safeParse(reply);
  if (!result.success) {
    const problems = result.error.issues.map(
      ({ path, message }) => `${path.join('.')}: ${message}`,
    );
    throw commandLineError(`These tokens cannot be read. ${problems.join('; ')}.`);
  }
  const given = result.data;
  return {
    accessToken: given.access_token ?? given.accessToken,
    refreshToken: given.refresh_token ?? given.refreshToken,
    lifetimeMs: inMs(given.expires_in) ?? given.lifetimeMs,
    refreshLifetimeMs:
      inMs(given.refresh_expires_in ?? given.refresh_token_expires_in) ?? given.refreshLifetimeMs,
    tokenType: given.token_type ?? given.tokenType,
    scope: given.scope,
    metadata: given.metadata,
  };
}

function inMs(given: number | undefined): number | undefined {
  return given === undefined ? undefined : given * 1_000;
}
