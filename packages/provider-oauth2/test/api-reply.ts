import type { ApiReply } from '@tokenkeep/core';

export function apiReply(
  status: number,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): ApiReply {
  return { status, headers: new Headers(headers), json: async () => body };
}
