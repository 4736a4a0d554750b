import { type Clock, checkStorableText, type Random, TokenError } from '@tokenkeep/core';

export interface SqliteStoreOptions {
  /**
   * The database file, on a local disk, in a folder that nobody else can write to. File and
   * folder are made when missing, for this user only.
   */
  readonly path: string;
  /** How long an operation waits for the lock of another process. Default 5 s. */
  readonly lockWaitMs?: number;
  /**
   * A text that changes when the machine boots and at no other time. Default: what Linux and
   * macOS say; other systems need this option.
   */
  readonly bootId?: string;
  /** Default `systemClock()`. The wall clock is never asked. */
  readonly clock?: Pick<Clock, 'sleep' | 'boot' | 'monotonic'>;
  /** Default `systemRandom()`. */
  readonly random?: Pick<Random, 'float'>;
}

const known: Record<keyof SqliteStoreOptions, true> = {
  path: true,
  lockWaitMs: true,
  bootId: true,
  clock: true,
  random: true,
};

/**
 * What a caller in plain JavaScript may have got wrong.
 *
 * @throws TokenError `CONFIGURATION_INVALID`
 */
export function checkOptions(options: unknown): asserts options is SqliteStoreOptions {
  if (typeof options === 'string') {
    throw invalid(`sqliteStore wants its path by name: sqliteStore({ path: '${options}' })`);
  }
  if (typeof options !== 'object' || options === null) throw noPath(options);
  const { path, lockWaitMs, bootId } = options as Record<keyof SqliteStoreOptions, unknown>;
  const unknown = Object.keys(options).filter((name) => !Object.hasOwn(known, name));
  if (unknown.length > 0) {
    throw invalid(
      `sqliteStore has no option "${unknown.join('", "')}". Its options are ${Object.keys(known).join(', ')}`,
    );
  }
  checkPath(path);
  if (lockWaitMs !== undefined && !(Number.isFinite(lockWaitMs) && Number(lockWaitMs) >= 0)) {
    throw invalid(`sqliteStore: lockWaitMs is a number of milliseconds, got ${kindOf(lockWaitMs)}`);
  }
  if (bootId !== undefined && (typeof bootId !== 'string' || bootId === '')) {
    throw invalid(`sqliteStore: bootId is a text, got ${kindOf(bootId)}`);
  }
}

function checkPath(path: unknown): void {
  if (typeof path !== 'string' || path === '') throw noPath(path);
  if (path === ':memory:') {
    throw invalid('sqliteStore keeps a file. For tokens in memory leave "store" out of the engine');
  }
  if (/^file:/i.test(path)) {
    throw invalid(`sqliteStore takes no URI. Give a plain path instead of ${path}`);
  }
  try {
    checkStorableText(path);
  } catch (error) {
    throw invalid(`sqliteStore cannot use this path: ${(error as Error).message}`);
  }
}

function noPath(got: unknown): TokenError {
  return invalid(`sqliteStore({ path }) wants a path, got ${kindOf(got)}`);
}

function kindOf(value: unknown): string {
  if (value === '') return 'an empty text';
  if (value === null || value === undefined || typeof value === 'number') return String(value);
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function invalid(message: string): TokenError {
  return new TokenError('CONFIGURATION_INVALID', `${message}.`);
}
