import { noLongerNeeded } from '../clock/no-longer-needed.js';
import type { ErrorCode } from '../errors/error-code.js';
import { TokenError } from '../errors/token-error.js';
import type { KnownAccount } from '../provider/account-registry.js';
import { dueOf, nextOf } from '../renewal/due-of.js';
import type { FlightEnd } from '../renewal/flight.js';
import type { Keepers } from '../renewal/keepers.js';
import type { RenewalServices } from '../renewal/renewal-services.js';
import type { Revocation } from '../renewal/revocation.js';
import { type AccountRecord, newRecord } from '../store/account-record.js';
import { editRecord, type FoundRecord, openRow } from '../store/edit-record.js';
import { nextIncarnation } from '../store/incarnation.js';
import type { SharedAccounts } from '../store/shared-accounts.js';
import type { StoredRow, StoreTime } from '../store/token-store.js';
import { crowded, type Place, placesOf, turnOf } from './spread.js';

/** A record nobody can read is looked at again after this many polls. */
const UNREADABLE_POLLS = 60;

/**
 * Background renewal. The record is the schedule: rows that are due are claimed in the store,
 * which is where several processes share the work without talking to each other.
 */
export class Scheduler {
  #running: Promise<void> | undefined;
  #stop = new AbortController();
  #wake = new AbortController();
  #passesInVain = 0;
  /** Nobody looked at the schedule for a while: what is late now may be everything. */
  #returns = true;
  readonly #enrolled = new WeakSet<KnownAccount>();

  constructor(
    private readonly services: RenewalServices,
    private readonly keepers: Keepers,
    private readonly revocation: Revocation,
    private readonly shared: SharedAccounts,
  ) {}

  start(): void {
    if (this.#running !== undefined) return;
    this.#stop = new AbortController();
    this.#returns = true;
    this.#running = this.#loop(this.#stop.signal);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#wake.abort(noLongerNeeded);
    await this.#running;
    this.#running = undefined;
  }

  /** Something became due sooner than planned: a commit, a resume. */
  wake(): void {
    this.#wake.abort(noLongerNeeded);
  }

  /** One pass over what is due now. Resolves when all of it has ended, with the renewals' count. */
  async tick(): Promise<number> {
    const { store, holder, parameters: p, elapsed } = this.services;
    await this.shared.sync(p.accountsPollMs);
    await this.#enrol();
    let renewed = 0;
    for (;;) {
      const ids = this.#idleAccounts();
      const readAt = elapsed.now();
      const limit = Math.min(p.scheduleBatch, p.scheduleConcurrency);
      const query = { ids, holder: holder.id, leaseMs: p.leaseMs, limit };
      const { rows, time } = await store.claimDue(query);
      const ends = await Promise.all(rows.map((row) => this.#handle(row, time, readAt)));
      renewed += ends.filter((end) => end?.renewed).length;
      if (rows.length < limit) return renewed;
    }
  }

  /** Rows for the accounts that want a token before anybody asks for one. */
  async #enrol(): Promise<void> {
    const { registry, store, parameters } = this.services;
    const added: KnownAccount[] = [];
    for (const account of registry.all()) {
      if (this.#enrolled.has(account)) continue;
      const { config, provider } = account;
      const eager = config.eager ?? provider.profile.renewal === 'ahead';
      // Looked at unopened: one row that nobody can read must not keep the others from being renewed.
      const isNew = eager && (await store.read('account', account.id)).row === undefined;
      if (isNew) added.push(account);
      else this.#enrolled.add(account);
    }
    if (added.length === 0) return;
    const places = placesOf(registry.all());
    const spread = crowded(added, parameters.scheduleAtOnce);
    for (const account of added) {
      await this.#makeRow(account, spread.has(account) ? places.get(account.id) : undefined);
      this.#enrolled.add(account);
    }
  }

  /** The first process to write it decides when its turn is. */
  async #makeRow({ id }: KnownAccount, place: Place | undefined): Promise<void> {
    const { store, random, parameters } = this.services;
    await editRecord(store, id, ({ row, time }) => {
      if (row !== undefined) return;
      const record = newRecord(nextIncarnation(undefined, random));
      const due = place === undefined ? time.ms : turnOf(id, place, undefined, time, parameters);
      return { record, due };
    });
  }

  /**
   * After a downtime everything may be due at once. More than a handful of one provider is given
   * new turns, in the rows, so that all processes together keep them.
   */
  async #giveTurns(): Promise<void> {
    const { registry, store, parameters: p } = this.services;
    const accounts = registry.all();
    const late: KnownAccount[] = [];
    for (const account of crowded(accounts, p.scheduleAtOnce)) {
      const { row, time } = await store.read('account', account.id);
      if (this.#isLate(row, time)) late.push(account);
    }
    const places = placesOf(accounts);
    for (const account of crowded(late, p.scheduleAtOnce)) {
      // A row that nobody can read is met, and told, when it is claimed.
      await this.#putOff(account, places.get(account.id)).catch(passOver('RECORD_UNREADABLE'));
    }
  }

  /** It was due while nobody was there: else it would have been seen within a poll. */
  #isLate(row: StoredRow | undefined, time: StoreTime): boolean {
    if (row?.due === undefined || (row.leaseUntil ?? 0) > time.ms) return false;
    return row.due < time.ms - this.services.parameters.schedulePollMs;
  }

  /** What cannot wait keeps its turn: a doubt, a revocation, a rotation, the end of a session. */
  async #putOff(account: KnownAccount, place: Place | undefined): Promise<void> {
    const { store, parameters } = this.services;
    await editRecord(store, account.id, ({ row, record, time }) => {
      if (place === undefined || record === undefined || !this.#isLate(row, time)) return;
      const { action } = nextOf(this.services, account, record) ?? {};
      if (action !== 'renew' && action !== 'keep_alive') return;
      return { record, due: turnOf(account.id, place, record, time, parameters) };
    });
  }

  async #loop(signal: AbortSignal): Promise<void> {
    const { elapsed, events } = this.services;
    using _resume = elapsed.onSuspend((suspendedMs) => {
      events.emit('clock:suspended', { suspendedMs });
      this.#returns = true;
      this.wake();
    });
    while (!signal.aborted) {
      this.#wake = new AbortController();
      try {
        const returns = this.#returns;
        this.#returns = false;
        if (returns) await this.#giveTurns();
        await this.tick();
        await this.#sleep(await this.#untilNext());
      } catch (error) {
        // The store is down or a record is broken: told elsewhere, tried again at the next poll.
        this.#returns ||= TokenError.is(error, 'STORE_UNAVAILABLE');
        await this.#sleep(this.services.parameters.schedulePollMs);
      }
    }
  }

