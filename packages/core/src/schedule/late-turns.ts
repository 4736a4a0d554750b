import { TokenError } from '../errors/token-error.js';
import type { KnownAccount } from '../provider/account-registry.js';
import { nextOf } from '../renewal/due-of.js';
import type { RenewalServices } from '../renewal/renewal-services.js';
import { editRecord } from '../store/edit-record.js';
import type { StoredRow, StoreTime } from '../store/token-store.js';
import { crowded, type Place, placesOf, turnOf } from './spread.js';
import { upcomingPages } from './upcoming-pages.js';
import { Window } from './window.js';

/**
 * After a downtime everything may be due at once. More than a handful of one provider is given
 * new turns, in the rows, so that all processes together keep them.
 */
export class LateTurns {
  constructor(private readonly services: RenewalServices) {}

  async give(): Promise<void> {
    const { registry, parameters: p } = this.services;
    const late = [...crowded(await this.#late(), p.scheduleAtOnce)];
    if (late.length === 0) return;
    const places = placesOf(registry.all());
    await new Window(p.scheduleConcurrency).each(late, async (account) => {
      const place = places.get(account.id);
      // A row that nobody can read is met, and told, when it is claimed.
      if (place !== undefined) await this.#putOff(account, place).catch(passOverUnreadable);
    });
  }

  async #late(): Promise<readonly KnownAccount[]> {
    const { registry, store, parameters } = this.services;
    const late: KnownAccount[] = [];
    for await (const { entries, time } of upcomingPages(store, -parameters.schedulePollMs)) {
      for (const entry of entries) {
        const account = registry.byId(entry.id);
        if (account !== undefined && this.#isLate(entry, time)) late.push(account);
      }
    }
    return late;
  }

  /** It was due while nobody was there: else it would have been seen within a poll. */
  #isLate({ due, leaseUntil }: Pick<StoredRow, 'due' | 'leaseUntil'>, time: StoreTime): boolean {
    if (due === undefined || (leaseUntil ?? 0) > time.ms) return false;
    return due < time.ms - this.services.parameters.schedulePollMs;
  }

  /** What cannot wait keeps its turn: a doubt, a revocation, a rotation, the end of a session. */
  async #putOff(account: KnownAccount, place: Place): Promise<void> {
    const { store, parameters } = this.services;
    await editRecord(store, account.id, ({ row, record, time }) => {
      if (row === undefined || record === undefined || !this.#isLate(row, time)) return;
      const { action } = nextOf(this.services, account, record) ?? {};
      if (action !== 'renew' && action !== 'keep_alive') return;
      return { record, due: turnOf(account.id, place, record, time, parameters) };
    });
  }
}

function passOverUnreadable(error: unknown): void {
  if (!TokenError.is(error, 'RECORD_UNREADABLE')) throw error;
}
