import { expect, test } from '@jest/globals';
import { disturbancesOf } from '../src/nemesis.js';
import { storeNames } from '../src/store-place.js';

const minute = 60_000;

test('the seed decides what is done, and when', () => {
  for (const store of storeNames) {
    expect(disturbancesOf(7, 3 * minute, store)).toEqual(disturbancesOf(7, 3 * minute, store));
    expect(disturbancesOf(8, 3 * minute, store)).not.toEqual(disturbancesOf(7, 3 * minute, store));
  }
});

test.each(storeNames)(
  'three minutes over %s have at least thirty kills, and some of everything',
  (store) => {
    for (let seed = 1; seed <= 200; seed += 1) {
      const all = disturbancesOf(seed, 3 * minute, store);
      const count = (...kinds: string[]) => all.filter(({ kind }) => kinds.includes(kind)).length;
      expect(count('kill', 'kill-sender')).toBeGreaterThanOrEqual(30);
      expect(count('pause')).toBeGreaterThan(10);
      expect(count('reply')).toBeGreaterThan(20);
      expect(count('server')).toBeGreaterThan(20);
      expect(count(store === 'sqlite' ? 'lock-file' : 'restart-store')).toBeGreaterThan(4);
      expect(all.map(({ atMs }) => atMs)).toEqual(
        all.map(({ atMs }) => atMs).sort((a, b) => a - b),
      );
    }
  },
);
