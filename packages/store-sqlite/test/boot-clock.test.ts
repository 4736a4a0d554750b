import { join } from 'node:path';
import { describe, expect, jest, test } from '@jest/globals';
import { systemClock, type TokenStore } from '@tokenkeep/core';
import { sqliteStore } from '@tokenkeep/store-sqlite';
import { change, type HandClock, handClock } from '@tokenkeep/testing/conformance';
import { tempFolders } from './temp-folder.js';

const tempFolder = tempFolders();
const newPath = () => join(tempFolder(), 'tokens.db');

async function openedOn(path: string, bootId: string, hand: HandClock): Promise<TokenStore> {
  const store = sqliteStore({ path, bootId, clock: { ...systemClock(), boot: hand.boot } });
  await store.open();
  return store;
}

describe("the store's clock", () => {
  test('goes on from where it was when the process starts again', async () => {
    const [path, clock] = [newPath(), handClock()];
    const first = await openedOn(path, 'boot-1', clock);
    const before = await first.now();
    await first.close();
    clock.advance(3_600_000);
    const second = await openedOn(path, 'boot-1', clock);
    expect(await second.now()).toEqual({ epoch: before.epoch, ms: before.ms + 3_600_000 });
    await second.close();
  });

  test('is one count for all processes of one boot', async () => {
    const [path, clock] = [newPath(), handClock()];
    const one = await openedOn(path, 'boot-1', clock);
    clock.advance(500);
    const two = await openedOn(path, 'boot-1', clock);
    clock.advance(500);
    expect(await two.now()).toEqual(await one.now());
    await Promise.all([one.close(), two.close()]);
  });

  test('does not go back when the boot clock does', async () => {
    const [path, clock] = [newPath(), handClock()];
    const store = await openedOn(path, 'boot-1', clock);
    const before = await store.now();
    clock.advance(-5_000);
    expect(await store.now()).toEqual(before);
    clock.advance(5_010);
    expect((await store.now()).ms).toBe(before.ms + 10);
    await store.close();
  });

  test('F10 does not follow the wall clock, in any direction', async () => {
    const [path, clock] = [newPath(), handClock()];
    const before = await openedOn(path, 'boot-1', clock);
    const time = await before.now();
    const wall = jest.spyOn(Date, 'now').mockReturnValue(0);
    expect(await before.now()).toEqual(time);
    wall.mockReturnValue(9e15);
    expect(await before.now()).toEqual(time);
    await before.close();
    const after = await openedOn(path, 'boot-1', clock);
    expect(await after.now()).toEqual(time);
    expect(wall).not.toHaveBeenCalled();
    wall.mockRestore();
    await after.close();
  });

  test('is refused where the same boot id comes with another uptime', async () => {
    const path = newPath();
    const first = await openedOn(path, 'boot-1', handClock(90_000));
    await first.close();
    await expect(openedOn(path, 'boot-1', handClock(10_000))).rejects.toMatchObject({
      code: 'STORE_MISCONFIGURED',
      reason: 'other_boot_clock',
    });
  });

  test('writes the count down at least each minute in which somebody looks for work', async () => {
    const [path, clock] = [newPath(), handClock()];
    const store = await openedOn(path, 'boot-1', clock);
    clock.advance(60_000);
    const { time } = await store.claimDue({ ids: [], holder: 'me', leaseMs: 1, limit: 1 });
    // Killed here: not closed.
    const later = await openedOn(path, 'boot-2', handClock());
    expect((await later.now()).ms).toBe(time.ms);
    await later.close();
  });
});

describe('a reboot', () => {
  async function rebooted() {
    const [path, clock] = [newPath(), handClock(5_000_000)];
    const before = await openedOn(path, 'boot-1', clock);
    const start = await before.now();
    await before.write([
      change('held', { due: start.ms + 60_000, fence: 3, lease: { holder: 'me', ms: 90_000 } }),
      change('overdue', { due: start.ms - 10 }),
      change('idle'),
      change('spent', { kind: 'budget', body: `{"at":${start.ms}}` }),
    ]);
    clock.advance(1_000);
    await before.write([change('spent', { kind: 'budget', expected: 1, body: '{"n":2}' })]);
    const stopped = await before.now();
    // The machine goes down: nobody closes anything. The new boot clock starts low.
    const after = await openedOn(path, 'boot-2', handClock(12));
    return { path, before, stopped, after };
  }

  test('is a new epoch that counts on from the stopped count', async () => {
    const { stopped, after } = await rebooted();
    expect(await after.now()).toEqual({ epoch: stopped.epoch + 1, ms: stopped.ms });
    await after.close();
  });

  test('ends every lease and makes every planned look due', async () => {
    const { stopped, after } = await rebooted();
    const read = async (id: string) => (await after.read('account', id)).row;
    expect(await read('held')).toMatchObject({
      version: 2,
      due: stopped.ms,
      fence: 3,
      holder: 'me',
      leaseUntil: stopped.ms,
    });
    expect(await read('overdue')).toMatchObject({ version: 2, due: stopped.ms });
    expect(await read('idle')).toMatchObject({ version: 1, due: undefined });
    const ids = ['held', 'overdue', 'idle'];
    const { rows } = await after.claimDue({ ids, holder: 'new', leaseMs: 1_000, limit: 9 });
    expect(rows.map(({ id }) => id).sort()).toEqual(['held', 'overdue']);
    await after.close();
  });

  test('leaves budgets as they were', async () => {
    const { after } = await rebooted();
    expect((await after.read('budget', 'spent')).row).toMatchObject({
      version: 2,
      body: '{"n":2}',
    });
    await after.close();
  });

  test('happens once, also when several processes start after it', async () => {
    const { path, stopped, after } = await rebooted();
    const clock = handClock(12);
    const others = await Promise.all([1, 2, 3].map(() => openedOn(path, 'boot-2', clock)));
    for (const store of others) expect((await store.now()).epoch).toBe(stopped.epoch + 1);
    expect((await after.read('account', 'held')).row?.version).toBe(2);
    await Promise.all([after, ...others].map((store) => store.close()));
  });

  test('that this process did not live through means the file is shared by two machines', async () => {
    const { before, after } = await rebooted();
    const refusal = { code: 'STORE_MISCONFIGURED', reason: 'other_machine' };
    await expect(before.now()).rejects.toMatchObject(refusal);
    await expect(before.write([change('x')])).rejects.toMatchObject(refusal);
    expect((await after.read('account', 'x')).row).toBeUndefined();
    await after.close();
  });
});
