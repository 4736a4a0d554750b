import { getEventListeners } from 'node:events';
import { test } from '@jest/globals';
import fc from 'fast-check';
import { HandClock } from '../../../test/interleaving/hand-clock.js';
import { playAll } from '../../../test/interleaving/play-out.js';
import { interleavings, timeLimitMs } from '../../../test/property-runs.js';
import { ElapsedTime } from '../src/clock/elapsed-time.js';
import { Waiters } from '../src/renewal/waiters.js';

const LONGEST = 20;

/** What is done to the waiters, each at a moment that the scheduler draws. */
type Act =
  | { readonly kind: 'join'; readonly ms: number; readonly signal: number }
  | { readonly kind: 'abort'; readonly signal: number }
  | { readonly kind: 'resolve' | 'reject' }
  | { readonly kind: 'pass'; readonly ms: number };

const signals = fc.nat(2);
const join = fc.record({ kind: fc.constant('join'), ms: fc.nat(LONGEST), signal: fc.nat(4) });
const acts: fc.Arbitrary<Act> = fc.oneof(
  { weight: 5, arbitrary: join },
  fc.record({ kind: fc.constant('abort'), signal: signals }),
  fc.record({ kind: fc.constantFrom('resolve', 'reject') }),
  fc.record({ kind: fc.constant('pass'), ms: fc.nat(LONGEST) }),
) as fc.Arbitrary<Act>;

/** One caller: what ended the waiting for certain, and what it came to. */
interface Caller {
  readonly signal: number;
  readonly deadline: number;
  /** The first thing that must end it, unless its time was over before. */
  due: string | undefined;
  dueAt: number;
  ends: string[];
  endedAt: number;
}

test(
  'F55 in 10,000 orders of joins, aborts, timeouts and answers, each waiter ends once, for the first reason',
  async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(acts, { minLength: 1, maxLength: 12 }),
        fc.nat(8),
        async (s, plan, haste) => {
          // A timer that is due is heard of when the scheduler says so: others may be faster.
          const clock = new HandClock(
            (wake) => void s.schedule(Promise.resolve(), 'wake').then(wake),
          );
          const waiters = new Waiters<string>(clock, new ElapsedTime(clock), () => 'timed out');
          const leavers = [0, 1, 2].map(() => new AbortController());
          const callers: Caller[] = [];
          let timersOfNobody = 0;
          const end = (due: string, of: (caller: Caller) => boolean = () => true) => {
            for (const caller of callers) {
              if (caller.due !== undefined || caller.ends.length > 0 || !of(caller)) continue;
              caller.due = due;
              caller.dueAt = clock.monotonic();
            }
          };
          const take = (act: Act, at: number) => {
            switch (act.kind) {
              case 'join': {
                const { ms, signal } = act;
                const deadline = clock.monotonic() + ms;
                const left = leavers[signal]?.signal.aborted ? `left ${signal}` : undefined;
                const caller: Caller = {
                  signal,
                  deadline,
                  due: left,
                  ends: [],
                  dueAt: deadline - ms,
                  endedAt: 0,
                };
                callers.push(caller);
                const note = (how: string) => {
                  caller.ends.push(how);
                  caller.endedAt = clock.monotonic();
                };
                return waiters.wait(ms, leavers[signal]?.signal).then(note, note);
              }
              case 'abort':
                leavers[act.signal]?.abort(`left ${act.signal}`);
                return end(`left ${act.signal}`, ({ signal }) => signal === act.signal);
              case 'pass':
                return clock.pass(act.ms);
              default:
                if (act.kind === 'resolve') waiters.resolveAll(`answer ${at}`);
                else waiters.rejectAll(`answer ${at}`);
                timersOfNobody += clock.sleeping;
                return end(`answer ${at}`);
            }
          };
          for (const [at, act] of plan.entries()) {
            s.schedule(Promise.resolve(), JSON.stringify(act)).then(() => void take(act, at));
          }
          await playAll(s, haste);
          for (const caller of callers) {
            const { ends, deadline, due } = caller;
            const overdue = due !== undefined || deadline <= clock.monotonic();
            if (overdue !== (ends.length === 1)) throw new Error(JSON.stringify(caller));
          }
          const waiting = callers.filter(({ ends }) => ends.length === 0).length;
          if (waiters.size !== waiting) throw new Error(`${waiters.size} wait, not ${waiting}`);
          if (clock.sleeping > 1) throw new Error(`${clock.sleeping} timers`);
          if (timersOfNobody > 0) throw new Error('a timer outlived those who waited');

          clock.pass(LONGEST);
          await playAll(s, haste);
          for (const caller of callers) {
            const { ends, due, dueAt, deadline, endedAt } = caller;
            const earlier = due !== undefined && dueAt < deadline;
            const timedOut = ends[0] === 'timed out' && endedAt >= deadline && !earlier;
            if (ends.length === 1 && (timedOut || ends[0] === due)) continue;
            throw new Error(JSON.stringify(caller));
          }
          const listeners = leavers.flatMap(({ signal }) => getEventListeners(signal, 'abort'));
          const left = {
            waiting: waiters.size,
            timers: clock.sleeping,
            listeners: listeners.length,
          };
          if (Object.values(left).some((count) => count > 0)) throw new Error(JSON.stringify(left));
        },
      ),
      interleavings,
    );
  },
  timeLimitMs,
);
