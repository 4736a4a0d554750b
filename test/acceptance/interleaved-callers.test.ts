import { test } from '@jest/globals';
import { TokenError } from '@tokenkeep/core';
import fc from 'fast-check';
import { crmEngine } from '../interleaving/crm-engine.js';
import { rowsAfterLogin } from '../interleaving/crm-rows.js';
import { HandClock } from '../interleaving/hand-clock.js';
import { playOut } from '../interleaving/play-out.js';
import { ScheduledServer } from '../interleaving/scheduled-server.js';
import { type Step, stepsOf } from '../interleaving/step.js';
import { interleavings, timeLimitMs } from '../property-runs.js';

const HOUR = 3_600_000;
const PATIENCE = 5;
/** Of the store, for one renewal, however many wait for it. */
const MOST_CALLS = 10;

/** How a caller may end who does not get the token. */
const ends = { stays: undefined, aborts: 'ABORTED', 'times out': 'WAIT_TIMED_OUT' } as const;

const callers = fc.array(fc.constantFrom('stays', 'stays', 'aborts', 'times out'), {
  minLength: 20,
  maxLength: 20,
});

test(
  'F51 F55 in 10,000 orders in which 20 callers join, abort and time out, one request serves all who stay',
  async () => {
    const loggedIn = await rowsAfterLogin();
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        callers,
        fc.boolean(),
        fc.nat(12),
        async (s, plan, cold, haste) => {
          let asked = 0;
          const step: Step = (name) => {
            if (name === 'read' || name === 'write') asked += 1;
            return stepsOf(s)(name);
          };
          const clock = new HandClock();
          const server = new ScheduledServer(step);
          const rows = new Map(cold ? [] : loggedIn);
          const engine = await playOut(s, crmEngine({ clock, server, rows }, step));
          clock.pass(HOUR);
          asked = 0;

          const outcomes = plan.map(async (kind, index) => {
            await step(`${index} joins`);
            if (kind === 'stays') return engine.getToken('crm');
            if (kind === 'times out') {
              step('time passes').then(() => clock.pass(PATIENCE));
              return engine.getToken('crm', { waitMs: PATIENCE });
            }
            const leaver = new AbortController();
            step(`${index} aborts`).then(() => leaver.abort('left'));
            return engine.getToken('crm', { signal: leaver.signal });
          });
          const settled = await playOut(s, Promise.allSettled(outcomes), haste);
          const flown = asked;
          const token = await playOut(s, engine.getToken('crm'));
          await playOut(s, engine.stop());

          const requests = server.requests.join();
          if (requests !== (cold ? 'login' : 'refresh')) throw new Error(`Requests: ${requests}`);
          if (flown > MOST_CALLS) throw new Error(`The store was asked ${flown} times`);
          for (const [index, outcome] of settled.entries()) {
            if (outcome.status === 'fulfilled' && outcome.value === token) continue;
            const kind = plan[index] ?? 'stays';
            const { reason } = outcome as PromiseRejectedResult;
            if (TokenError.is(reason) && reason.code === ends[kind]) continue;
            throw new Error(`A caller who ${kind} got ${JSON.stringify(outcome)}`);
          }
        },
      ),
      interleavings,
    );
  },
  timeLimitMs,
);
