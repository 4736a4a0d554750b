import { noLongerNeeded } from '../clock/no-longer-needed.js';
import { TokenError } from '../errors/token-error.js';
import type { KnownAccount } from '../provider/account-registry.js';
import { dueOf } from '../renewal/due-of.js';
import type { FlightEnd } from '../renewal/flight.js';
import type { Keepers } from '../renewal/keepers.js';
import type { RenewalServices } from '../renewal/renewal-services.js';
import type { LeasedRecord } from '../renewal/renewal-transaction.js';
import type { Revocation } from '../renewal/revocation.js';
import type { AccountRecord } from '../store/account-record.js';
import { editRecord, type FoundRecord, openRow } from '../store/edit-record.js';
import type { SharedAccounts } from '../store/shared-accounts.js';
import type { DueEntry, StoredRow, StoreTime } from '../store/token-store.js';
import { Claims } from './claims.js';
import { Enrolment } from './enrolment.js';
import { LateTurns } from './late-turns.js';
import { Turns } from './turns.js';
import { upcomingPages } from './upcoming-pages.js';
import { Window } from './window.js';

/** A record nobody can read is looked at again after this many polls. */
const UNREADABLE_POLLS = 60;

interface Pass {
  /** Resolves with the number of renewals when all that was claimed has ended. */
  readonly ended: Promise<number>;
  /** Until rows that are due have their turn at a provider that has a pace. */
  readonly pacedMs: number | undefined;
  /** Until the next is due; known where nothing was claimed. */
  readonly untilDue: number | undefined;
}

/**
 * Background renewal. The record is the schedule: rows that are due are claimed in the store,
 * which is where several processes share the work without talking to each other.
 */
export class Scheduler {
  #running: Promise<void> | undefined;
  #stop = new AbortController();
  #wake = new AbortController();
  #passesInVain = 0;
  #overdueMs = 0;
  /** Nobody looked at the schedule for a while: what is late now may be everything. */
  #returns = true;
  /** Claimed by this engine, and not done with. */
  readonly #handled = new Set<string>();
  readonly #enrolment: Enrolment;
  readonly #lateTurns: LateTurns;

