import type { RowKind, RowWrite, StoredRow, TokenStore } from '@tokenkeep/core';
import fc from 'fast-check';
import type { PastCall } from './store-history.js';
import type { StoreCall } from './store-model.js';

/** What a client knows of a row: what it was last told. */
type Seen = ReadonlyMap<string, StoredRow>;

/** Two clients of one store, and what came of everything they asked. */
export class StoreClients {
  readonly history: PastCall[] = [];
  readonly #seen: Map<string, StoredRow>[];
  #moment = 0;
  #bodies = 0;
  #timeMs = 0;
  readonly #failures: unknown[] = [];
  #open = 0;

  constructor(
    private readonly stores: readonly TokenStore[],
    private readonly passing: (ms: number) => Promise<void>,
    /** Whether a call is waited for before the next is made. */
    private readonly inTurn: boolean,
  ) {
    this.#seen = stores.map(() => new Map());
  }

  /** Before the first command: commands that speak of time speak of it from here. */
  async begin(): Promise<this> {
    this.#timeMs = (await this.stores[0]?.now())?.ms ?? 0;
    return this;
  }

  pass(ms: number): Promise<void> {
    return this.passing(ms);
  }

  async ask(client: number, make: (facts: Facts) => Asked): Promise<void> {
    const store = this.stores[client] as TokenStore;
    const seen = this.#seen[client] as Map<string, StoredRow>;
    this.#bodies += 1;
    const asked = make({ seen, nowMs: this.#timeMs, body: JSON.stringify(`body ${this.#bodies}`) });
    const madeAt = this.#moment++;
    this.#open += 1;
    const answered = asked(store).then(
      (call) => {
        this.history.push({ client, call, madeAt, answeredAt: this.#moment++ });
        if ('time' in call.answer) this.#timeMs = Math.max(this.#timeMs, call.answer.time.ms);
        for (const row of rowsIn(call)) seen.set(`${row.kind}:${row.id}`, row);
      },
      (error) => void this.#failures.push(error),
    );
    const over = answered.then(() => {
      this.#open -= 1;
    });
    if (this.inTurn) await over;
  }

  get isWaiting(): boolean {
    return this.#open > 0;
  }

  /** After the last answer. @throws what a call was rejected with */
  end(): void {
    if (this.#failures.length > 0) throw this.#failures[0];
  }
}

interface Facts {
  readonly seen: Seen;
  readonly nowMs: number;
  readonly body: string;
}
type Asked = (store: TokenStore) => Promise<StoreCall>;

function rowsIn(call: StoreCall): readonly StoredRow[] {
  switch (call.name) {
    case 'read':
      return call.answer.row === undefined ? [] : [call.answer.row];
    case 'claimDue':
      return call.answer.rows;
    case 'list':
      return call.answer;
    default:
      return [];
  }
}

/** The model is kept by the history: it is checked once all is over. */
type Command = fc.AsyncCommand<object, StoreClients>;

class Ask implements Command {
  constructor(
    private readonly text: string,
    private readonly client: number,
    private readonly make: (facts: Facts) => Asked,
  ) {}

  check = () => true;
  run = (_: object, clients: StoreClients) => clients.ask(this.client, this.make);
  toString = () => `${this.client}: ${this.text}`;
}

class Pass implements Command {
  constructor(private readonly ms: number) {}

  check = () => true;
  run = (_: object, clients: StoreClients) => clients.pass(this.ms);
  toString = () => `${this.ms} ms pass`;
}

const clientOf = fc.nat(1);
const idOf = fc.constantFrom('a', 'b', 'c');
const idsOf = fc.subarray(['a', 'b', 'c', 'unknown']);
const kindOf = fc.constantFrom<RowKind[]>('account', 'account', 'account', 'budget');
const holderOf = fc.constantFrom('me', 'you');
const span = fc.integer({ min: 0, max: 20 });

const change = fc.record({
  kind: kindOf,
  id: idOf,
  /** The version last seen, as though nothing was there, or one that is still to come. */
  based: fc.constantFrom('seen', 'seen', 'seen', 'nothing', 'future'),
  dueIn: fc.option(fc.integer({ min: -20, max: 20 }), { nil: undefined }),
  claims: fc.boolean(),
  lease: fc.option(fc.record({ holder: holderOf, ms: span }), { nil: undefined }),
});
type Change = typeof change extends fc.Arbitrary<infer Value> ? Value : never;

function rowWrite(
  { kind, id, based, dueIn, claims, lease }: Change,
  { seen, nowMs, body }: Facts,
): RowWrite {
  const row = seen.get(`${kind}:${id}`);
  const version = row?.version ?? 0;
  return {
    kind,
    id,
    expected: { seen: version, nothing: 0, future: version + 1 }[based] ?? version,
    body,
    due: dueIn === undefined ? undefined : nowMs + dueIn,
    fence: (row?.fence ?? 0) + (claims ? 1 : 0),
    ...(lease === undefined ? {} : { lease }),
  };
}

const read = fc.tuple(clientOf, kindOf, idOf).map(
  ([client, kind, id]) =>
    new Ask(`read ${kind} ${id}`, client, () => async (store) => {
      return { name: 'read', kind, id, answer: await store.read(kind, id) };
    }),
);
const places = { selector: ({ kind, id }: Change) => `${kind}:${id}`, minLength: 1, maxLength: 3 };
const write = fc.tuple(clientOf, fc.uniqueArray(change, places)).map(
  ([client, drawn]) =>
    new Ask(`write ${JSON.stringify(drawn)}`, client, (facts) => {
      const changes = drawn.map((change) => rowWrite(change, facts));
      return async (store) => ({ name: 'write', changes, answer: await store.write(changes) });
    }),
);
const claimDue = fc.tuple(clientOf, idsOf, holderOf, span, fc.nat(3)).map(
  ([client, ids, holder, leaseMs, limit]) =>
    new Ask(`claimDue ${limit} of ${ids} for ${leaseMs} ms`, client, () => async (store) => {
      const query = { ids, holder, leaseMs, limit };
      return { name: 'claimDue', query, answer: await store.claimDue(query) };
    }),
);
const placeOf = fc.option(
  fc.record({ dueIn: fc.integer({ min: -20, max: 20 }), id: fc.constantFrom('a', 'b', 'bb') }),
  { nil: undefined },
);
const upcoming = fc.tuple(clientOf, placeOf, fc.nat(3)).map(
  ([client, place, limit]) =>
    new Ask(`upcoming ${limit} after ${JSON.stringify(place)}`, client, ({ nowMs }) => {
      const after = place && { due: nowMs + place.dueIn, id: place.id };
      return async (store) => {
        return { name: 'upcoming', after, limit, answer: await store.upcoming(after, limit) };
      };
    }),
);
const list = fc.tuple(clientOf, kindOf, fc.option(idOf, { nil: undefined }), fc.nat(3)).map(
  ([client, kind, after, limit]) =>
    new Ask(`list ${limit} of ${kind} after ${after}`, client, () => async (store) => {
      return { name: 'list', kind, after, limit, answer: await store.list(kind, after, limit) };
    }),
);
const pass = span.map((ms) => new Pass(ms));

/** Writes more often than all else: without rows there is little to get wrong. */
export const storeCommands = (maxCommands: number) =>
  fc.commands([write, write, write, read, read, claimDue, claimDue, upcoming, list, pass], {
    maxCommands,
  });
