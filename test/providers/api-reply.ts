import type { AccessToken, ApiReply } from '@tokenkeep/core';
import { Secret } from '@tokenkeep/core';

export function apiReply(
  status: number,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): ApiReply {
  return { status, headers: new Headers(headers), json: async () => body };
}

export function accessToken(text: string): AccessToken {
  const metadata = {};
  return {
    account: 'provider/account',
    generation: 1,
    tokenType: 'Bearer',
    expiresAt: 0,
    scope: undefined,
    metadata,
    headers: () => ({}),
    reveal: () => text,
    secret: new Secret(text),
  };
}
