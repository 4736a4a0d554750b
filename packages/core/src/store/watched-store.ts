import type { ElapsedTime } from '../clock/elapsed-time.js';
import { TokenError } from '../errors/token-error.js';
import type { EventHub } from '../events/event-hub.js';
import type { StoreTime, StoreWatch, TokenStore } from './token-store.js';

type Call<Result> = () => Promise<Result & { readonly time?: StoreTime }>;

const nothingWatched: StoreWatch = { stop: async () => {} };

/** What stores say when their rows are not there any more. */
const vanished = ['emptied', 'no_schema', 'damaged', 'foreign_schema'];

/** What stops one row while others go on: no outage. */
const ofOneRow = ['row_locked', 'contention'];

/** How far two clocks run apart, as a part of the time that passes. */
const MOST_DRIFT = 1e-3;

/**
 * The store as the engine uses it: every failure is a `STORE_*` error, outages are noticed and
 * told, and the store's clock is carried forward on elapsed time between two calls.
 */
export class WatchedStore implements TokenStore {
  /** Of no epoch until the first answer. */
  #time: StoreTime = { epoch: -1, ms: 0 };
  /** Just before the call that told the time, and just after it. */
  #timeReadAt = 0;
  #timeHeardAt = 0;
  #failingSince: number | undefined;
  #returnedAt = Number.NEGATIVE_INFINITY;
  /** Of the store this engine was opened over. */
  #identity: string | undefined;
  /** What the operator was told of. */
  #weaknesses: readonly string[] | undefined;
  /** It was gone: somebody else may have made another one in its place since. */
  #wasGone = false;

  constructor(
    private readonly store: TokenStore,
    private readonly elapsed: ElapsedTime,
    private readonly events: EventHub,
  ) {}

  get traits() {
    return this.store.traits;
  }

  get reachable(): boolean {
    return this.#failingSince === undefined;
  }

  /** Milliseconds since the store answered again after an outage; infinite if it never failed. */
  sinceReturnMs(): number {
    return this.elapsed.now() - this.#returnedAt;
  }

  /** What the store's clock says now, as far as that is known without asking; never behind it. */
  estimate(): StoreTime {
    const { epoch, ms } = this.#time;
    return { epoch, ms: ms + this.elapsed.now() - this.#timeReadAt };
  }

  /** The same, never ahead of the store's clock: from here lives are counted. */
  earliest(): StoreTime {
    const { epoch, ms } = this.#time;
    return { epoch, ms: ms + this.elapsed.now() - this.#timeHeardAt };
  }

  open = async () => {
    const opened = await this.#call(() => this.store.open() as Promise<never>);
    this.#weaknesses = this.traits.weaknesses;
    return opened;
  };
  close = () => this.store.close();
  identity = async () => {
    const { identity } = await this.#call(async () => ({ identity: await this.store.identity() }));
    this.#identity ??= identity;
    return identity;
  };
  now = async () => {
    const { time } = await this.#call(async () => ({ time: await this.store.now() }));
    return time;
  };
  read: TokenStore['read'] = (kind, id) => this.#call(() => this.store.read(kind, id));
  write: TokenStore['write'] = (changes) => {
    const account = changes.find(({ kind }) => kind === 'account')?.id;
    return this.#call(() => this.store.write(changes), account);
  };
  claimDue: TokenStore['claimDue'] = (query) => this.#call(() => this.store.claimDue(query));
  upcoming: TokenStore['upcoming'] = (after, limit) =>
    this.#call(() => this.store.upcoming(after, limit));
  list: TokenStore['list'] = async (kind, after, limit) => {
    const { rows } = await this.#call(async () => ({
      rows: await this.store.list(kind, after, limit),
    }));
    return rows;
  };

  /** Hints: where nobody tells, or the store is away, views grow old and are looked at again. */
  async watch(onChange: (id: string) => void): Promise<StoreWatch> {
    try {
      const watching = await this.store.watch?.(onChange);
      return watching ?? nothingWatched;
    } catch {
      return nothingWatched;
    }
  }

  async #call<Result>(call: Call<Result>, account?: string): Promise<Result> {
    const before = this.elapsed.now();
    try {
      if (this.#wasGone) await this.#checkIdentity();
      const result = await call();
      if (result?.time !== undefined) this.#hear(result.time, before);
      this.#recovered();
      this.#tellWeaknesses();
      return result;
    } catch (error) {
      throw this.#failed(error, account);
    }
  }

  /**
   * The answer was made between `readAt` and now. A call that took long says little: it does not
   * take the place of a closer look, unless the clocks may have run apart since, or one jumped.
   */
  #hear(time: StoreTime, readAt: number): void {
    const heardAt = this.elapsed.now();
    const widthMs = this.#timeHeardAt - this.#timeReadAt;
    const driftMs = (heardAt - this.#timeHeardAt) * MOST_DRIFT;
    const earliest = this.#time.ms + heardAt - this.#timeHeardAt - driftMs;
    const latest = this.#time.ms + heardAt - this.#timeReadAt + driftMs;
    const agrees = time.ms <= latest && time.ms + heardAt - readAt >= earliest;
    const isSame = time.epoch === this.#time.epoch && agrees;
    if (isSame && heardAt - readAt > widthMs + driftMs) return;
    this.#time = time;
    this.#timeReadAt = readAt;
    this.#timeHeardAt = heardAt;
  }

  /** In another store nothing of this engine opens, and what it writes opens for nobody else. */
  async #checkIdentity(): Promise<void> {
    const known = this.#identity;
    if (known === undefined || (await this.store.identity()) === known) {
      this.#wasGone = false;
      return;
    }
    throw new TokenError(
      'STORE_UNAVAILABLE',
      `The ${this.traits.name} store at ${this.traits.location} was lost, and another one was made in ` +
        'its place. Bring the old one back, or restart this process: its accounts log in again.',
      { reason: 'another_store' },
    );
  }

  #recovered(): void {
    if (this.#failingSince === undefined) return;
    this.#returnedAt = this.elapsed.now();
    const outageMs = this.#returnedAt - this.#failingSince;
    this.#failingSince = undefined;
    this.events.emit('store:recovered', { outageMs });
  }

  /** Of a server that was opened over, the engine warns; this one came in its place. */
  #tellWeaknesses(): void {
    const { weaknesses } = this.traits;
    if (this.#weaknesses === undefined || weaknesses === this.#weaknesses) return;
    const isNew = weaknesses?.some((each) => this.#weaknesses?.includes(each) === false);
    this.#weaknesses = weaknesses;
    if (weaknesses === undefined || !isNew) return;
    const message = weaknesses.join(' ');
    this.events.emit('engine:warning', { warning: 'TOKENKEEP_NOT_DURABLE', message });
  }

  #failed(cause: unknown, account?: string): TokenError {
    const known = TokenError.is(cause) && cause.code.startsWith('STORE_');
    const error = known
      ? cause
      : new TokenError(
          'STORE_UNAVAILABLE',
          `The ${this.traits.name} store at ${this.traits.location} failed ` +
            `(${(cause as { code?: string })?.code ?? 'no code'}). Tokens in memory are served on.`,
          { retryable: true, reason: 'unexpected' },
        );
    if (error.reason !== undefined && vanished.includes(error.reason)) this.#wasGone = true;
    if (error.reason !== undefined && ofOneRow.includes(error.reason)) {
      return account === undefined ? error : error.withContext({ account });
    }
    if (this.#failingSince === undefined && error.code === 'STORE_UNAVAILABLE') {
      this.#failingSince = this.elapsed.now();
      this.events.emit('store:unavailable', { error });
    }
    return error;
  }
}
