import { test } from '@jest/globals';
import fc from 'fast-check';
import { playAll, playOut } from '../../../test/interleaving/play-out.js';
import { ScheduledDisk } from '../../../test/interleaving/scheduled-disk.js';
import { stepsOf } from '../../../test/interleaving/step.js';
import { interleavings, timeLimitMs } from '../../../test/property-runs.js';
import type { Escrow } from '../src/escrow/escrow.js';
import { fileEscrow } from '../src/escrow/file-escrow.js';

const FOLDER = '/escrow';

const kinds = [
  ...(['put', 'put', 'put', 'remove', 'remove twice', 'remove twice', 'replay'] as const),
  ...(['succeed', 'reserve', 'close'] as const),
];
interface Act {
  readonly kind: (typeof kinds)[number];
  readonly id: string;
  /** Whether it is waited for before the next thing is done. */
  readonly waited: boolean;
}

const act: fc.Arbitrary<Act> = fc.record({
  kind: fc.constantFrom(...kinds),
  id: fc.constantFrom('a', 'a', 'b', 'c'),
  waited: fc.boolean(),
});

const entry = (attemptId: string) => ({
  attemptId,
  account: 'crm-api/crm',
  incarnation: '1.abc',
  generation: 1,
  record: `the pair of ${attemptId}`,
});

/** Of two engines in one process neither is gone, as far as the other can tell. */
const holderOf = (id: string, othersAreGone = false) => ({
  id,
  isGone: (other: string) => othersAreGone && !other.startsWith(id),
});

/** What an engine and the next one of its process do, and what may be expected of the escrow. */
class Scene {
  /** Put, and said to be durable. */
  readonly kept = new Set<string>();
  /** Brought home, or about to be. */
  readonly removed = new Set<string>();
  closed = false;
  readonly #put = new Set<string>();
  readonly #escrow: Escrow;
  readonly #successor: Escrow;

  constructor(disk: ScheduledDisk) {
    this.#escrow = fileEscrow(FOLDER, holderOf('one'), disk);
    this.#successor = fileEscrow(FOLDER, holderOf('two'), disk);
  }

  async play({ kind, id }: Act): Promise<void> {
    switch (kind) {
      case 'put':
        // An attempt has one reply.
        if (this.#put.has(id)) return;
        this.#put.add(id);
        if (await this.#escrow.put(entry(id))) this.kept.add(id);
        return;
      case 'remove':
        return this.kept.has(id) ? this.#remove(this.#escrow, id) : undefined;
      // Whoever commits a pair, and whoever finds it in escrow meanwhile.
      case 'remove twice':
        if (!this.kept.has(id)) return;
        await Promise.all([this.#remove(this.#escrow, id), this.#remove(this.#escrow, id)]);
        return;
      case 'reserve':
        return this.#escrow.reserve?.();
      case 'replay':
        return this.#replay(this.#escrow);
      case 'succeed':
        return this.#replay(this.#successor);
      case 'close':
        if (this.closed) return;
        this.closed = true;
        return this.#escrow.close();
    }
  }

  async #replay(escrow: Escrow): Promise<void> {
    for (const { attemptId } of await escrow.entries()) await this.#remove(escrow, attemptId);
  }

  #remove(escrow: Escrow, id: string): Promise<void> {
    this.removed.add(id);
    return escrow.remove(id);
  }
}

test(
  'F56 F57 in 10,000 orders of puts, removes and a close, on a disk that fails, no kept pair is lost',
  async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(act, { minLength: 1, maxLength: 12 }),
        fc.uniqueArray(fc.tuple(fc.nat(30), fc.constantFrom('error', 'short')), { maxLength: 2 }),
        fc.record({ cut: fc.boolean(), luck: fc.infiniteStream(fc.boolean()) }),
        fc.nat(8),
        async (s, plan, troubles, power, haste) => {
          const step = stepsOf(s);
          const trouble = new Map(troubles);
          const disk = new ScheduledDisk(step, trouble);
          const scene = new Scene(disk);
          let left = disk;
          if (power.cut) {
            step('power cut').then(() => {
              left = disk.cut(() => power.luck.next().value, step);
            });
          }
          const acting = async () => {
            for (const act of plan) {
              await step(act.kind);
              const done = scene.play(act).catch(() => {});
              if (act.waited) await done;
            }
          };
          acting();
          await playAll(s, haste);
          trouble.clear();
          if (left === disk) {
            if (scene.closed && troubles.length === 0 && disk.openHandles > 0) {
              throw new Error(`${disk.openHandles} files are open after the end`);
            }
            // What went wrong once is not in the way of the next pair.
            if (troubles.length < 2)
              await playOut(s, scene.play({ kind: 'put', id: 'late', waited: true }));
          }

          const next = fileEscrow(FOLDER, holderOf('next', true), left);
          const observer = fileEscrow(FOLDER, holderOf('observer', true), left);
          const check = async () => {
            const found = new Set(
              (await playOut(s, observer.entries())).map(({ record }) => record),
            );
            for (const id of scene.kept) {
              if (scene.removed.has(id) || found.has(entry(id).record)) continue;
              throw new Error(`${id} is lost. Found: ${[...found].join(', ')}`);
            }
          };
          await check();
          // One that stands in two files is found again, and is stale then.
          for (let round = 0; round < 3 && left.files.length > 0; round += 1) {
            for (const { attemptId } of await playOut(s, next.entries())) {
              scene.removed.add(attemptId);
              await playOut(s, next.remove(attemptId));
              if (round === 0 && scene.removed.size === 1) await check();
            }
          }
          if (left.files.length > 0) throw new Error(`Left behind: ${left.files.join(', ')}`);
        },
      ),
      interleavings,
    );
  },
  timeLimitMs,
);
