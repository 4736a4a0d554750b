import type { ProviderChoices } from '../provider-choices.js';

export function repliesSource({ refreshToken, revocation }: ProviderChoices): string {
  const refreshes = refreshToken !== 'none';
  const members = refreshes
    ? '{ accessToken: token, refreshToken: refresh, lifetimeMs: lifetimeFrom(seconds) }'
    : '{ accessToken: token, lifetimeMs: lifetimeFrom(seconds) }';
  return `import {
  type IssuedTokens,
  lifetimeFrom,
  type RefusalKind,
  refusalKindByStatus,
  refuse,
  type TokenReply,
} from '@tokenkeep/core';

/** \`denied\` is what the server's own word for "no" means in this operation. */
export function readTokens(reply: TokenReply, denied: RefusalKind): IssuedTokens {
  if (!reply.ok) {
    const code = reply.jsonIfAny()?.error;
    throw refuse(code === 'denied' ? denied : refusalKindByStatus(reply.status), reply, { code });
  }
  const { token, ${refreshes ? 'refresh, ' : ''}seconds } = reply.json();
  // As they are: the engine judges them.
  return ${members};
}
${revocation ? revoked : ''}`;
}

const revoked = `
/** A token that the server does not know is revoked already. */
export function checkRevoked(reply: TokenReply): void {
  const code = reply.jsonIfAny()?.error;
  if (reply.ok || code === 'unknown_token') return;
  throw refuse(refusalKindByStatus(reply.status), reply, { code });
}
`;
