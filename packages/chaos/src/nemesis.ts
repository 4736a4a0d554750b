import { seededRandom } from '@tokenkeep/testing';
import { type ReplyTrouble, replyTroubles } from './reply-cutter.js';
import { type LineTrouble, lineTroubles } from './store-line.js';
import type { StoreName } from './store-place.js';

/** What an account server does with its next requests. */
const serverTroubles = [
  'throttled',
  'unavailable',
  'error',
  'bad-gateway',
  'web-page',
  'lost-reply',
  'cut-reply',
  'stalled-reply',
] as const;

export type ServerTrouble = (typeof serverTroubles)[number];

/** Something that is done to the run. Parts are from 0 to 1, of a list that is known only then. */
export type Disturbance = { readonly atMs: number } & (
  | { readonly kind: 'kill'; readonly part: number }
  /** Whose request has just been processed, and whose reply is not sent yet. */
  | { readonly kind: 'kill-sender'; readonly part: number }
  | { readonly kind: 'pause'; readonly part: number; readonly ms: number }
  /** All of some processes one after the other, and back in another order. */
  | { readonly kind: 'swizzle'; readonly parts: readonly number[]; readonly ms: number }
  | { readonly kind: 'restart-store' }
  | { readonly kind: 'store-line'; readonly trouble: LineTrouble; readonly ms: number }
  | { readonly kind: 'lock-file'; readonly ms: number }
  | {
      readonly kind: 'reply';
      readonly part: number;
      readonly trouble: ReplyTrouble;
      readonly connections: number;
    }
  | {
      readonly kind: 'server';
      readonly part: number;
      readonly trouble: ServerTrouble;
      readonly requests: number;
    }
  | { readonly kind: 'close-port'; readonly part: number; readonly ms: number }
  | { readonly kind: 'step-clock'; readonly part: number; readonly ms: number }
  | { readonly kind: 'renew'; readonly part: number; readonly accountPart: number }
  | { readonly kind: 'add-key' }
  | { readonly kind: 'promote-key' }
);

const HOUR_MS = 3_600_000;
const YEAR_MS = 365 * 24 * HOUR_MS;
const clockSteps = [-HOUR_MS, HOUR_MS, -YEAR_MS, YEAR_MS, -10 * YEAR_MS];

/** Seconds between two of a kind, at least and at most. */
const rhythm = {
  kill: [2, 5],
  pause: [5, 10],
  swizzle: [30, 50],
  'restart-store': [15, 25],
  'store-line': [8, 15],
  'lock-file': [5, 10],
  reply: [1, 4],
  server: [2, 5],
  'close-port': [8, 15],
  'step-clock': [4, 8],
  renew: [5, 5],
} as const;

/** The longest stop. 9 s would be 90 s of the engines': longer than any promise holds for. */
const LONGEST_PAUSE_MS = 8_000;

/** Everything that will be done in a run: its seed decides. */
export function disturbancesOf(seed: number, durationMs: number, store: StoreName): Disturbance[] {
  const all: Disturbance[] = [];
  const dice = (name: string) => new SeededDice(`${seed} ${name}`);
  const each = (
    name: keyof typeof rhythm,
    make: (dice: SeededDice, atMs: number) => Disturbance,
  ) => {
    const own = dice(name);
    const [least, most] = rhythm[name];
    for (
      let at = own.between(least, most);
      at * 1_000 < durationMs;
      at += own.between(least, most)
    ) {
      all.push(make(own, at * 1_000));
    }
  };
  each('kill', (own, atMs) => ({
    atMs,
    kind: own.float() < 0.25 ? 'kill-sender' : 'kill',
    part: own.float(),
  }));
  each('pause', (own, atMs) => ({
    atMs,
    kind: 'pause',
    part: own.float(),
    ms: own.between(500, own.float() < 0.3 ? LONGEST_PAUSE_MS : 2_000),
  }));
  each('swizzle', (own, atMs) => ({
    atMs,
    kind: 'swizzle',
    parts: [own.float(), own.float()],
    ms: own.between(500, 1_500),
  }));
  each('reply', (own, atMs) => ({
    atMs,
    kind: 'reply',
    part: own.float(),
    trouble: own.pick(replyTroubles),
    connections: own.whole(1, 2),
  }));
  each('server', (own, atMs) => ({
    atMs,
    kind: 'server',
    part: own.float(),
    trouble: own.pick(serverTroubles),
    requests: own.whole(1, 2),
  }));
  each('close-port', (own, atMs) => ({
    atMs,
    kind: 'close-port',
    part: own.float(),
    ms: own.between(200, 1_000),
  }));
  each('step-clock', (own, atMs) => ({
    atMs,
    kind: 'step-clock',
    part: own.float(),
    ms: own.pick(clockSteps),
  }));
  each('renew', (own, atMs) => ({
    atMs,
    kind: 'renew',
    part: own.float(),
    accountPart: own.float(),
  }));
  if (store === 'sqlite') {
    each('lock-file', (own, atMs) => ({ atMs, kind: 'lock-file', ms: own.between(100, 1_500) }));
  } else {
    each('restart-store', (_own, atMs) => ({ atMs, kind: 'restart-store' }));
    each('store-line', (own, atMs) => ({
      atMs,
      kind: 'store-line',
      trouble: own.pick(lineTroubles),
      ms: own.between(300, 1_500),
    }));
  }
  all.push(
    { atMs: durationMs / 4, kind: 'add-key' },
    { atMs: durationMs / 2, kind: 'promote-key' },
  );
  return all.sort((left, right) => left.atMs - right.atMs);
}

/** The wall clock a process begins with. */
export function wallClocks(seed: number): () => number {
  const own = new SeededDice(`${seed} wall clocks`);
  return () => (own.float() < 0.5 ? 0 : own.pick(clockSteps));
}

class SeededDice {
  readonly #random;

  constructor(seed: string) {
    this.#random = seededRandom(seed);
  }

  float(): number {
    return this.#random.float();
  }

  between(least: number, most: number): number {
    return least + this.float() * (most - least);
  }

  whole(least: number, most: number): number {
    return Math.floor(this.between(least, most + 1));
  }

  pick<Value>(values: readonly Value[]): Value {
    return values[this.whole(0, values.length - 1)] as Value;
  }
}
