import { constants } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { TokenError } from '../errors/token-error.js';
import type { Holder } from '../holder/holder.js';
import type { Escrow, EscrowEntry, FoundEntry } from './escrow.js';
import { type EscrowFile, type EscrowFiles, nodeFiles } from './escrow-files.js';

const SLOT_BYTES = 128 * 1024;
const SLOTS = 16;
/** The length of an entry, then its CRC-32: 0 and 0 for none. */
const HEAD_BYTES = 8;
/** In place of an attempt: its slot is nobody's, and not yet anybody's. */
const BEING_FREED = '';
const SUFFIX = '.escrow';
/** Of an engine that was stopped, in a process that may go on: nobody commits from it any more. */
const LEFT_SUFFIX = `.left${SUFFIX}`;
const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDONLY, O_RDWR } = constants;

/**
 * One preallocated file of fixed slots per process: a full disk cannot refuse it, and `fdatasync`
 * of a write inside it touches no metadata. Each slot is a head, then JSON; length 0 is free.
 *
 * The files of all processes are read, as a pair that is committed for its owner is recognised by
 * him. A file is written to or removed by others only when its owner cannot be writing: proven gone,
 * of an earlier boot, or closed.
 */
export function fileEscrow(folder: string, holder: Holder, files: EscrowFiles = nodeFiles): Escrow {
  return new FileEscrow(folder, holder, files);
}

class FileEscrow implements Escrow {
  #file: Promise<EscrowFile> | undefined;
  readonly #slots = new Map<number, string>();
  readonly #foreign = new Map<string, string>();
  #closed = false;

  constructor(
    private readonly folder: string,
    private readonly holder: Holder,
    private readonly files: EscrowFiles,
  ) {}

  async reserve(): Promise<void> {
    try {
      await this.#open();
    } catch (error) {
      throw unusable(this.folder, error);
    }
  }

  async put(entry: EscrowEntry): Promise<boolean> {
    const text = Buffer.from(JSON.stringify(entry));
    const slot = this.#closed ? 0 : this.#freeSlot();
    if (slot === undefined || text.length > SLOT_BYTES - HEAD_BYTES) {
      throw new TokenError('STORE_UNAVAILABLE', 'No escrow slot is free for a rotated pair.', {
        retryable: true,
        reason: 'escrow_full',
      });
    }
    const head = Buffer.alloc(HEAD_BYTES);
    head.writeUInt32BE(text.length);
    head.writeUInt32BE(crc32(text), 4);
    const bytes = Buffer.concat([head, text]);
    if (this.#closed) return this.#leave(entry.attemptId, bytes);
    this.#slots.set(slot, entry.attemptId);
    try {
      const file = await this.#open();
      await writeWhole(file, bytes, slot * SLOT_BYTES);
      await file.datasync();
      return true;
    } catch (error) {
      this.#slots.delete(slot);
      // Closed under our hands.
      if (this.#closed) return this.#leave(entry.attemptId, bytes);
      throw unusable(this.folder, error);
    }
  }

  /** The reply came after the engine had stopped: a file of its own, for whoever comes next. */
  async #leave(attemptId: string, bytes: Buffer): Promise<boolean> {
    const name = `${this.holder.id}.${attemptId}${LEFT_SUFFIX}`;
    try {
      const file = await this.#create(name, bytes);
      await file.close();
    } catch (error) {
      throw unusable(this.folder, error);
    }
    this.#foreign.set(attemptId, name);
    return true;
  }

  async entries(): Promise<readonly FoundEntry[]> {
    const found: FoundEntry[] = [];
    for (const name of await this.#names()) {
      const gone = this.#isGone(name);
      const ownerMayLive = name !== this.#name && !gone && !name.endsWith(LEFT_SUFFIX);
      const entries = await this.#entriesOf(name);
      found.push(...entries.map((entry) => ({ ...entry, ownerMayLive })));
      if (ownerMayLive) continue;
      for (const entry of entries) this.#foreign.set(entry.attemptId, name);
      if (entries.length === 0 && gone) await this.#discard(name).catch(() => {});
    }
    return found;
  }

  async #names(): Promise<readonly string[]> {
    try {
      const names = await this.files.readdir(this.folder);
      return names.filter((name) => name.endsWith(SUFFIX));
    } catch (error) {
      if (isMissing(error)) return [];
      throw unusable(this.folder, error);
    }
  }

