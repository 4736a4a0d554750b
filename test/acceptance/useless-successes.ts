import { expect } from '@jest/globals';
import type { AccessToken, TokenEngine } from '@tokenkeep/core';
import { type AuthRefreshAuthority, fault, type RequestLog } from '@tokenkeep/testing';
import { type Answers, steadyCallers } from './steady-callers.js';
import { authRefreshWorld, type World } from './world.js';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** I12: how long after the server's healing an account may stay without a token. */
const HEALED_WITHIN = 400_000;
/** Lifecycle section 6, tokens of an hour: requests of an hour that brought a usable token. */
const USABLE_CAP = 6;
/** And all other requests of an hour. */
const OTHER_CAP = 32;
/** One forced renewal in five minutes, and the login and the first one beside it. */
const FORCED_IN_AN_HOUR = 12 + 2;
const LOGINS_A_DAY = 24;

/** Answers that look like success and lead nowhere. */
export interface UselessSuccess {
  readonly name: string;
  readonly breaks: (server: AuthRefreshAuthority) => void;
  readonly heals: (server: AuthRefreshAuthority) => void;
  /** Most token requests in any hour. */
  readonly perHour: number;
}

export const uselessSuccesses: readonly UselessSuccess[] = [
  {
    name: 'F02 tokens that arrive expired',
    breaks: (server) => {
      server.faults.always('any', expired());
    },
    heals: (server) => server.faults.clear(),
    perHour: OTHER_CAP,
  },
  {
    name: 'F21 refresh tokens without an access token',
    breaks: (server) => {
      server.faults.always(
        'any',
        fault.mutate(({ token: _withheld, ...body }) => body),
      );
    },
    heals: (server) => server.faults.clear(),
    perHour: OTHER_CAP,
  },
  {
    name: 'F44 the same token each time, about to end',
    breaks: (server) => {
      server.truth.issueFixedAccessToken('the-same-token');
      server.rules.accessLifeMs = 2 * MINUTE;
    },
    heals: (server) => {
      server.truth.issueFixedAccessToken();
      server.rules.accessLifeMs = HOUR;
    },
    perHour: OTHER_CAP,
  },
  {
    name: 'F44 the same token each time, refused by its API',
    breaks: (server) => {
      server.truth.issueFixedAccessToken('the-same-token');
      server.truth.rejectAllAccessTokens();
    },
    heals: (server) => {
      server.truth.issueFixedAccessToken();
      server.truth.revokeAccess('crm');
      server.truth.rejectAllAccessTokens(false);
    },
    perHour: FORCED_IN_AN_HOUR,
  },
  {
    name: 'F49 new tokens, refused by their API',
    breaks: (server) => server.truth.rejectAllAccessTokens(),
    heals: (server) => {
      server.truth.revokeAccess('crm');
      server.truth.rejectAllAccessTokens(false);
    },
    perHour: FORCED_IN_AN_HOUR,
  },
];

/** The server rotates as it should, and says that the access token has ended. */
export function expired() {
  return fault.mutate((body) => ({ ...body, tokenLifetime: 0 }));
}

/** A provider whose tokens live for an hour, also as long as none has lived. */
export async function hourLongWorld(world: World) {
  return authRefreshWorld(world, { provider: { lifetime: { defaultMs: HOUR, maxMs: DAY } } });
}

/** Callers with one API call each. The API is not the subject: it answers without HTTP. */
export function apiCallers(
  { clock }: World,
  server: AuthRefreshAuthority,
  engine: () => TokenEngine,
): (everyMs: number, forMs: number) => Promise<Answers> {
  const accepts = (token: AccessToken) => server.truth.accepts(token.reveal());
  const ask = () =>
    engine().withToken('crm', (token) => token, {
      isRejection: (outcome) => 'result' in outcome && !accepts(outcome.result as AccessToken),
    });
  return (everyMs, forMs) => steadyCallers({ clock, everyMs, forMs, ask, accepts });
}

/** Section 6, read from what the server was asked. */
export function expectBounded(log: RequestLog, perHour: number): void {
  expect(log.length).toBeGreaterThan(1);
  expect(mostInAnHour(log)).toBeLessThanOrEqual(perHour);
  expect(log.length).toBeLessThanOrEqual((DAY / HOUR) * (USABLE_CAP + OTHER_CAP));
  expect(log.maxPerRollingWindow('obtain', DAY)).toBeLessThanOrEqual(LOGINS_A_DAY);
  expect(log.replays()).toEqual([]);
}

export function expectHealed(answers: Answers): void {
  expect(answers.undated).toBe(0);
  expect(answers.firstServedAt).toBeLessThanOrEqual(HEALED_WITHIN);
}

function mostInAnHour(log: RequestLog): number {
  const times = log.entries.map(({ at }) => at);
  return Math.max(...times.map((from) => log.between(from, from + HOUR).length));
}
