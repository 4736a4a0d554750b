import { expect, test } from '@jest/globals';
import { seededRandom } from '@tokenkeep/testing';

test('the same seed gives the same sequence', () => {
  const [one, two, other] = [seededRandom('x'), seededRandom('x'), seededRandom('y')];
  const draw = (random: typeof one) => Array.from({ length: 5 }, () => random.float());
  const sequence = draw(one);
  expect(draw(two)).toEqual(sequence);
  expect(draw(other)).not.toEqual(sequence);
  expect(seededRandom(7).bytes(9)).toEqual(seededRandom(7).bytes(9));
});

test('floats lie in [0, 1) and spread evenly', () => {
  for (const seed of [0, 1, 2, 3]) {
    const random = seededRandom(seed);
    const bins = new Array<number>(10).fill(0);
    for (let draw = 0; draw < 10_000; draw += 1) {
      const value = random.float();
      expect(value >= 0 && value < 1).toBe(true);
      bins[Math.floor(value * 10)]! += 1;
    }
    expect(Math.min(...bins)).toBeGreaterThan(850);
    expect(Math.max(...bins)).toBeLessThan(1150);
  }
});

test('bytes are as many as asked for, and differ', () => {
  const random = seededRandom(1);
  for (const length of [0, 1, 3, 4, 12, 33]) expect(random.bytes(length)).toHaveLength(length);
  expect(new Set(random.bytes(4096)).size).toBe(256);
});