  /** A file that cannot be read may hold the pair that is looked for: that is not "nothing". */
  async #entriesOf(name: string): Promise<readonly EscrowEntry[]> {
    try {
      return await readEntries(this.files, join(this.folder, name));
    } catch (error) {
      if (isMissing(error)) return [];
      throw unusable(this.folder, error);
    }
  }

  async remove(attemptId: string): Promise<void> {
    for (const [slot, id] of this.#slots) {
      if (id !== attemptId) continue;
      if (this.#closed) return forget(this.files, join(this.folder, this.#leftName), attemptId);
      await this.#free(slot, attemptId);
    }
    const name = this.#foreign.get(attemptId);
    this.#foreign.delete(attemptId);
    if (name === undefined || name === this.#name) return;
    if (!this.#isGone(name)) return forget(this.files, join(this.folder, name), attemptId);
    if (![...this.#foreign.values()].includes(name)) await this.#discard(name);
  }

  /** Once: whoever frees a slot a second time would free it of its next entry. */
  async #free(slot: number, attemptId: string): Promise<void> {
    this.#slots.set(slot, BEING_FREED);
    try {
      const file = await this.#open();
      await file.write(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, slot * SLOT_BYTES);
      this.#slots.delete(slot);
    } catch (error) {
      this.#slots.set(slot, attemptId);
      throw error;
    }
  }

  /** A pair that arrives later, or was not committed, is for the next engine to find. */
  async close(): Promise<void> {
    const file = await this.#file?.catch(() => undefined);
    const { folder } = this;
    const name = this.#name;
    this.#file = undefined;
    this.#closed = true;
    await file?.close();
    if (file === undefined) return;
    if (this.#slots.size === 0) await this.#discard(name);
    else await this.files.rename(join(folder, name), join(folder, this.#leftName));
  }

  get #leftName(): string {
    return `${this.holder.id}${LEFT_SUFFIX}`;
  }

  get #name(): string {
    return `${this.holder.id}${SUFFIX}`;
  }

  #isGone(name: string): boolean {
    const suffix = name.endsWith(LEFT_SUFFIX) ? LEFT_SUFFIX : SUFFIX;
    const owner = name.slice(0, -suffix.length);
    return this.holder.isGone(owner) || this.holder.isOfEarlierBoot?.(owner) === true;
  }

  #open(): Promise<EscrowFile> {
    if (this.#closed) return Promise.reject(Object.assign(new Error('closed'), { code: 'EBADF' }));
    this.#file ??= this.#create(this.#name, room());
    this.#file.catch(() => {
      this.#file = undefined;
    });
    return this.#file;
  }

  async #create(name: string, bytes: Buffer): Promise<EscrowFile> {
    await this.files.mkdir(this.folder, { recursive: true, mode: 0o700 });
    const path = join(this.folder, name);
    const file = await this.#openNew(path);
    try {
      await writeWhole(file, bytes, 0);
      await file.sync();
      const parent = await this.files.open(this.folder, O_RDONLY);
      await parent.sync().finally(() => parent.close());
      return file;
    } catch (error) {
      // Half a file is no room, and would be in the way of the next try.
      await file.close().catch(() => {});
      await this.files.rm(path, { force: true });
      throw error;
    }
  }

  /** No other engine has this name: what stands there is a half of ours that could not be removed. */
  async #openNew(path: string): Promise<EscrowFile> {
    const openNew = () => this.files.open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    try {
      return await openNew();
    } catch (error) {
      if ((error as { code?: string }).code !== 'EEXIST') throw error;
      await this.files.rm(path, { force: true });
      return openNew();
    }
  }

  #freeSlot(): number | undefined {
    return Array.from({ length: SLOTS }, (_, slot) => slot).find((slot) => !this.#slots.has(slot));
  }

  async #discard(name: string): Promise<void> {
    await this.files.rm(join(this.folder, name), { force: true });
  }
}

/** Nothing but zeros: made when the first file is, as most programs never make one. */
let zeros: Buffer | undefined;

function room(): Buffer {
  zeros ??= Buffer.alloc(SLOTS * SLOT_BYTES);
  return zeros;
}

/** A disk that fills up takes a part of a write, and says so only in the count. */
async function writeWhole(file: EscrowFile, bytes: Buffer, at: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, at + done);
    if (bytesWritten === 0) throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
    done += bytesWritten;
  }
}

async function readEntries(files: EscrowFiles, path: string): Promise<EscrowEntry[]> {
  const file = await files.open(path, O_RDONLY | O_NOFOLLOW);
  try {
    return entriesIn(await file.readFile()).map(({ entry }) => entry);
  } finally {
    await file.close();
  }
}

/** Frees the slot of one entry in a file whose owner may still write to others. */
async function forget(files: EscrowFiles, path: string, attemptId: string): Promise<void> {
  const file = await files.open(path, O_RDWR | O_NOFOLLOW).catch(() => undefined);
  if (file === undefined) return;
  try {
    for (const { entry, at } of entriesIn(await file.readFile())) {
      if (entry.attemptId === attemptId) await writeWhole(file, Buffer.alloc(HEAD_BYTES), at);
    }
  } finally {
    await file.close();
  }
}

function entriesIn(bytes: Buffer): { readonly entry: EscrowEntry; readonly at: number }[] {
  const entries: { entry: EscrowEntry; at: number }[] = [];
  for (let at = 0; at + HEAD_BYTES <= bytes.length; at += SLOT_BYTES) {
    const length = bytes.readUInt32BE(at);
    if (length === 0 || length > SLOT_BYTES - HEAD_BYTES) continue;
    const text = bytes.subarray(at + HEAD_BYTES, at + HEAD_BYTES + length);
    // A torn write: the process died before it was durable, or is writing now.
    if (crc32(text) !== bytes.readUInt32BE(at + 4)) continue;
    const entry = parseEntry(text.toString('utf8'));
    if (entry !== undefined) entries.push({ entry, at });
  }
  return entries;
}

/** Of another version, or not of ours. */
function parseEntry(text: string): EscrowEntry | undefined {
  try {
    const entry = JSON.parse(text) as Partial<EscrowEntry>;
    const { attemptId, account, incarnation, generation, record } = entry;
    const strings = [attemptId, account, incarnation, record];
    const whole = strings.every((value) => typeof value === 'string');
    return whole && Number.isSafeInteger(generation) ? (entry as EscrowEntry) : undefined;
  } catch {
    return undefined;
  }
}

/** Its owner has removed it meanwhile, or has never made it. */
function isMissing(error: unknown): boolean {
  return (error as { code?: string }).code === 'ENOENT';
}

function unusable(folder: string, error: unknown): TokenError {
  const code = (error as { code?: string }).code ?? 'unknown error';
  return new TokenError(
    'STORE_UNAVAILABLE',
    `The escrow folder ${folder} failed (${code}). A rotated pair may be in it, or could be kept nowhere ` +
      'until it is stored. Check the space and the mode of that folder; it is tried again.',
    { retryable: true, reason: 'escrow_failed' },
  );
}
