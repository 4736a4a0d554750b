import { constants } from 'node:fs';
import type { EscrowFile, EscrowFiles } from '@tokenkeep/core';
import type { Kernel } from '../kernel/kernel.js';
import type { RunningCode } from './running-code.js';

/** One write: where it went, and what. A file is its length and its writes in order. */
interface Write {
  readonly position: number;
  readonly bytes: Uint8Array;
}

interface StoredFile {
  size: number;
  /** What a reader sees, in order. */
  writes: Write[];
  /** How many of them a power cut leaves alone, and the length it leaves. */
  syncedWrites: number;
  syncedSize: number;
  /** Its name is on the disk, not only in memory. */
  named: boolean;
  /** What a reader saw, if nothing was written since. */
  image?: Buffer | undefined;
}

/** What a disk does wrong. Rates per operation, 0 to 1. */
export interface DiskFaults {
  /** EIO. */
  errors: number;
  /** ENOSPC for new files and for writes that make a file longer. */
  isFull: boolean;
  /** Times as slow as usual. */
  slowness: number;
}

/** More writes than this to one file are folded into one image. */
const mostWrites = 256;

/**
 * A disk as a crash sees it. A write is in memory until it is synced; SIGKILL loses nothing,
 * a power cut loses what was not synced, and tears the last write.
 */
export class SimDisk {
  readonly faults: DiskFaults = { errors: 0, isFull: false, slowness: 1 };
  #files = new Map<string, StoredFile>();
  #powerCuts = 0;
  readonly #folders = new Set<string>();

  constructor(
    private readonly kernel: Kernel,
    private readonly name: string,
  ) {}