  /** Others write into the schedule too: it is read at least once per poll. */
  async #untilNext(): Promise<number> {
    const { store, parameters } = this.services;
    const { due, time } = await store.nextDue(this.#idleAccounts());
    // What is still due after a pass is held by another process, or cannot be written: it is
    // followed, ever more slowly, and not hammered.
    const untilDue = due === undefined ? Number.POSITIVE_INFINITY : due - time.ms;
    this.#passesInVain = untilDue <= 0 ? this.#passesInVain + 1 : 0;
    const followMs = parameters.followPollMs * 2 ** Math.min(this.#passesInVain - 1, 20);
    return Math.min(untilDue <= 0 ? followMs : untilDue, parameters.schedulePollMs);
  }

  /** Until then, or until something wakes it: a stop does as well. */
  async #sleep(ms: number): Promise<void> {
    await this.services.clock.sleep(ms, this.#wake.signal).catch(() => {});
  }

  #idleAccounts(): string[] {
    const { registry } = this.services;
    return registry
      .all()
      .filter((account) => !this.keepers.of(account).flying)
      .map(({ id }) => id);
  }

  async #handle(row: StoredRow, time: StoreTime, readAt: number): Promise<FlightEnd | undefined> {
    const account = this.services.registry.byId(row.id);
    // Removed while its row was on the way here: the lease runs out by itself.
    if (account === undefined) return undefined;
    const keeper = this.keepers.of(account);
    let found: FoundRecord;
    try {
      found = openRow(row, row.id, time);
    } catch {
      await this.#setAside(row, time);
      return undefined;
    }
    const { record } = found;
    if (record === undefined || keeper.flying) return this.#giveBack(account, row);
    if (record.retiring.some(({ after }) => after <= time.ms)) {
      await this.revocation.retire(account);
      return this.#giveBack(account, row);
    }
    if (await this.revocation.endAbandonedSession(keeper, found)) return undefined;
    const rotate = record.rotateAt !== undefined && record.rotateAt <= time.ms;
    const trigger = rotate
      ? ({ kind: 'rotation', generation: record.generation } as const)
      : ({ kind: 'schedule' } as const);
    return keeper.renew(trigger, { found, readAt });
  }

  async #giveBack(account: KnownAccount, { fence }: StoredRow): Promise<undefined> {
    await editRecord(this.services.store, account.id, ({ row, record }) => {
      if (row?.fence !== fence || record === undefined) return;
      return { record, due: dueOf(this.services, account, record), lease: 'release' };
    });
  }

  /** A body that is not a record is left as it is, for the operator; it is only not due for now. */
  async #setAside(row: StoredRow, time: StoreTime): Promise<void> {
    const { store, parameters } = this.services;
    const due = time.ms + UNREADABLE_POLLS * parameters.schedulePollMs;
    const { kind, id, version, body, fence } = row;
    await store.write([{ kind, id, expected: version, body, fence, due }]);
  }
}

function passOver(code: ErrorCode) {
  return (error: unknown) => {
    if (!TokenError.is(error, code)) throw error;
  };
}

/** Makes an account due now: what it was made from has changed. */
export async function makeDue(services: RenewalServices, account: KnownAccount): Promise<void> {
  await editRecord(services.store, account.id, ({ record, time }) => {
    if (record === undefined || record.state !== 'live') return;
    const unchanged: AccountRecord = record;
    return { record: unchanged, due: time.ms };
  });
}
