import { appendFileSync, readFileSync } from 'node:fs';
import { mostInWindow } from './most-in-window.js';

/** What a request asks for, in the words of the provider port; `api` is everything else. */
export const operations = ['obtain', 'refresh', 'inspect', 'revoke', 'api'] as const;

export type Operation = (typeof operations)[number];

/**
 * What the server made of a request, whether or not the reply arrived.
 *
 * `issued`: a new token set · `resent`: the same set again, inside the reuse grace · `refused`:
 * credentials, refresh token or request not accepted · `throttled`: over a limit · `served`: an API
 * call or inspection with a good token · `token_rejected`: one with a bad token · `revoked`: ended
 * by the client · `faulted`: a scripted fault answered and nothing was processed.
 */
export type Outcome =
  | 'issued'
  | 'resent'
  | 'refused'
  | 'throttled'
  | 'served'
  | 'token_rejected'
  | 'revoked'
  | 'faulted';

export type TokenState = 'live' | 'expired' | 'revoked' | 'unknown';

/** What the server knows of a request besides its transport. Holds no secrets. */
export interface RequestFacts {
  readonly accountId?: string;
  /** The login this token set descends from, counted for each account from 1. */
  readonly family?: number;
  /** The token set this request brought, counted for each account from 1, across logins. */
  readonly generation?: number;
  /** The token set to which the presented token belongs. */
  readonly presentedGeneration?: number;
  /** Fingerprint of the presented token. */
  readonly presented?: string;
  /** Fingerprint of the access token issued. */
  readonly issued?: string;
  /** State of the presented access token on arrival. */
  readonly tokenState?: TokenState;
  /** A single-use refresh token that had been used before was presented again. */
  readonly replay?: boolean;
  /** This request made the server revoke the whole family. */
  readonly familyRevoked?: boolean;
  readonly outcome?: Outcome;
}

/** One request. Frozen; `seq` counts from 1 in order of processing. */
export interface LogEntry extends RequestFacts {
  readonly seq: number;
  /** Arrival: true server time, ms since 1970, without the skew the server shows to clients. */
  readonly at: number;
  readonly method: string;
  /** Without the query, which may carry secrets. */
  readonly path: string;
  readonly operation: Operation;
  readonly outcome: Outcome;
  readonly replay: boolean;
  readonly familyRevoked: boolean;
  /** The status sent; 0 when the fault sends none. */
  readonly status: number;
  /** The name of the scripted fault. */
  readonly fault?: string;
  readonly connection: number;
  readonly bodyBytes: number;
}

/** Values that must be equal, or a predicate. */
export type LogFilter = Partial<LogEntry> | ((entry: LogEntry) => boolean);

/**
 * Everything a server was asked, in order: the oracle of a test. Append-only.
 *
 * With a file, each entry is also appended to it as a line of JSON, before the reply is sent.
 */
export class RequestLog implements Iterable<LogEntry> {
  readonly #entries: LogEntry[] = [];
  readonly #file: string | undefined;

  constructor(file?: string) {
    this.#file = file;
  }

  /** Reads the log another process wrote. A last line still being written is left out. */
  static fromFile(file: string): RequestLog {
    const log = new RequestLog();
    const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
    for (const line of lines) log.#entries.push(Object.freeze(JSON.parse(line) as LogEntry));
    return log;
  }

  get entries(): readonly LogEntry[] {
    return this.#entries;
  }

  get length(): number {
    return this.#entries.length;
  }

  get last(): LogEntry | undefined {
    return this.#entries.at(-1);
  }

  [Symbol.iterator](): Iterator<LogEntry> {
    return this.#entries[Symbol.iterator]();
  }

  append(entry: Omit<LogEntry, 'seq'>): LogEntry {
    const numbered = Object.freeze({ seq: this.#entries.length + 1, ...entry });
    this.#entries.push(numbered);
    if (this.#file !== undefined) {
      // Only the owner reads it: entries name accounts.
      appendFileSync(this.#file, `${JSON.stringify(numbered)}\n`, { mode: 0o600 });
    }
    return numbered;
  }

  where(filter: LogFilter): LogEntry[] {
    return this.#entries.filter(matcher(filter));
  }

  count(filter: LogFilter = {}): number {
    return this.where(filter).length;
  }

  /** Entries that arrived in [from, to), server time in ms. */
  between(from: number, to: number): LogEntry[] {
    return this.where((entry) => entry.at >= from && entry.at < to);
  }

  /** Every login, whatever came of it. */
  logins(): LogEntry[] {
    return this.where({ operation: 'obtain' });
  }

  /** Every request that presented a used single-use refresh token again. */
  replays(): LogEntry[] {
    return this.where({ replay: true });
  }

  /**
   * How often each token set's refresh token was sent, processed or not. The key is
   * `<accountId>#<generation>`; sets whose refresh token was never sent are missing.
   */
  requestsPerGeneration(): Map<string, number> {
    const sends = new Map<string, number>();
    for (const { accountId, presentedGeneration } of this.where({ operation: 'refresh' })) {
      if (accountId === undefined || presentedGeneration === undefined) continue;
      const key = `${accountId}#${presentedGeneration}`;
      sends.set(key, (sends.get(key) ?? 0) + 1);
    }
    return sends;
  }

  /** The most requests of one kind in any window [t, t + windowMs). */
  maxPerRollingWindow(operation: Operation, windowMs: number, filter: LogFilter = {}): number {
    const matches = matcher(filter);
    return mostInWindow(
      this.where((entry) => entry.operation === operation && matches(entry)),
      windowMs,
    );
  }
}

function matcher(filter: LogFilter): (entry: LogEntry) => boolean {
  if (typeof filter === 'function') return filter;
  const wanted = Object.entries(filter);
  return (entry) => {
    const fields = new Map<string, unknown>(Object.entries(entry));
    return wanted.every(([name, value]) => fields.get(name) === value);
  };
}
