import type { KnownAccount } from '../provider/account-registry.js';
import type { AccountRecord } from '../store/account-record.js';
import type { Judgement } from '../token/judge-issued-tokens.js';
import { callProvider } from './provider-operation.js';
import type { RenewalServices } from './renewal-services.js';

/**
 * Tokens that arrived after the account was revoked, deleted or logged in anew: nobody will use
 * them, so they are ended at the server, unless that would end the living ones too.
 */
export async function retireLateTokens(
  services: RenewalServices,
  account: KnownAccount,
  record: AccountRecord | undefined,
  judged: Judgement,
): Promise<void> {
  const { provider } = account;
  const living = record?.state === 'live' && record.access !== undefined;
  if (provider.revoke === undefined || !judged.usable) return;
  if (living && provider.profile.revocationScope === 'grant') return;
  if (judged.tokens.sharesUpstreamToken) return;
  const { accessToken, refresh } = judged.tokens;
  const tokens = { accessToken, ...(refresh === undefined ? {} : { refreshToken: refresh.token }) };
  const { issued } = await callProvider(services, account, {
    rotating: false,
    admit: async () => {},
    run: async (call) => provider.revoke?.(tokens, call),
  });
  if (!issued.ok) return;
  services.events.emit('token:revoked', {
    account: account.id,
    provider: provider.id,
    generation: record?.generation ?? 0,
  });
}
