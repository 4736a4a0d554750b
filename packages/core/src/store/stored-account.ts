import { type AccountConfig, accountToken, isAccountToken } from '../account/account-config.js';
import { TokenError } from '../errors/token-error.js';
import type { Sealer } from '../sealing/sealer.js';
import { Secret } from '../token/secret.js';

/**
 * The body of a `configuration` row: an account that lives in the store, so that every process on
 * it has it. A removed one leaves its row behind, without anything in it.
 */
type StoredAccount = Omit<AccountConfig, 'credentials'> & {
  readonly format: 1;
  /** JSON of the credentials, sealed. */
  readonly credentials?: string;
};

export const removedAccount = JSON.stringify({ format: 1, removed: true });

export function sealAccount(sealer: Sealer, id: string, config: AccountConfig): string {
  const { credentials, ...rest } = config;
  const stored: StoredAccount = {
    format: 1,
    ...rest,
    ...(credentials === undefined ? {} : { credentials: seal(sealer, id, credentials) }),
  };
  return JSON.stringify(stored);
}

/** Also of a row that nobody can read: it is there, and not removed. */
export function isRemoved(body: string): boolean {
  try {
    return 'removed' in JSON.parse(body);
  } catch {
    return false;
  }
}

/**
 * Of a row that is not removed.
 *
 * @throws TokenError `RECORD_UNREADABLE`, `KEY_UNKNOWN`
 */
export function openAccount(sealer: Sealer, id: string, body: string): AccountConfig {
  const { format, credentials, ...config } = parse(id, body);
  if (credentials === undefined) return config;
  return { ...config, credentials: JSON.parse(sealer.open(credentials, placeOf(id)), revive) };
}

function parse(id: string, body: string): StoredAccount {
  try {
    const value = JSON.parse(body) as StoredAccount & { provider?: unknown; account?: unknown };
    if (typeof value.provider === 'string' && typeof value.account === 'string') return value;
  } catch {}
  throw damaged(id);
}

function damaged(id: string): TokenError {
  return new TokenError(
    'RECORD_UNREADABLE',
    `The stored configuration of ${id} is damaged. Add the account again, to replace it.`,
    { reason: 'not_a_configuration', account: id },
  );
}

const placeOf = (account: string) => ({
  account,
  field: 'credentials',
  incarnation: 'configuration',
  generation: 0,
});

function seal(sealer: Sealer, id: string, credentials: unknown): string {
  return sealer.seal(JSON.stringify(marked(credentials)), placeOf(id));
}

/** Values that print as something else than they are, marked so that `revive` finds them. */
function marked(value: unknown): unknown {
  if (Secret.is(value)) return { $secret: value.reveal() };
  if (isAccountToken(value)) return { $accountToken: value.account };
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, marked(each)]));
}

function revive(_name: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const { $secret, $accountToken } = value as { $secret?: unknown; $accountToken?: unknown };
  if (typeof $secret === 'string') return new Secret($secret);
  if (typeof $accountToken === 'string') return accountToken($accountToken);
  return value;
}
