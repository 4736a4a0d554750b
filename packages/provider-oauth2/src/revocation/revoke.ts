import type { LiveTokens, Secret } from '@tokenkeep/core';
import { revocationRequest } from 'oauth4webapi';
import { type Context, requireEndpoint, send } from '../protocol/context.js';
import { assertAccepted, errorCode } from '../replies.js';

/**
 * RFC 7009. The refresh token first: what is left of the grant must not outlive a failure in between.
 */
export async function revokeTokens(
  context: Context,
  { accessToken, refreshToken }: LiveTokens,
): Promise<void> {
  requireEndpoint(context, 'revocation_endpoint');
  if (refreshToken !== undefined) await revoke(context, refreshToken, 'refresh_token');
  if (accessToken === undefined) return;
  await revoke(context, accessToken, 'access_token', refreshToken !== undefined);
}

/** @param inVain whether it may be of a kind that this server cannot revoke, such as a JWT */
async function revoke(
  context: Context,
  token: Secret,
  hint: 'refresh_token' | 'access_token',
  inVain = false,
): Promise<void> {
  const { reply } = await send(context, (road) =>
    revocationRequest(...context.parties, token.reveal(), {
      ...road,
      additionalParameters: { token_type_hint: hint },
    }),
  );
  const code = errorCode(reply);
  // RFC 7009 section 2.2 answers 200 for these; not every server does.
  if (code === 'invalid_token' || code === 'invalid_grant') return;
  if (inVain && code === 'unsupported_token_type') return;
  assertAccepted('endpoint', reply);
}
