import { expect, test } from '@jest/globals';
import type { TokenProvider } from '@tokenkeep/core';
import { authRefresh } from '@tokenkeep/provider-auth-refresh';
import { AuthRefreshAuthority } from '@tokenkeep/testing';
import { Simulation } from '@tokenkeep/testing/simulation';

const origin = 'https://crm.test';
const person = { username: 'ada', password: 'correct horse battery' };

interface Run {
  readonly seed?: number | string;
  /** Done once the service runs. */
  readonly meanwhile?: (simulation: Simulation) => void;
}

/** Three hours of one service, as a hash. */
async function hashOf({ seed = 1, meanwhile = () => {} }: Run = {}): Promise<string> {
  const simulation = new Simulation({ seed });
  simulation.serve(
    origin,
    (time) => new AuthRefreshAuthority({ time, accounts: [{ accountId: 'crm', ...person }] }),
  );
  await simulation.start('service', {
    providers: [authRefresh({ id: 'crm-api', baseUrl: origin }) as TokenProvider],
    accounts: [{ provider: 'crm-api', account: 'crm', credentials: person }],
    parameters: { schedulePollMs: 60_000 },
  });
  meanwhile(simulation);
  await simulation.play(3 * 3_600_000);
  return simulation.kernel.trace.hash;
}

test('the same seed plays the same run', async () => {
  const hash = await hashOf();
  expect(hash).toMatch(/^[0-9a-f]{16}$/);
  expect(await hashOf()).toBe(hash);
  expect(await hashOf({ seed: 'one' })).toBe(await hashOf({ seed: 'one' }));
});

test('another seed plays another run', async () => {
  const hashes = await Promise.all([1, 2, 3, 'one', 'two'].map((seed) => hashOf({ seed })));
  expect(new Set(hashes).size).toBe(5);
});

test('one latency that is longer by a millionth changes the hash', async () => {
  const changed = await hashOf({
    meanwhile: ({ network }) => {
      network.latencyMs *= 1 + 1e-6;
    },
  });
  expect(changed).not.toBe(await hashOf());
});

test('what happened, to whom, when and in which order: each change shows', async () => {
  const noting = (...notes: Parameters<Simulation['note']>[]) =>
    hashOf({
      meanwhile: (simulation) => {
        for (const note of notes) simulation.note(...note);
      },
    });
  const hashes = [
    await noting(),
    await noting(['a', 'did']),
    await noting(['b', 'did']),
    await noting(['a', 'did it']),
    await noting(['a', 'did', 'crm']),
    await noting(['a', 'did', 'crm', 1]),
    await noting(['a', 'did', 'crm', 2]),
    await noting(['a', 'did'], ['b', 'did']),
    await noting(['b', 'did'], ['a', 'did']),
  ];
  expect(new Set(hashes).size).toBe(hashes.length);
});

test('draws of one purpose do not change with those of another', () => {
  const { kernel } = new Simulation({ seed: 7 });
  const other = new Simulation({ seed: 7 }).kernel;
  other.diceFor('crashes').float();
  const draws = (dice: { float(): number }) => Array.from({ length: 5 }, () => dice.float());
  expect(draws(other.diceFor('pauses'))).toEqual(draws(kernel.diceFor('pauses')));
  expect(draws(kernel.diceFor('crashes'))).not.toEqual(draws(kernel.diceFor('pauses')));
});

test('the last lines are those that led here, the oldest first', async () => {
  const simulation = new Simulation();
  for (let count = 1; count <= 1_000; count += 1) {
    simulation.note('test', `line ${count}`);
    await simulation.play(1);
  }
  const last = simulation.recent(3);
  expect(last.map(({ what }) => what)).toEqual(['line 998', 'line 999', 'line 1000']);
  expect(last.map(({ at }) => at)).toEqual([997, 998, 999]);
  expect(simulation.kernel.trace.length).toBe(1_000);
});
