import type { RefusalKind } from './refusal.js';

const kinds: Record<string, RefusalKind> = {
  invalid_grant: 'grant_rejected',
  invalid_client: 'client_rejected',
  unauthorized_client: 'client_rejected',
  unsupported_grant_type: 'client_rejected',
  invalid_request: 'client_rejected',
  invalid_scope: 'client_rejected',
  slow_down: 'throttled',
  // "Temporary overloading", RFC 6749 section 4.1.2.1: not now, and nothing was done.
  temporarily_unavailable: 'throttled',
  server_error: 'unavailable',
};

/** The kind of an RFC 6749 section 5.2 `error` code, if it is one. */
export function refusalKindByOAuthError(code: unknown): RefusalKind | undefined {
  return typeof code === 'string' && Object.hasOwn(kinds, code) ? kinds[code] : undefined;
}
