import { basename } from 'node:path';
import type { EscrowFile, EscrowFiles } from '@tokenkeep/core';
import type { Step } from './step.js';

/** More than this is room being made: zeros, which nobody needs to keep. */
const ROOM_BYTES = 1 << 20;
const CREATE = 0o100;

interface Write {
  readonly at: number;
  readonly bytes: Buffer;
}

/** What is in a file, and how many of its writes a power cut leaves for sure. */
interface Inode {
  writes: Write[];
  synced: number;
}

/** An error, with half of a write done; or only a half of it done, said in the count. */
export type Trouble = 'error' | 'short';

/**
 * A disk on which everything happens when a scheduler says so, as Node and POSIX have it: a handle
 * that was closed takes nothing more, closing waits for what is under way, and without a sync
 * nothing is sure to be there after the power failed.
 */
export class ScheduledDisk implements EscrowFiles {
  openHandles = 0;
  #names = new Map<string, Inode>();
  /** The names of a folder before each change since it was last synced. */
  #unsynced: Map<string, Inode>[] = [];
  #calls = 0;
  #dead = false;

  /** `troubles`: what becomes of single calls, counted from 0. */
  constructor(
    private readonly step: Step,
    private readonly troubles: ReadonlyMap<number, Trouble> = new Map(),
  ) {}

  /** The names there are. */
  get files(): readonly string[] {
    return [...this.#names.keys()];
  }

  /**
   * The power fails: no call comes back any more. What the next start finds is what was synced, and
   * of the rest what `survives` says: asked for each change of a name and each write.
   */
  cut(survives: () => boolean, step: Step): ScheduledDisk {
    this.#dead = true;
    const left = new ScheduledDisk(step);
    const names = this.#unsynced.find(() => !survives()) ?? this.#names;
    for (const [name, { writes, synced }] of names) {
      const kept = writes.filter((_, index) => index < synced || survives());
      left.#names.set(name, { writes: kept, synced: kept.length });
    }
    return left;
  }

  mkdir = async () => {
    await this.#happens('mkdir');
  };

  open = async (path: string, flags: number): Promise<EscrowFile> => {
    const name = basename(path);
    await this.#happens(`open ${name}`);
    const found = this.#names.get(name);
    if ((flags & CREATE) !== 0) {
      if (found !== undefined) throw failure('EEXIST');
      const made = { writes: [], synced: 0 };
      this.#change(() => this.#names.set(name, made));
      return this.#handle(made);
    }
    if (found !== undefined) return this.#handle(found);
    if (name.endsWith('.escrow')) throw failure('ENOENT');
    return this.#handle(undefined);
  };

  readdir = async () => {
    await this.#happens('readdir');
    return [...this.#names.keys()];
  };

  rename = async (from: string, to: string) => {
    await this.#happens('rename');
    const inode = this.#names.get(basename(from));
    if (inode === undefined) throw failure('ENOENT');
    this.#change(() => {
      this.#names.delete(basename(from));
      this.#names.set(basename(to), inode);
    });
  };

  rm = async (path: string) => {
    await this.#happens('rm');
    this.#change(() => this.#names.delete(basename(path)));
  };

  /** An open file, or with no inode the folder itself. */
  #handle(inode: Inode | undefined): EscrowFile {
    let closed = false;
    const under = new Set<Promise<unknown>>();
    this.openHandles += 1;
    const call = <Value>(name: string, act: (trouble?: Trouble) => Value): Promise<Value> => {
      if (closed) return Promise.reject(failure('EBADF'));
      const done = this.#happens(name, act);
      under.add(done);
      done.catch(() => {}).finally(() => under.delete(done));
      return done;
    };
    const sync = () =>
      call('sync', (trouble) => {
        refused(trouble);
        if (inode === undefined) this.#unsynced = [];
        else inode.synced = inode.writes.length;
      });
    return {
      sync,
      datasync: sync,
      write: (bytes, offset, length, position) =>
        call('write', (trouble) => {
          const taken = trouble === undefined ? length : length >> 1;
          if (inode === undefined) throw failure('EISDIR');
          if (length < ROOM_BYTES) {
            const kept = Buffer.from(bytes.subarray(offset, offset + taken));
            inode.writes.push({ at: position, bytes: kept });
          }
          if (trouble === 'error') throw failure('ENOSPC');
          return { bytesWritten: taken };
        }),
      readFile: () =>
        call('read', (trouble) => {
          refused(trouble);
          // Less the zeros at the end: two million of them are most of what a run would do.
          const ends = inode?.writes.map(({ at, bytes }) => at + bytes.length) ?? [];
          const whole = Buffer.alloc(Math.max(0, ...ends));
          for (const { at, bytes } of inode?.writes ?? []) bytes.copy(whole, at);
          return whole;
        }),
      close: async () => {
        if (closed) throw failure('EBADF');
        closed = true;
        await Promise.allSettled(under);
        await this.#happens('close', () => {
          this.openHandles -= 1;
        });
      },
    };
  }

  #change(act: () => void): void {
    this.#unsynced.push(new Map(this.#names));
    act();
  }

  async #happens<Value = void>(
    name: string,
    act: (trouble?: Trouble) => Value = refused as (trouble?: Trouble) => Value,
  ): Promise<Value> {
    const trouble = this.troubles.get(this.#calls);
    this.#calls += 1;
    await this.step(name);
    // Whoever waits for a machine without power waits for ever.
    if (this.#dead) return new Promise(() => {});
    return act(trouble);
  }
}

function refused(trouble?: Trouble): void {
  if (trouble === 'error') throw failure('EIO');
}

function failure(code: string): Error {
  return Object.assign(new Error(code), { code });
}
