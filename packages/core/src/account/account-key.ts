import { TokenError } from '../errors/token-error.js';

/**
 * Everything that makes two tokens different. Two keys that differ in any part never share a
 * token. A string names an account as it was configured.
 */
export type AccountKey = string | AccountParts;

export interface AccountParts {
  /** Id of the provider, e.g. `chatapp`. */
  readonly provider: string;
  /** Name of the account, unique per provider. */
  readonly account: string;
  readonly tenant?: string;
  /** RFC 8707 resource indicator. */
  readonly resource?: string;
  /** Space-separated scope, RFC 6749 section 3.3. Order does not matter. */
  readonly scope?: string;
}

/** The canonical name: `provider/account`, then `;tenant=`, `;resource=`, `;scope=` if given. */
export function accountId(parts: AccountParts): string {
  const scope = parts.scope === undefined ? undefined : normalScope(parts.scope);
  const optional = { tenant: parts.tenant, resource: parts.resource, scope };
  const suffix = Object.entries(optional)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `;${name}=${encoded(name, value as string)}`)
    .join('');
  return `${encoded('provider', parts.provider)}/${encoded('account', parts.account)}${suffix}`;
}

function encoded(part: string, value: string): string {
  try {
    return encodeURIComponent(value);
  } catch {
    throw new TokenError(
      'CONFIGURATION_INVALID',
      `The ${part} of an account is not text: it has half a character in it.`,
    );
  }
}

/** Scope values are a set (RFC 6749 section 3.3): sorted, without repeats. */
export function normalScope(scope: string): string {
  return [...new Set(scope.split(' ').filter(Boolean))].sort().join(' ');
}
