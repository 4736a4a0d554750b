/** One thing that happened, as it enters the hash. */
export interface TraceLine {
  /** True time, ms since the simulation began. */
  readonly at: number;
  /** Who: a process, a host, a server, the store. */
  readonly actor: string;
  readonly what: string;
  readonly account?: string | undefined;
  readonly generation?: number | undefined;
}

const keptLines = 200;
/** Taken once: inside Jest a global costs more to look up than to call. */
const { imul } = Math;

/**
 * Everything that happened, as a hash and as its last lines. Two runs of a seed are the same run
 * if and only if their hashes are equal: a latency that changed by a microsecond shows.
 */
export class Trace {
  length = 0;
  /** Told of each line. */
  onLine: ((line: TraceLine) => void) | undefined;
  readonly #last: TraceLine[] = [];
  #high = 0xdeadbeef;
  #low = 0x41c6ce57;

  /** @param isRoutine it counts, and is not worth a line: polls and reads */
  note(line: TraceLine, isRoutine = false): void {
    this.length += 1;
    this.#mix(
      `${line.at}|${line.actor}|${line.what}|${line.account ?? ''}|${line.generation ?? ''}`,
    );
    if (isRoutine) return;
    if (this.#last.length >= 2 * keptLines) this.#last.splice(0, keptLines);
    this.#last.push(line);
    this.onLine?.(line);
  }

  /** 16 hexadecimal digits. */
  get hash(): string {
    return [this.#high, this.#low].map((word) => hex(scrambled(word))).join('');
  }

  /** The newest lines, oldest first. */
  last(count = keptLines): readonly TraceLine[] {
    return this.#last.slice(-Math.min(count, keptLines));
  }

  /** Two multiplicative hashes side by side: not for adversaries, only for differences. */
  #mix(text: string): void {
    let high = this.#high;
    let low = this.#low;
    for (let index = 0; index < text.length; index += 1) {
      const code = text.charCodeAt(index);
      high = imul(high ^ code, 0x9e3779b1);
      low = imul(low ^ code, 0x5f356495);
      high = (high << 13) | (high >>> 19);
    }
    this.#high = high ^ (low >>> 15);
    this.#low = low ^ (high >>> 17);
  }
}

function scrambled(word: number): number {
  const once = imul(word ^ (word >>> 16), 0x85ebca6b);
  const twice = imul(once ^ (once >>> 13), 0xc2b2ae35);
  return (twice ^ (twice >>> 16)) >>> 0;
}

function hex(word: number): string {
  return word.toString(16).padStart(8, '0');
}
