import { describe, expect, test } from '@jest/globals';
import { Window } from '../src/schedule/window.js';

describe('a window of work', () => {
  test('has room again when a quarter of it has ended, not when all has', async () => {
    const window = new Window(8);
    const ends = Array.from({ length: 8 }, () => {
      let end = () => {};
      const ended = new Promise<void>((resolve) => {
        end = resolve;
      });
      void window.run(() => ended);
      return end;
    });
    let room = 0;
    void window.room().then((value) => {
      room = value;
    });
    ends[3]?.();
    await turns();
    expect(room).toBe(0);
    ends[5]?.();
    await turns();
    expect(room).toBe(2);
  });

  test('works on no more at once than it is large, and on all', async () => {
    let running = 0;
    let most = 0;
    const done: number[] = [];
    await new Window(3).each([1, 2, 3, 4, 5, 6, 7], async (item) => {
      running += 1;
      most = Math.max(most, running);
      await turns();
      running -= 1;
      done.push(item);
    });
    expect([most, done]).toEqual([3, [1, 2, 3, 4, 5, 6, 7]]);
  });

  test('begins nothing after a failure, and tells it when all has ended', async () => {
    const done: number[] = [];
    const work = async (item: number) => {
      await turns(item === 1 ? 5 : 1);
      if (item === 2) throw new Error('two');
      done.push(item);
    };
    await expect(new Window(2).each([1, 2, 3, 4, 5], work)).rejects.toThrow('two');
    expect(done).toEqual([1]);
  });
});

async function turns(count = 3): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
