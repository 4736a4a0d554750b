import { TokenError } from '@tokenkeep/core';
import { Departure } from '../departure.js';
import { named } from './named-error.js';
import type { Run } from './run.js';
import { printed, secretsReadIn, shortestSecret } from './secret-search.js';
import { lineOf } from './stage-server.js';
import { keepsNothing, lateSeen, type WatchedCall } from './watched-call.js';

/** A run of an operation, whichever rule it was for. */
export interface Watched {
  readonly run: Run<unknown>;
  readonly call: WatchedCall;
  /** How many requests it makes where all goes well. */
  readonly most: number;
}

/** Texts that nobody may read: the accounts' by name, and tokens with what each is. */
export interface Hidden {
  readonly secrets: readonly (readonly [name: string, text: string])[];
  readonly tokens: readonly (readonly [text: string, name: string])[];
}

const quotesNone =
  'No error of a provider quotes a secret: not in its message, its members or its causes.';
const repeatsNone = 'It never repeats a request: what was sent may have been processed.';
const throwsTheirs =
  'It returns what the server said, or throws: a `TokenError` made by `refuse()` where the server refused, and whatever `call` threw otherwise.';
const writesNone = 'Nothing that it writes to a log shows one either.';
const factsOnly = 'facts a caller needs, and no secrets';

/** What is wrong with runs that no rule looks for: each is looked at, for whichever rule it was made. */
export function* wrongInEvery(watched: readonly Watched[], hidden: Hidden): Iterable<Departure> {
  for (const each of watched) {
    yield* wrongAsked(each);
    yield* wrongThrown(each, hidden);
    yield* wrongShown(each, hidden);
  }
}

function* wrongAsked({ run, call, most }: Watched): Iterable<Departure> {
  const { name, asked, sends } = run;
  const requests = Math.max(asked.length, sends.length);
  if (requests > most) {
    const seen = `${name} made ${requests} requests where ${most} is described`;
    yield new Departure(`${seen}: ${asked.map(lineOf).join(', ')}`, repeatsNone);
  }
  if (call.late) yield new Departure(`${name}: ${lateSeen}`, keepsNothing);
  const begun = [...call.stray.begun].join(' and ');
  if (begun !== '') yield new Departure(`${name} begins ${begun} of its own`, keepsNothing);
}

function* wrongThrown({ run }: Watched, hidden: Hidden): Iterable<Departure> {
  const { name, threw, error } = run;
  if (!threw) return;
  if (!TokenError.is(error)) {
    yield new Departure(`${name} throws ${named(error)}, and no TokenError`, throwsTheirs);
  }
  const leaked = shownIn(error, hidden);
  if (leaked !== undefined) yield new Departure(`What ${name} throws shows ${leaked}`, quotesNone);
}

function* wrongShown({ run, call }: Watched, hidden: Hidden): Iterable<Departure> {
  const { name, value } = run;
  const returned = shownIn(besideTokens(value), hidden);
  if (returned !== undefined) {
    yield new Departure(`${name} returns ${returned} in a member for facts`, factsOnly);
  }
  const written = shownIn(call.stray.wrote, hidden);
  if (written !== undefined) yield new Departure(`${name} writes ${written} to a log`, writesNone);
}

function besideTokens(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  const {
    accessToken: _access,
    refreshToken: _refresh,
    ...rest
  } = value as Record<string, unknown>;
  return rest;
}

function shownIn(value: unknown, { secrets, tokens }: Hidden): string | undefined {
  if (value === undefined) return undefined;
  const text = printed(value);
  const token = tokens.find(([each]) => each.length >= shortestSecret && text.includes(each));
  if (token !== undefined) return `the ${token[1]}`;
  const [secret] = secretsReadIn(text, Object.fromEntries(secrets));
  return secret === undefined ? undefined : `the ${secret}`;
}
