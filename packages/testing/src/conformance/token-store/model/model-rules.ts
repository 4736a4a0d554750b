import type { TokenStore } from '@tokenkeep/core';
import fc from 'fast-check';
import { handClock } from '../hand-clock.js';
import { passing } from '../passing.js';
import type { TokenStoreTests } from '../token-store-tests.js';
import { StoreClients, storeCommands } from './store-commands.js';
import { contradictionIn } from './store-history.js';
import { storeSection } from './store-section.js';

type NewRun = (
  inTurn: boolean,
  around?: (store: TokenStore) => TokenStore,
) => Promise<StoreClients>;

/**
 * What the port promises, as far as two clients of one store can show it: whatever they do, one
 * after the other or at once, the answers are those of a single store that does one thing at a time.
 */
export function modelRules({ test, factory, time, stories, limitMs }: Required<TokenStoreTests>) {
  const runs = { numRuns: stories };

  /** One store for all runs, and rows of its own for each. */
  const rule = (name: string, property: (newRun: NewRun) => fc.IAsyncProperty<unknown>): void =>
    test(
      name,
      async () => {
        const clock = handClock();
        const newClient = await factory(clock);
        const stores = [newClient(), newClient()];
        let made = 0;
        const newRun: NewRun = async (inTurn, around = (store) => store) => {
          made += 1;
          const prefix = `${String(made).padStart(9, '0')}/`;
          const sections = stores.map((store) => around(storeSection(store, prefix)));
          return new StoreClients(sections, passing(clock, time), inTurn).begin();
        };
        try {
          for (const store of new Set(stores)) await store.open();
          await fc.assert(property(newRun), runs);
        } finally {
          for (const store of new Set(stores)) await store.close();
        }
      },
      limitMs,
    );

  rule('two clients that take turns see one store', (newRun) =>
    fc.asyncProperty(storeCommands(20), async (commands) => {
      const clients = await newRun(true);
      await fc.asyncModelRun(() => ({ model: {}, real: clients }), commands);
      judge(clients);
    }),
  );

  rule('two clients at once see one store that does one thing after the other', (newRun) =>
    fc.asyncProperty(fc.scheduler(), storeCommands(10), async (s, commands) => {
      const clients = await newRun(false, (store) => overtaken(s, store));
      await fc.scheduledModelRun(s, () => ({ model: {}, real: clients }), commands);
      await allPlayed(s, clients);
      judge(clients);
    }),
  );
}

function judge(clients: StoreClients): void {
  clients.end();
  const contradiction = contradictionIn(clients.history);
  if (contradiction !== undefined) throw new Error(contradiction);
}

/** Calls reach the store, and answers come back, when the scheduler says so. */
function overtaken(scheduler: fc.Scheduler, store: TokenStore): TokenStore {
  return new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function' || name === 'now') return member;
      return async (...given: unknown[]) => {
        await scheduler.schedule(Promise.resolve(), `${String(name)} is on its way`);
        const answer: unknown = await Reflect.apply(member, target, given);
        await scheduler.schedule(Promise.resolve(), `${String(name)} is answered`);
        return answer;
      };
    },
  });
}

/** The store may take its time with an answer; the scheduler holds back all that it has. */
async function allPlayed(scheduler: fc.Scheduler, clients: StoreClients): Promise<void> {
  while (clients.isWaiting) {
    if (scheduler.count() > 0) await scheduler.waitOne();
    else await new Promise((resolve) => setImmediate(resolve));
  }
}
