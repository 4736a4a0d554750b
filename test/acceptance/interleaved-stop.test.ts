import { afterAll, beforeAll, test } from '@jest/globals';
import { type AccessToken, type EscrowEntry, TokenError } from '@tokenkeep/core';
import fc from 'fast-check';
import { atOnce, crmEngine } from '../interleaving/crm-engine.js';
import { rowsAfterLogin } from '../interleaving/crm-rows.js';
import { HandClock } from '../interleaving/hand-clock.js';
import { playAll, playOut } from '../interleaving/play-out.js';
import { scheduledEscrow } from '../interleaving/scheduled-escrow.js';
import { ScheduledServer } from '../interleaving/scheduled-server.js';
import { stepsOf } from '../interleaving/step.js';
import { interleavings, timeLimitMs } from '../property-runs.js';

const HOUR = 3_600_000;
const PATIENCE = 5;

const unhandled: unknown[] = [];
const note = (reason: unknown) => void unhandled.push(reason);
beforeAll(() => void process.on('unhandledRejection', note));
afterAll(() => void process.off('unhandledRejection', note));

const acts = [
  'joins',
  'joins and aborts',
  'joins and times out',
  'refuses',
  'time passes',
] as const;
const plans = fc.array(fc.constantFrom(...acts), { minLength: 1, maxLength: 5 });

test(
  'F55 in 2,000 orders in which an engine is stopped in a refresh, the pair is kept for the next',
  async () => {
    const loggedIn = await rowsAfterLogin();
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        plans,
        fc.nat(12),
        fc.nat(3),
        async (s, plan, haste, patience) => {
          const step = stepsOf(s);
          const clock = new HandClock();
          const server = new ScheduledServer(step);
          const kept = new Map<string, EscrowEntry>();
          const ground = { clock, server, rows: new Map(loggedIn) };
          const escrow = scheduledEscrow(step, kept);
          const engine = await playOut(s, crmEngine(ground, step, { id: 'first', escrow }));
          clock.pass(HOUR);

          const asked = plan.map(async (act, index) => {
            await step(`${index} ${act}`);
            if (act === 'time passes') return passed(clock);
            if (act === 'refuses') return stoppedOr(() => engine.reject('crm', 1));
            if (act === 'joins') return engine.getToken('crm');
            if (act === 'joins and times out') return engine.getToken('crm', { waitMs: PATIENCE });
            const leaver = new AbortController();
            step(`${index} aborts`).then(() => leaver.abort('left'));
            return engine.getToken('crm', { signal: leaver.signal });
          });
          const stopped = step('stop').then(() => engine.stop({ deadlineMs: patience * PATIENCE }));
          step('time passes').then(() => clock.pass(PATIENCE));
          const ended = Promise.allSettled([stopped, ...asked]);
          await playAll(s, haste);
          // Whatever waits for time alone.
          clock.pass(30_000);
          const [stopping, ...ends] = await playOut(s, ended, haste);
          await playAll(s, haste);

          const next = await crmEngine(ground, atOnce, {
            id: 'second',
            escrow: scheduledEscrow(atOnce, kept),
          });
          clock.pass(30_000);
          const token = await playOut(s, next.getToken('crm'));
          await next.stop();
          await new Promise((resolve) => setImmediate(resolve));

          if (stopping?.status !== 'fulfilled') throw stopping?.reason;
          for (const end of ends) if (!isExpected(end)) throw new Error(JSON.stringify(end));
          const requests = server.requests.join();
          if (requests !== 'refresh') throw new Error(`Requests: ${requests}`);
          if (token.reveal() !== 'access-1')
            throw new Error(`The pair was lost: ${token.reveal()}`);
          if (unhandled.length > 0) throw unhandled.pop();
        },
      ),
      { numRuns: Math.ceil(interleavings.numRuns / 5) },
    );
  },
  timeLimitMs,
);

test('a caller whom the end of the engine overtakes is told so, and not that the store is down', async () => {
  const loggedIn = await rowsAfterLogin();
  for (let turns = 0; turns < 60; turns += 1) {
    const clock = new HandClock();
    const server = new ScheduledServer(atOnce);
    const engine = await crmEngine({ clock, server, rows: new Map(loggedIn) }, atOnce);
    clock.pass(HOUR);
    const asked = Promise.allSettled([engine.getToken('crm')]);
    for (let turn = 0; turn < turns; turn += 1) await undefined;
    const stopped = engine.stop({ deadlineMs: 0 });
    clock.pass(0);
    const [end] = await asked;
    await stopped;
    if (!isExpected(end)) throw new Error(`after ${turns} turns: ${JSON.stringify(end)}`);
  }
});

function passed(clock: HandClock): undefined {
  clock.pass(PATIENCE);
}

function stoppedOr(act: () => void): undefined {
  try {
    act();
  } catch (error) {
    if (!TokenError.is(error, 'ENGINE_STOPPED')) throw error;
  }
}

/** With the new token or nothing, or with one of the reasons there are. */
function isExpected(end: PromiseSettledResult<AccessToken | undefined>): boolean {
  if (end.status === 'fulfilled') return ['access-1', undefined].includes(end.value?.reveal());
  const codes = ['ABORTED', 'WAIT_TIMED_OUT', 'ENGINE_STOPPED'];
  return TokenError.is(end.reason) && codes.includes(end.reason.code);
}
