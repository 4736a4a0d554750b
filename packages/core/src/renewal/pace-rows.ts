import type { EpochMs } from '../clock/clock.js';
import type { Random } from '../clock/random.js';
import { TokenError } from '../errors/token-error.js';
import {
  leavePlace,
  type PaceLedger,
  type PlaceReturned,
  type PlaceWanted,
  returnPlace,
  takePlace,
  unpaced,
} from '../guard/pace.js';
import type { Parameters } from '../parameters/parameters.js';
import type { KnownAccount } from '../provider/account-registry.js';
import type { Pace } from '../provider/provider-profile.js';
import { editSharedRow, MOST_RIVALS, sharedRowId } from '../store/shared-row.js';
import type { WatchedStore } from '../store/watched-store.js';

interface Services {
  readonly store: WatchedStore;
  readonly random: Random;
  readonly parameters: Parameters;
}

/** A pace of the operator's, by provider. */
export type Paces = Readonly<Record<string, Pace>>;

/** One request's turn. It is left once, whatever became of the request. */
export interface PacePlace {
  /** Milliseconds until the turn, as of when it was given. */
  readonly waitMs: number;
  /** @param used whether the request may have been sent */
  leave(used: boolean): void;
}

/** No turn within reach; `retryMs` from now. */
export interface PaceFull {
  readonly retryMs: number;
}

export interface PaceTurns {
  readonly places: readonly PacePlace[];
  /** Until there may be more; `undefined`: as many as were wanted. */
  readonly retryMs: number | undefined;
}

interface Change {
  readonly apply: (ledger: PaceLedger, now: EpochMs) => PaceLedger;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/**
 * The paces of providers, one row each, shared by all processes of a store. Accounts whose provider
 * states none cost nothing. Changes that come while one is being written go together in the next
 * write, so that a busy process costs the row one write for many requests.
 */
export class PaceRows {
  readonly #waiting = new Map<string, Change[]>();
  #made = 0;

  constructor(
    private readonly services: Services,
    private readonly paces: Paces,
    private readonly holder: string,
  ) {}

  /** Which pace an account keeps; `undefined`: none. */
  nameOf(account: KnownAccount): string | undefined {
    const pace = this.#paceOf(account);
    return pace === undefined ? undefined : (pace.of ?? account.provider.id);
  }

  #paceOf({ provider }: KnownAccount): Pace | undefined {
    return this.paces[provider.id] ?? provider.profile.pace;
  }

  /** A turn at most `patienceMs` from now; `undefined`: the provider has no pace. */
  async take(account: KnownAccount, patienceMs: number): Promise<PacePlace | PaceFull | undefined> {
    const [place] = await this.#take(account, 1, patienceMs, true);
    return place;
  }

  /** Up to `most` turns within `withinMs`, and when there are more if these are fewer. */
  async takeSeveral(account: KnownAccount, most: number, withinMs: number): Promise<PaceTurns> {
    const taken = await this.#take(account, most, withinMs, false);
    const full = taken.find((place): place is PaceFull => !('leave' in place));
    const places = taken.filter((place): place is PacePlace => 'leave' in place);
    return { places, retryMs: full?.retryMs };
  }

  async #take(
    account: KnownAccount,
    count: number,
    patienceMs: number,
    spread: boolean,
  ): Promise<(PacePlace | PaceFull)[]> {
    const pace = this.#paceOf(account);
    if (pace === undefined) return [];
    const { parameters: p, random } = this.services;
    const id = rowId(pace.of ?? account.provider.id);
    const wanted: Omit<PlaceWanted, 'now' | 'id'> = {
      patienceMs,
      longestMs: p.waitMs,
      lastsMs: p.rotationTimeoutMs + p.connectTimeoutMs,
    };
    const names = Array.from({ length: count }, () => this.#name());
    let places: (PacePlace | PaceFull)[] = [];
    await this.#edit(id, (before, now) => {
      places = [];
      let ledger = before;
      for (const name of names) {
        const taken = takePlace(ledger, pace, { ...wanted, id: name, now });
        if (!taken.granted) {
          const ms = taken.retryAt === undefined ? p.followPollMs * 5 : taken.retryAt - now;
          // All who are told the same moment would come together, and one would get the place.
          places.push({ retryMs: spread ? ms + random.float() * p.followPollMs * 10 : ms });
          break;
        }
        ledger = taken.ledger;
        const { fullAt } = ledger;
        places.push(this.#place(id, pace, { id: name, fullAt }, taken.at - now));
      }
      return ledger;
    });
    return places;
  }

  #place(row: string, pace: Pace, taken: PlaceReturned, waitMs: number): PacePlace {
    let isLeft = false;
    return {
      waitMs,
      leave: (used) => {
        if (isLeft) return;
        isLeft = true;
        if (used && pace.concurrent === undefined) return;
        // If it cannot be written the place comes free by itself, later.
        this.#edit(row, (ledger) =>
          used ? leavePlace(ledger, taken.id) : returnPlace(ledger, pace, taken),
        ).catch(() => {});
      },
    };
  }

  #name(): string {
    this.#made += 1;
    return `${this.holder}/${this.#made}`;
  }

  #edit(row: string, apply: Change['apply']): Promise<void> {
    return new Promise((done, failed) => {
      const change = { apply, done, failed };
      const waiting = this.#waiting.get(row);
      if (waiting !== undefined) {
        waiting.push(change);
        return;
      }
      this.#waiting.set(row, [change]);
      this.#writeAll(row).catch(() => {});
    });
  }

  async #writeAll(row: string): Promise<void> {
    for (;;) {
      const waiting = this.#waiting.get(row) ?? [];
      const changes = waiting.splice(0);
      if (changes.length === 0) {
        this.#waiting.delete(row);
        return;
      }
      try {
        await this.#write(row, changes);
        for (const { done } of changes) done();
      } catch (error) {
        for (const { failed } of changes) failed(error);
      }
    }
  }

  async #write(id: string, changes: readonly Change[]): Promise<void> {
    const edited = await editSharedRow(this.services.store, id, {
      parse,
      change: (before, now) => changes.reduce((ledger, { apply }) => apply(ledger, now), before),
    });
    if (edited !== undefined) return;
    throw new TokenError(
      'STORE_UNAVAILABLE',
      `The pace row ${id} was changed by others ${MOST_RIVALS} times in a row.`,
      { retryable: true, reason: 'contention' },
    );
  }
}

/** No budget's: those begin with a provider's id, which has no dot. What is named may be a host. */
function rowId(of: string): string {
  return sharedRowId('pace.', of);
}

/** A row that nobody can read paces nobody. It must not stop anybody either. */
function parse(body: string | undefined): PaceLedger {
  if (body === undefined) return unpaced;
  try {
    const { fullAt, underway } = JSON.parse(body) as PaceLedger;
    const isWhole = Number.isFinite(fullAt) && Array.isArray(underway);
    if (isWhole && underway.every(({ until }) => Number.isFinite(until))) {
      return { fullAt, underway };
    }
  } catch {}
  return unpaced;
}
