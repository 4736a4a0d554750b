import { TokenError } from '../errors/token-error.js';
import { pardon } from '../guard/guard.js';
import { freshGuard } from '../guard/guard-state.js';
import type { KnownAccount } from '../provider/account-registry.js';
import { type AccountRecord, newRecord } from '../store/account-record.js';
import { editRecord, type FoundRecord } from '../store/edit-record.js';
import { nextIncarnation } from '../store/incarnation.js';
import type { RecordPlace } from '../store/sealed-tokens.js';
import type { StoreTime } from '../store/token-store.js';
import { judgeIssuedTokens } from '../token/judge-issued-tokens.js';
import { Secret } from '../token/secret.js';
import type { RefreshGrant, TokenSet } from '../token/token-set.js';
import { dueOf } from './due-of.js';
import type { RenewalServices } from './renewal-services.js';
import { accessRecord, refreshRecord } from './token-records.js';

/**
 * Tokens that were obtained elsewhere: in a browser, by another tool, by the client that kept
 * this account before. At least one of the two tokens. From here on they are this engine's: a
 * single-use refresh token that somebody else goes on using is lost to one of the two.
 */
export interface ImportedTokens {
  readonly accessToken?: string | Secret | undefined;
  /** What is left of the access token's life, in milliseconds. Default: the provider's. */
  readonly lifetimeMs?: number | undefined;
  readonly refreshToken?: string | Secret | undefined;
  /** What is left of the refresh token's life, in milliseconds. Default: unknown. */
  readonly refreshLifetimeMs?: number | undefined;
  /** RFC 6749 section 7.1; `Bearer` when absent. */
  readonly tokenType?: string | undefined;
  /** Space-separated, RFC 6749 section 3.3. */
  readonly scope?: string | undefined;
  /** Facts the provider would have sent along, e.g. an instance URL. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/**
 * Begins a new life of the account with these tokens. It preempts, like a login by hand: a renewal
 * under way can neither hold it up nor undo it.
 *
 * @throws TokenError `CONFIGURATION_INVALID`, reason `imported_tokens`: nothing is changed
 */
export async function importTokens(
  services: RenewalServices,
  account: KnownAccount,
  imported: ImportedTokens,
): Promise<FoundRecord> {
  if (typeof imported !== 'object' || imported === null) {
    throw unusable(account.id, 'Give { accessToken, refreshToken, lifetimeMs }.');
  }
  const usable = judge(services, account, imported);
  const { store, random, events, elapsed } = services;
  const calledAt = elapsed.now();
  const { found } = await editRecord(store, account.id, ({ record, row, time }) => {
    const incarnation = nextIncarnation(record?.incarnation, random);
    const generation = (record?.generation ?? 0) + 1;
    // What is left of their lives was said at the call, however slow the store has been since.
    const said = { ...time, ms: time.ms - Math.ceil(elapsed.now() - calledAt) };
    const next: AccountRecord = {
      ...newRecord(incarnation),
      generation,
      guard: pardon(record?.guard ?? freshGuard),
      retiring: record?.retiring ?? [],
      sessions: record?.sessions ?? [],
      ...sealed(services, account, { account: account.id, incarnation, generation }, usable, said),
    };
    const due = dueOf(services, account, next);
    return { record: next, due, fence: (row?.fence ?? 0) + 1, lease: 'release' };
  });
  events.emit('token:imported', {
    account: account.id,
    provider: account.provider.id,
    generation: found.record?.generation ?? 0,
    lifetimeMs: found.record?.access?.lifetimeMs ?? 0,
  });
  return found;
}

/** What is usable of an import: the access token only if it still lives. */
interface Usable {
  readonly tokens?: TokenSet;
  readonly refresh?: RefreshGrant;
}

function judge(
  { parameters }: Pick<RenewalServices, 'parameters'>,
  { id, provider }: KnownAccount,
  { accessToken, refreshToken, metadata = {}, ...facts }: ImportedTokens,
): Usable {
  const { lifetime } = provider.profile;
  const issued = {
    ...facts,
    metadata,
    // Without one, a placeholder: the refresh token is judged all the same.
    accessToken: accessToken === undefined ? 'none' : textOf(accessToken),
    refreshToken: textOf(refreshToken),
  };
  const judged = judgeIssuedTokens(issued, lifetime, parameters.shortestLifetimeMs);
  if (!judged.usable) throw unusable(id, judged.error.message.replace("The reply's", 'The'));
  const { tokens } = judged;
  const lives = accessToken !== undefined && tokens.lifetime.ms > 0;
  if (!lives && tokens.refresh === undefined) {
    throw unusable(id, 'There is no refresh token, and no access token that still lives.');
  }
  if (!lives && provider.refresh === undefined) {
    throw unusable(
      id,
      `Provider "${provider.id}" cannot refresh: give an access token that lives.`,
    );
  }
  return {
    ...(lives ? { tokens } : {}),
    ...(tokens.refresh === undefined ? {} : { refresh: tokens.refresh }),
  };
}

function sealed(
  { tokens: sealer }: Pick<RenewalServices, 'tokens'>,
  { config: { rotateEveryMs } }: KnownAccount,
  place: RecordPlace,
  { tokens, refresh }: Usable,
  { epoch, ms }: StoreTime,
): Partial<AccountRecord> {
  const issuedAt = { epoch, ms };
  return {
    ...(tokens === undefined ? {} : { access: accessRecord(sealer, place, tokens, issuedAt) }),
    ...(refresh === undefined ? {} : { refresh: refreshRecord(sealer, place, refresh, issuedAt) }),
    ...(rotateEveryMs === undefined || tokens === undefined
      ? {}
      : { rotateAt: ms + rotateEveryMs }),
  };
}

function textOf(token: string | Secret | undefined): unknown {
  return Secret.is(token) ? token.reveal() : token;
}

function unusable(id: string, problem: string): TokenError {
  return new TokenError(
    'CONFIGURATION_INVALID',
    `These tokens cannot be imported for ${id}. ${problem} Nothing was changed.`,
    { reason: 'imported_tokens', account: id },
  );
}
