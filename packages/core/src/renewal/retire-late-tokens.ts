import type { KnownAccount } from '../provider/account-registry.js';
import type { LiveTokens } from '../provider/token-provider.js';
import { type AccountRecord, newRecord } from '../store/account-record.js';
import type { SealedTokens } from '../store/sealed-tokens.js';
import { type FreshTokens, withFreshTokens } from './fresh-tokens.js';
import { callProvider } from './provider-operation.js';
import type { RenewalServices } from './renewal-services.js';

/**
 * Tokens that arrived after the account was revoked, deleted or logged in anew: nobody will use
 * them, so they are ended at the server, unless that would end the living ones too. Best effort.
 */
export async function retireLateTokens(
  services: RenewalServices,
  account: KnownAccount,
  record: AccountRecord | undefined,
  fresh: FreshTokens,
): Promise<void> {
  const { provider, id } = account;
  const living = record?.state === 'live' && record.access !== undefined;
  if (provider.revoke === undefined || fresh.access?.sharesUpstream) return;
  if (living && provider.profile.revocationScope === 'grant') return;
  const late = tokensOf(services.tokens, id, withFreshTokens(newRecord(fresh.incarnation), fresh));
  const kept = record === undefined ? {} : tokensOf(services.tokens, id, record);
  if (late === undefined || kept === undefined || shareToken(late, kept)) return;
  const { issued } = await callProvider(services, account, {
    rotating: false,
    admit: async () => {},
    run: async (call) => provider.revoke?.(late, call),
  });
  if (!issued.ok) return;
  const { generation } = fresh;
  services.events.emit('token:revoked', { account: id, provider: provider.id, generation });
}

/** `undefined` where they cannot be opened: then nothing is known, and nothing is ended. */
function tokensOf(tokens: SealedTokens, id: string, record: AccountRecord): LiveTokens | undefined {
  try {
    const access = tokens.openAccess(id, record)?.token;
    const refresh = tokens.openRefresh(id, record);
    return {
      ...(access === undefined ? {} : { accessToken: access }),
      ...(refresh === undefined ? {} : { refreshToken: refresh }),
    };
  } catch {
    return undefined;
  }
}

function shareToken(a: LiveTokens, b: LiveTokens): boolean {
  const same = (left: LiveTokens['accessToken'], right: LiveTokens['accessToken']) =>
    left !== undefined && right !== undefined && left.equals(right);
  return same(a.accessToken, b.accessToken) || same(a.refreshToken, b.refreshToken);
}