  /** The disk as one process uses it. */
  filesOf(code: RunningCode): EscrowFiles {
    const act = <Value>(what: string, medianMs: number, work: () => Value) =>
      this.#act(code, what, medianMs, work);
    return {
      mkdir: (path) => act('mkdir', 0.1, () => void this.#folders.add(path)),
      readdir: (folder) => act('readdir', 0.1, () => this.#list(folder)),
      rename: (from, to) => act('rename', 0.2, () => this.#rename(from, to)),
      rm: (path) => act('rm', 0.2, () => void this.#files.delete(path)),
      open: (path, flags) =>
        act('open', 0.1, () => {
          const creates = (flags & constants.O_CREAT) !== 0;
          const known = this.#files.get(path);
          if (known !== undefined && creates) throw failure('EEXIST');
          if (known !== undefined) return this.#handle(code, known);
          if (!creates && this.#folders.has(path)) return this.#folder(code, path);
          if (!creates) throw failure('ENOENT');
          if (this.faults.isFull) throw failure('ENOSPC');
          const file = { size: 0, writes: [], syncedWrites: 0, syncedSize: 0, named: false };
          this.#files.set(path, file);
          return this.#handle(code, file);
        }),
    };
  }

  losePower(): void {
    this.#powerCuts += 1;
    const survivors = [...this.#files].filter(
      ([, file]) => file.named || this.kernel.dice.chance(0.5),
    );
    this.#files = new Map(survivors);
    for (const [, file] of survivors) {
      const unsynced = file.writes.slice(file.syncedWrites);
      // Any of them may have reached the platter, in any order, and one of them in part.
      const lucky = unsynced.filter(() => this.kernel.dice.chance(0.5));
      const torn = lucky.at(-1);
      if (torn !== undefined) {
        const kept = this.kernel.dice.whole(0, torn.bytes.length);
        lucky[lucky.length - 1] = { ...torn, bytes: torn.bytes.subarray(0, kept) };
      }
      file.writes = [...file.writes.slice(0, file.syncedWrites), ...lucky];
      file.size = lucky.reduce(
        (size, { position, bytes }) => Math.max(size, position + bytes.length),
        file.syncedSize,
      );
      file.syncedWrites = file.writes.length;
      file.syncedSize = file.size;
      file.named = true;
      file.image = undefined;
    }
  }

  #act<Value>(
    code: RunningCode,
    what: string,
    medianMs: number,
    work: () => Value,
  ): Promise<Value> {
    return new Promise((resolve, reject) => {
      if (!code.isAlive) return;
      const { kernel, faults } = this;
      const powerCuts = this.#powerCuts;
      const ms = kernel.dice.logNormal(medianMs, 0.7) * faults.slowness;
      kernel.after(ms, () => {
        if (this.#powerCuts !== powerCuts) return;
        // The system finishes, or never began, what a dying process asked of it.
        if (!code.isAlive && kernel.dice.chance(0.5)) return;
        try {
          if (kernel.dice.chance(faults.errors)) throw failure('EIO');
          const value = work();
          code.deliver(() => resolve(value));
        } catch (error) {
          kernel.note(this.name, `disk ${what} ${(error as { code?: string }).code ?? 'failed'}`);
          code.deliver(() => reject(error));
        }
      });
    });
  }

  #handle(code: RunningCode, file: StoredFile): EscrowFile {
    const act = <Value>(what: string, medianMs: number, work: () => Value) =>
      this.#act(code, what, medianMs, work);
    const sync = () => {
      file.syncedWrites = file.writes.length;
      file.syncedSize = file.size;
    };
    return {
      write: (bytes, offset, length, position) => {
        const isWhole = offset === 0 && length === bytes.length;
        const part = isWhole ? bytes : bytes.subarray(offset, offset + length);
        // Megabytes of zeros make room and say nothing else: they are not copied.
        const copy = isZero(part) ? part : part.slice();
        return act('write', 0.1, () => {
          const end = position + copy.length;
          if (this.faults.isFull && end > file.size) throw failure('ENOSPC');
          this.#write(file, { position, bytes: copy });
          return { bytesWritten: copy.length };
        });
      },
      datasync: () => act('datasync', 3, sync),
      sync: () => act('sync', 4, sync),
      readFile: () =>
        act('read', 0.3, () => {
          file.image ??= image(file);
          return file.image;
        }),
      close: () => act('close', 0.05, () => undefined),
    };
  }

  /** `sync` on a folder makes the names in it durable. */
  #folder(code: RunningCode, folder: string): EscrowFile {
    const act = <Value>(work: () => Value) => this.#act(code, 'sync', 2, work);
    const sync = () => {
      for (const name of this.#list(folder)) {
        const file = this.#files.get(`${folder}/${name}`);
        if (file !== undefined) file.named = true;
      }
    };
    const never = () => Promise.reject(failure('EISDIR'));
    return {
      sync: () => act(sync),
      datasync: () => act(sync),
      close: () => act(() => undefined),
      write: never,
      readFile: never,
    };
  }

  #write(file: StoredFile, write: Write): void {
    file.image = undefined;
    file.size = Math.max(file.size, write.position + write.bytes.length);
    // A file begins as zeros: writing zeros into what nobody has written changes nothing.
    const zeros = file.writes.length === 0 && isZero(write.bytes);
    if (!zeros) file.writes.push(write);
    if (file.syncedWrites > mostWrites) {
      const synced = { ...file, writes: file.writes.slice(0, file.syncedWrites) };
      file.writes = [
        { position: 0, bytes: image({ ...synced, size: file.syncedSize }) },
        ...file.writes.slice(file.syncedWrites),
      ];
      file.syncedWrites = 1;
    }
  }

  #list(folder: string): string[] {
    return [...this.#files.keys()]
      .filter((path) => path.startsWith(`${folder}/`))
      .map((path) => path.slice(folder.length + 1));
  }

  #rename(from: string, to: string): void {
    const file = this.#files.get(from);
    if (file === undefined) throw failure('ENOENT');
    this.#files.delete(from);
    this.#files.set(to, file);
  }
}

/** Room that was made once is asked about again and again. */
const knownZeros = new WeakSet<Uint8Array>();

function isZero(bytes: Uint8Array): boolean {
  if (knownZeros.has(bytes)) return true;
  if (bytes[0] !== 0 || !Buffer.alloc(bytes.length).equals(bytes)) return false;
  knownZeros.add(bytes);
  return true;
}

function image({ size, writes }: Pick<StoredFile, 'size' | 'writes'>): Buffer {
  const bytes = Buffer.alloc(size);
  for (const write of writes) bytes.set(write.bytes, write.position);
  return bytes;
}

function failure(code: string): Error {
  return Object.assign(new Error(code), { code });
}
