import type { TokenError } from '@tokenkeep/core';

/** What a server says of itself is not there, and will not be there later: "issuer" is wrong. */
export function isWrongIssuer({ reason, status = 0 }: TokenError): boolean {
  const busy = status === 408 || status === 429;
  return reason === 'discovery' && status >= 400 && status < 500 && !busy;
}
