import type { AccountStatus, AccountSummary, EpochMs, TokenError } from '@tokenkeep/core';
import type { AccountOrigin } from '../accounts/account-origin.js';
import { importTokens, replaceCredentials } from '../terminal/account-commands.js';
import {
  durationInWords,
  lifeInWords,
  momentInWords,
  untilInWords,
} from '../terminal/life-in-words.js';
import { plainText } from '../terminal/plain-text.js';
import { shellWord } from '../terminal/shell-word.js';

/** What is known of an account, or why nothing is. */
export type Looked = AccountStatus | (AccountSummary & { readonly error: TokenError });
export type Found = Looked & {
  readonly origin: AccountOrigin;
  /** Its provider can log a person in. */
  readonly logsPeopleIn?: boolean;
};

/** `bad`: a person must act · `warn`: look if it lasts · `good` · `quiet`: nothing yet. */
export type Urgency = 'bad' | 'warn' | 'good' | 'quiet';

/** An account in words. */
export interface AccountInWords {
  readonly id: string;
  readonly name: string;
  readonly provider: string;
  readonly state: string;
  readonly urgency: Urgency;
  /** What is left of the access token's life. */
  readonly token: string;
  readonly refreshToken: string;
  /** What happens next, when, and why. */
  readonly next: string;
  /** What else is worth knowing. A label and a sentence each. */
  readonly details: readonly (readonly [label: string, text: string])[];
}

/** The engine looks at what is due every few seconds: later than this nobody is looking. */
const OVERDUE_MS = 60_000;

export function accountInWords(found: Found, now: EpochMs): AccountInWords {
  const { id, name, provider } = found;
  const who = { id: plainText(id), name: plainText(name), provider: plainText(provider) };
  if ('error' in found) {
    return {
      ...who,
      state: 'unreadable',
      urgency: 'bad',
      token: '',
      refreshToken: '',
      next: plainText(found.error.message),
      details: [['code', found.error.code]],
    };
  }
  return {
    ...who,
    ...stateOf(found, now),
    token: lifeOf(found.accessEndsAt, now),
    refreshToken: refreshTokenOf(found, now),
    next: nextOf(found, now),
    details: detailsOf(found, now),
  };
}

function stateOf(status: AccountStatus, now: EpochMs): { state: string; urgency: Urgency } {
  const { state, blocked, generation } = status;
  if (state === 'reauthorization_required') return { state: 'needs a person', urgency: 'bad' };
  if (state === 'revoked') return { state: 'revoked', urgency: 'bad' };
  if (state === 'in_doubt') return { state: 'in doubt', urgency: 'warn' };
  if (isFailing(status, now)) return { state: 'failing', urgency: 'bad' };
  if (blocked !== undefined) return { state: 'paused', urgency: 'warn' };
  if (state === 'new' || generation === 0) return { state: 'no token yet', urgency: 'quiet' };
  if (!tokenLives(status, now)) return { state: 'token ended', urgency: 'warn' };
  if (status.grantedScope !== undefined) return { state: 'lacks scope', urgency: 'bad' };
  return { state: 'live', urgency: 'good' };
}

export function tokenLives({ accessEndsAt }: AccountStatus, now: EpochMs): boolean {
  return accessEndsAt !== undefined && accessEndsAt > now;
}

/** No token, and the last request brought none. A token that came later leaves the count alone. */
function isFailing(status: AccountStatus, now: EpochMs): boolean {
  const { failures, generation, blocked } = status;
  const lastFailed = generation === 0 || blocked !== undefined;
  return failures > 0 && lastFailed && !tokenLives(status, now);
}

function lifeOf(endsAt: EpochMs | undefined, now: EpochMs): string {
  return endsAt === undefined ? '' : lifeInWords(endsAt, now);
}

function refreshTokenOf(status: AccountStatus, now: EpochMs): string {
  const { refreshEndsAt, refreshable, generation } = status;
  if (refreshEndsAt !== undefined) return lifeOf(refreshEndsAt, now);
  if (refreshable) return 'end unknown';
  return generation > 0 ? 'none' : '';
}

const actions = {
  renew: ['renews', ''],
  keep_alive: ['refreshes', ', to keep the refresh token alive'],
  rotate: ['rotates', ', for security'],
  revoke: ['ends an old token', ''],
  end_session: ['ends the session', ', if its users are gone'],
  settle_doubt: ['settles the doubt', ': a refresh was sent, and its reply is missing'],
  review: ['asks once more', ': many accounts were refused at once'],
} as const;

type FoundStatus = AccountStatus & Pick<Found, 'origin' | 'logsPeopleIn'>;

function nextOf(found: FoundStatus, now: EpochMs): string {
  const { state, next, blocked, generation } = found;
  const login = `tokenkeep login ${shellWord(found.name)}`;
  if (state === 'reauthorization_required') return personDoes(found, login);
  if (state === 'revoked') return `nothing, until: ${login}`;
  if (found.grantedScope !== undefined) return 'have the grant widened, or ask for less scope';
  if (state !== 'in_doubt' && isFailing(found, now)) {
    return `tries again ${againInWords(found, now)}; to see why: ${login}`;
  }
  if (blocked !== undefined && blocked.until > now && next === undefined) {
    return `asks again ${untilInWords(blocked.until, now)}, if somebody needs a token`;
  }
  if (next === undefined) return generation === 0 ? 'logs in when asked' : 'renews when asked';
  const [does, why] = actions[next.action];
  const lateMs = now - next.at;
  if (lateMs > OVERDUE_MS) {
    return `${does} as soon as something runs: due for ${durationInWords(lateMs)}`;
  }
  return `${does} ${untilInWords(next.at, now)}${why}`;
}

function personDoes(found: FoundStatus, login: string): string {
  const { reason, origin } = found;
  if (reason !== 'credentials_rejected') {
    if (found.logsPeopleIn) return `log in: ${login}`;
    return `bring tokens: ${importTokens(found)}, or give it credentials`;
  }
  if (origin === 'store') return `replace the credentials: ${replaceCredentials(found)}`;
  return `correct the credentials, then: ${login}`;
}

function againInWords({ next, blocked }: AccountStatus, now: EpochMs): string {
  if (next === undefined) return 'when somebody needs a token';
  const at = Math.max(next.at, blocked?.until ?? next.at);
  return now - at > OVERDUE_MS ? 'as soon as something runs' : untilInWords(at, now);
}

function detailsOf(status: AccountStatus, now: EpochMs): [string, string][] {
  const { reason, blocked, loginBudget, failures, generation, grantedScope } = status;
  const details: [string, string][] = [];
  if (reason !== undefined) details.push(['why', plainText(reason)]);
  if (blocked !== undefined) {
    const until = `until ${momentInWords(blocked.until, now)}`;
    details.push(['paused', `${until}: ${plainText(blocked.reason)}`]);
  }
  if (grantedScope !== undefined) {
    details.push([
      'granted',
      `"${plainText(grantedScope)}", less than asked for: no token is given`,
    ]);
  }
  if (failures > 0) details.push(['failures', `${failures} in a row`]);
  if (loginBudget !== undefined) {
    details.push(['logins', `${loginBudget.left} of ${loginBudget.limit} left`]);
  }
  if (generation > 0) details.push(['generation', String(generation)]);
  return details;
}