  constructor(
    private readonly services: RenewalServices,
    private readonly keepers: Keepers,
    private readonly revocation: Revocation,
    private readonly shared: SharedAccounts,
  ) {
    this.#enrolment = new Enrolment(services);
    this.#lateTurns = new LateTurns(services);
  }

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
    const { clock, elapsed, parameters: p } = this.services;
    const endsAt = elapsed.now() + p.flightMs;
    let renewed = 0;
    for (;;) {
      const { ended, pacedMs } = await this.#pass(new Window(p.scheduleConcurrency));
      renewed += await ended;
      // Rows that wait for a turn belong to this pass: who calls it may not be back for a while.
      if (pacedMs === undefined || elapsed.now() + pacedMs >= endsAt) return renewed;
      await clock.sleep(pacedMs);
    }
  }

  /** How late the account was that had waited longest, when the schedule was last looked at. */
  get overdueMs(): number {
    return this.#overdueMs;
  }

  get running(): boolean {
    return this.#running !== undefined;
  }

  /**
   * Goes through the schedule as far as it is due, and claims while others are still renewed. Rows
   * of accounts that this engine does not know are passed over.
   */
  async #pass(window: Window, stop?: AbortSignal): Promise<Pass> {
    const { store, parameters: p } = this.services;
    await this.shared.sync(p.accountsPollMs);
    await this.#enrolment.enrolAll();
    const claims = new Claims();
    let untilDue = Number.POSITIVE_INFINITY;
    try {
      for await (const { entries, time } of upcomingPages(store, p.schedulePollMs)) {
        const idle = entries.filter(({ id }) => this.#isIdle(id));
        untilDue = Math.min(untilDue, untilFree(idle, time));
        this.#overdueMs = Math.max(0, -untilDue);
        await this.#claim(idle.filter(isFreeAt(time)), window, claims, stop);
        if (stop?.aborted || idle.some(({ due }) => due > time.ms)) break;
      }
    } catch (error) {
      claims.fail(error);
    }
    const { pacedMs, count } = claims;
    return { ended: claims.ended(), pacedMs, untilDue: count === 0 ? untilDue : undefined };
  }

  /** Processes that see the same page begin at different places, and do not get in each other's way. */
  async #claim(
    entries: readonly DueEntry[],
    window: Window,
    claims: Claims,
    stop: AbortSignal | undefined,
  ): Promise<void> {
    const { store, holder, parameters: p, elapsed, random } = this.services;
    const limit = Math.min(p.scheduleBatch, p.scheduleConcurrency);
    const first = entries.length > limit ? Math.floor(random.float() * entries.length) : 0;
    const waiting = [...entries.slice(first), ...entries.slice(0, first)].map(({ id }) => id);
    while (waiting.length > 0) {
      const wanted = waiting.splice(0, Math.min(await window.room(), limit));
      if (stop?.aborted) return;
      const turns = await Turns.take(this.services, wanted, p.followPollMs);
      claims.waitForTurns(turns.retryMs);
      const { ids } = turns;
      if (ids.length === 0) continue;
      const readAt = elapsed.now();
      const query = { ids, holder: holder.id, leaseMs: p.leaseMs, limit: ids.length };
      try {
        const { rows, time } = await store.claimDue(query);
        for (const row of rows) {
          this.#handled.add(row.id);
          claims.add(
            window
              .run(() => this.#handle(row, time, readAt, turns))
              .finally(() => this.#handled.delete(row.id)),
          );
        }
      } finally {
        turns.returnRest();
      }
    }
  }

  async #loop(signal: AbortSignal): Promise<void> {
    const { elapsed, events } = this.services;
    using _resume = elapsed.onSuspend((suspendedMs) => {
      events.emit('clock:suspended', { suspendedMs });
      this.#returns = true;
      this.wake();
    });
    const window = new Window(this.services.parameters.scheduleConcurrency);
    const passes = new Set<Promise<unknown>>();
    while (!signal.aborted) {
      if (this.#wake.signal.aborted) this.#wake = new AbortController();
      try {
        const returns = this.#returns;
        this.#returns = false;
        if (returns) await this.#lateTurns.give();
        const { ended, untilDue, pacedMs } = await this.#pass(window, signal);
        const pass = ended.finally(() => passes.delete(pass));
        passes.add(pass);
        if (pacedMs !== undefined) {
          pass.catch(() => {});
          await this.#sleep(Math.min(pacedMs, this.services.parameters.schedulePollMs));
          continue;
        }
        await (untilDue === undefined ? this.#endedSoon(pass) : pass);
        await this.#sleep(this.#pauseMs(untilDue ?? (await this.#untilDue())));
      } catch (error) {
        // The store is down or a record is broken: told elsewhere, tried again at the next poll.
        this.#returns ||= TokenError.is(error, 'STORE_UNAVAILABLE');
        await this.#sleep(this.services.parameters.schedulePollMs);
      }
    }
    await Promise.allSettled(passes);
  }

  /** One slow server does not keep the others waiting for longer than a poll. */
  async #endedSoon(pass: Promise<unknown>): Promise<void> {
    const { clock, parameters } = this.services;
    const ended = new AbortController();
    const poll = clock.sleep(parameters.schedulePollMs, ended.signal).catch(() => {});
    try {
      await Promise.race([pass, poll]);
    } finally {
      ended.abort(noLongerNeeded);
    }
  }

  async #untilDue(): Promise<number> {
    const { store, parameters } = this.services;
    for await (const { entries, time } of upcomingPages(store, parameters.schedulePollMs)) {
      const idle = entries.filter(({ id }) => this.#isIdle(id));
      if (idle.length > 0) return untilFree(idle, time);
    }
    return Number.POSITIVE_INFINITY;
  }

  /** Others write into the schedule too: it is read at least once per poll. */
  #pauseMs(untilDue: number): number {
    const { parameters } = this.services;
    // What is still due after a pass is held by another process, or cannot be written: it is
    // followed, ever more slowly, and not hammered.
    this.#passesInVain = untilDue <= 0 ? this.#passesInVain + 1 : 0;
    const followMs = parameters.followPollMs * 2 ** Math.min(this.#passesInVain - 1, 20);
    return Math.min(untilDue <= 0 ? followMs : untilDue, parameters.schedulePollMs);
  }

  /** Until then, or until something wakes it: a stop does as well. */
  async #sleep(ms: number): Promise<void> {
    await this.services.clock.sleep(ms, this.#wake.signal).catch(() => {});
  }

  /** Known to this engine, and nothing is being done about it here. */
  #isIdle(id: string): boolean {
    const account = this.services.registry.byId(id);
    return account !== undefined && !this.keepers.isFlying(id) && !this.#handled.has(id);
  }

  async #handle(
    row: StoredRow,
    time: StoreTime,
    readAt: number,
    turns: Turns,
  ): Promise<FlightEnd | undefined> {
    const account = this.services.registry.byId(row.id);
    // Removed while its row was on the way here: the lease runs out by itself.
    if (account === undefined) return undefined;
    const place = turns.of(account);
    try {
      return await this.#lookAfter(account, row, time, {
        readAt,
        ...(place === undefined ? {} : { place }),
      });
    } finally {
      // Where nothing was asked after all; what was used has been left already.
      place?.leave(false);
    }
  }

  async #lookAfter(
    account: KnownAccount,
    row: StoredRow,
    time: StoreTime,
    leased: Omit<LeasedRecord, 'found'>,
  ): Promise<FlightEnd | undefined> {
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
    return keeper.renew(trigger, { found, ...leased });
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

/** What another process has leased is seen to: nobody is late before that lease has run out. */
function freeAt({ due, leaseUntil }: DueEntry): number {
  return Math.max(due, leaseUntil ?? due);
}

/** Until the first of them; infinite without any. */
function untilFree(entries: readonly DueEntry[], { ms }: StoreTime): number {
  return Math.min(...entries.map(freeAt)) - ms;
}

function isFreeAt({ ms }: StoreTime) {
  return (entry: DueEntry) => freeAt(entry) <= ms;
}

/** Makes an account due now: what it was made from has changed. */
export async function makeDue(services: RenewalServices, account: KnownAccount): Promise<void> {
  await editRecord(services.store, account.id, ({ record, time }) => {
    if (record === undefined || record.state !== 'live') return;
    const unchanged: AccountRecord = record;
    return { record: unchanged, due: time.ms };
  });
}
