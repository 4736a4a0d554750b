import { expect, test } from '@jest/globals';
import { defaultParameters, Secret } from '../src/index.js';
import type { KnownAccount } from '../src/provider/account-registry.js';
import { liveToken, seenAgain } from '../src/renewal/live-token.js';
import { newRecord } from '../src/store/account-record.js';
import type { FoundRecord } from '../src/store/edit-record.js';
import { clockInHand } from './clock-in-hand.js';

const MINUTE = 60_000;
const account = {
  id: 'crm-api/crm',
  provider: { id: 'crm-api', profile: { renewal: 'ahead' } },
} as unknown as KnownAccount;

/** A process that has run for `nowMs`, and a token of 10 minutes another one got at store time 0. */
function process() {
  const { clock, elapsed, set } = clockInHand();
  const services = { clock, elapsed, parameters: defaultParameters };
  const found = (storeMs: number): FoundRecord => ({
    row: undefined,
    time: { epoch: 1, ms: storeMs },
    record: {
      ...newRecord('1.a'),
      generation: 1,
      access: {
        sealed: '',
        tokenType: 'Bearer',
        issuedAt: { epoch: 1, ms: 0 },
        lifetimeMs: 10 * MINUTE,
      },
    },
  });
  const access = { token: new Secret('token'), metadata: {} };
  return {
    /** Begins a look at `fromMs` that hears the store's time `storeMs` when it is `untilMs`. */
    look(fromMs: number, untilMs: number, storeMs: number) {
      set(untilMs);
      const live = liveToken(services, account, found(storeMs), access, { readAt: fromMs });
      if (live === undefined) throw new Error('there is a token');
      return live;
    },
    again(live: ReturnType<typeof this.look>, fromMs: number, untilMs: number, storeMs: number) {
      set(untilMs);
      return seenAgain(services, account, live, found(storeMs), { readAt: fromMs });
    },
  };
}

const END = 10 * MINUTE - defaultParameters.safetyMs;

test('a look that was held up finds an end that is too early, and the next one corrects it', () => {
  const { look, again } = process();
  const heldUp = look(0, 3 * MINUTE, 3 * MINUTE);
  expect(heldUp.endsAt).toBe(END - 3 * MINUTE);
  const corrected = again(heldUp, 4 * MINUTE, 4 * MINUTE, 4 * MINUTE);
  expect(corrected.endsAt).toBe(END);
  expect(corrected.token).toBe(heldUp.token);
});

test("a store's clock that jumped back prolongs a token no further than the first look allows", () => {
  const { look, again } = process();
  const first = look(MINUTE, MINUTE + 5, MINUTE);
  const jumped = again(first, 2 * MINUTE, 2 * MINUTE, -30 * MINUTE);
  expect(jumped.endsAt).toBe(first.endsBy);
});

test('clocks that run apart a little do not keep a look that was held up from being corrected', () => {
  const { look, again } = process();
  const heldUp = look(0, 3 * MINUTE, 3 * MINUTE);
  expect(heldUp.endsAt).toBe(END - 3 * MINUTE);
  // The store's clock lost a tenth of a second against ours.
  expect(again(heldUp, 7 * MINUTE, 7 * MINUTE, 7 * MINUTE - 100).endsAt).toBe(heldUp.endsBy);
});

test('a later look that finds an earlier end changes nothing: both are safe', () => {
  const { look, again } = process();
  const first = look(MINUTE, MINUTE, MINUTE);
  expect(again(first, 2 * MINUTE, 3 * MINUTE, 3 * MINUTE)).toBe(first);
});
