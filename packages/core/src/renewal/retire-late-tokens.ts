import { randomId } from '../clock/random.js';
import type { KnownAccount } from '../provider/account-registry.js';
import type { LiveTokens } from '../provider/token-provider.js';
import { type AccountRecord, newRecord, type RetiringTokens } from '../store/account-record.js';
import { editRecord } from '../store/edit-record.js';
import type { SealedTokens } from '../store/sealed-tokens.js';
import { dueOf } from './due-of.js';
import { type FreshTokens, withFreshTokens } from './fresh-tokens.js';
import type { RenewalServices } from './renewal-services.js';
import { Revocation } from './revocation.js';

/**
 * Tokens that arrived after the account was revoked, deleted or logged in anew: nobody will use
 * them, so they are ended at the server like a revoked token, unless that would end the living
 * ones too.
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
  await owe(services, account, fresh, late);
  await new Revocation(services).retire(account);
}

/** Durable before the server is told, like every other revocation. */
async function owe(
  services: RenewalServices,
  account: KnownAccount,
  { incarnation, generation }: FreshTokens,
  { accessToken, refreshToken }: LiveTokens,
): Promise<void> {
  const { tokens, random, store } = services;
  const sealed = tokens.sealRetiring(
    { account: account.id, incarnation, generation },
    {
      ...(accessToken === undefined ? {} : { access: accessToken }),
      ...(refreshToken === undefined ? {} : { refresh: refreshToken }),
    },
  );
  const id = randomId(random, 8);
  await editRecord(store, account.id, ({ record, time }) => {
    if (record === undefined) return;
    const late: RetiringTokens = {
      id,
      sealed,
      incarnation,
      generation,
      after: time.ms,
      attempts: 0,
    };
    const next = { ...record, retiring: [...record.retiring, late] };
    return { record: next, due: dueOf(services, account, next) };
  });
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
