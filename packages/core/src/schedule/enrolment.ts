import type { AccountRegistry, KnownAccount } from '../provider/account-registry.js';
import type { RenewalServices } from '../renewal/renewal-services.js';
import { newRecord } from '../store/account-record.js';
import { nextIncarnation } from '../store/incarnation.js';
import type { RowWrite, StoreTime } from '../store/token-store.js';
import { crowded, type Place, placesOf, turnOf } from './spread.js';
import { PAGE, upcomingPages } from './upcoming-pages.js';
import { Window } from './window.js';

/** As many rows as a store writes at once. */
const AT_ONCE = 8;

/** Sees to it that there are rows for the accounts that want a token before anybody asks for one. */
export class Enrolment {
  readonly #enrolled = new WeakSet<KnownAccount>();
  /** All accounts there were when none of them was left to enrol. */
  #complete: ReturnType<AccountRegistry['all']> | undefined;

  constructor(private readonly services: RenewalServices) {}

  async enrolAll(): Promise<void> {
    const { registry, parameters } = this.services;
    const accounts = registry.all();
    if (accounts === this.#complete) return;
    const added = await this.#withoutRow(accounts);
    const spread = crowded(added, parameters.scheduleAtOnce);
    const places = spread.size === 0 ? new Map<string, Place>() : placesOf(accounts);
    const placeOf = (account: KnownAccount) =>
      spread.has(account) ? places.get(account.id) : undefined;
    await new Window(parameters.scheduleConcurrency).each(groups(added), async (group) => {
      await this.#makeRows(group, placeOf);
      for (const account of group) this.#enrolled.add(account);
    });
    this.#complete = accounts;
  }

  async #withoutRow(accounts: readonly KnownAccount[]): Promise<readonly KnownAccount[]> {
    const { store, parameters } = this.services;
    let unsure = accounts.filter((account) => !this.#enrolled.has(account) && isEager(account));
    // One page tells of so many rows as it would take a trip each to read.
    if (unsure.length > PAGE) {
      const scheduled = await this.#scheduled();
      for (const account of unsure) if (scheduled.has(account)) this.#enrolled.add(account);
      unsure = unsure.filter((account) => !scheduled.has(account));
    }
    const added: KnownAccount[] = [];
    await new Window(parameters.scheduleConcurrency).each(unsure, async (account) => {
      // Looked at unopened: one row that nobody can read must not keep the others from being renewed.
      const { row } = await store.read('account', account.id);
      if (row === undefined) added.push(account);
      else this.#enrolled.add(account);
    });
    return added;
  }

  async #scheduled(): Promise<ReadonlySet<KnownAccount>> {
    const { registry, store } = this.services;
    const found = new Set<KnownAccount>();
    for await (const { entries } of upcomingPages(store)) {
      for (const { id } of entries) {
        const account = registry.byId(id);
        if (account !== undefined) found.add(account);
      }
    }
    return found;
  }

  /** The first process to write a row decides when its turn is. */
  async #makeRows(
    group: readonly KnownAccount[],
    placeOf: (account: KnownAccount) => Place | undefined,
  ): Promise<void> {
    const { store } = this.services;
    let missing = group;
    while (missing.length > 0) {
      const time = store.earliest();
      const rows = missing.map((account) => this.#newRow(account, placeOf(account), time));
      const result = await store.write(rows);
      if (result.written) return;
      missing = missing.filter(({ id }) => id !== result.conflict);
    }
  }

  #newRow({ id }: KnownAccount, place: Place | undefined, time: StoreTime): RowWrite {
    const { random, parameters } = this.services;
    const body = JSON.stringify(newRecord(nextIncarnation(undefined, random)));
    const due = place === undefined ? time.ms : turnOf(id, place, undefined, time, parameters);
    return { kind: 'account', id, expected: 0, body, due, fence: 0 };
  }
}

function isEager({ config, provider }: KnownAccount): boolean {
  return config.eager ?? provider.profile.renewal === 'ahead';
}

function* groups(accounts: readonly KnownAccount[]): Generator<readonly KnownAccount[]> {
  for (let at = 0; at < accounts.length; at += AT_ONCE) yield accounts.slice(at, at + AT_ONCE);
}
