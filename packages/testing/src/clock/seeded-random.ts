import type { Random } from '@tokenkeep/core';

/**
 * Repeatable randomness: the same seed gives the same sequence on every machine.
 *
 * For tests and simulations only. The generator (sfc32, seeded through splitmix32) is statistically
 * good and fast, and whoever has seen a little of its output knows the rest.
 */
export function seededRandom(seed: number | string): Random {
  const next = sfc32(typeof seed === 'string' ? hash(seed) : seed | 0);
  return {
    float() {
      const high = next() >>> 5;
      const low = next() >>> 6;
      return (high * 2 ** 26 + low) / 2 ** 53;
    },
    bytes(length) {
      const bytes = new Uint8Array(length);
      for (let index = 0; index < length; index += 4) {
        const word = next();
        for (let part = 0; part < 4 && index + part < length; part += 1) {
          bytes[index + part] = word >>> (8 * part);
        }
      }
      return bytes;
    },
  };
}

function sfc32(seed: number): () => number {
  const spread = splitmix32(seed);
  let a = spread();
  let b = spread();
  let c = spread();
  let counter = 1;
  const next = () => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  for (let round = 0; round < 12; round += 1) next();
  return next;
}

function splitmix32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let word = state ^ (state >>> 16);
    word = Math.imul(word, 0x21f0aaad);
    word ^= word >>> 15;
    word = Math.imul(word, 0x735a2d97);
    return word ^ (word >>> 15);
  };
}

function hash(text: string): number {
  let word = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) word = Math.imul(word ^ byte, 0x01000193);
  return word;
}
