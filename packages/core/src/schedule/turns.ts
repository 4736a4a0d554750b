import type { KnownAccount } from '../provider/account-registry.js';
import type { PacePlace, PaceRows } from '../renewal/pace-rows.js';

interface Services {
  readonly registry: { byId(id: string): KnownAccount | undefined };
  readonly paces: PaceRows;
}

/**
 * Turns for the rows of one claim. Of a provider that has a pace no more rows are claimed than have
 * a turn: the others stay due, and any process may claim them when theirs has come.
 */
export class Turns {
  /** Rows that may be claimed. */
  readonly ids: string[] = [];
  /** Until there are turns for the rest; `undefined`: all have one. */
  retryMs: number | undefined;
  readonly #places = new Map<string, PacePlace[]>();

  private constructor(private readonly services: Services) {}

  static async take(services: Services, ids: readonly string[], withinMs: number): Promise<Turns> {
    const turns = new Turns(services);
    const paced = new Map<string, KnownAccount[]>();
    for (const id of ids) {
      const account = services.registry.byId(id);
      const name = account === undefined ? undefined : services.paces.nameOf(account);
      if (account === undefined || name === undefined) turns.ids.push(id);
      else paced.set(name, [...(paced.get(name) ?? []), account]);
    }
    for (const [name, accounts] of paced) await turns.#takeOf(name, accounts, withinMs);
    return turns;
  }

  /** The turn of a row that was claimed. */
  of(account: KnownAccount): PacePlace | undefined {
    const name = this.services.paces.nameOf(account);
    return name === undefined ? undefined : this.#places.get(name)?.shift();
  }

  /** Other processes had claimed some of the rows: their turns are for others, the last one first. */
  returnRest(): void {
    for (const places of this.#places.values()) {
      for (const place of places.splice(0).reverse()) place.leave(false);
    }
  }

  async #takeOf(name: string, accounts: readonly KnownAccount[], withinMs: number): Promise<void> {
    const [first] = accounts;
    if (first === undefined) return;
    const { places, retryMs } = await this.services.paces.takeSeveral(
      first,
      accounts.length,
      withinMs,
    );
    this.#places.set(name, [...places]);
    this.ids.push(...accounts.slice(0, places.length).map(({ id }) => id));
    if (retryMs !== undefined) this.retryMs = Math.min(this.retryMs ?? Infinity, retryMs);
  }
}
