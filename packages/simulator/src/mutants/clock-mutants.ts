import { edit, type Mutant } from './mutant.js';

const elapsed = 'clock/elapsed-time.ts';

export const clockMutants: readonly Mutant[] = [
  {
    id: 'wall-clock',
    title: 'deadlines are kept on the wall clock',
    breaks: ['I3', 'I14', 'I15'],
    edits: [
      edit(elapsed, 'return this.#sampledAt + this.#suspended;', 'return this.#clock.now();'),
      edit(elapsed, 'return monotonic + this.#suspended;', 'return this.#clock.now();'),
    ],
  },
  {
    id: 'suspend-ignored',
    title: 'time asleep does not count',
    breaks: ['I3'],
    edits: [
      edit(
        elapsed,
        'if (nap < SMALLEST_SUSPEND_MS) return;',
        'if (nap < Number.POSITIVE_INFINITY) return;',
      ),
    ],
  },
  {
    id: 'life-from-the-reply',
    title: 'a life is counted from when the reply was read',
    breaks: ['I3'],
    edits: [edit('renewal/attempt.ts', 'const intent = this.#intent ?? {', 'const intent = {')],
  },
  {
    id: 'store-clock-late',
    title: 'an age is read off the store as if its answer had taken no time',
    breaks: ['I3'],
    edits: [edit('renewal/live-token.ts', 'seen.readAt - age', 'elapsed.now() - age')],
    survives:
      'the look has to be held up, and a token be served in the seconds that it is too young by; ' +
      'one seed in some hundreds does that. live-token.test.ts does',
  },
  {
    id: 'no-bound-on-sleep',
    title: 'the scheduler sleeps until the next renewal, however far that is',
    breaks: ['I9'],
    edits: [
      edit(
        'schedule/scheduler.ts',
        'return Math.min(untilDue <= 0 ? followMs : untilDue, parameters.schedulePollMs);',
        'return untilDue <= 0 ? followMs : untilDue;',
      ),
    ],
  },
  {
    id: 'jitter-re-rolled',
    title: 'the moment of a renewal is drawn anew at every look',
    breaks: ['I2'],
    edits: [
      edit(
        'token/validity.ts',
        'export function fractionOf(name: string): number {',
        'let drawn = 0;\nexport function fractionOf(name: string): number {\n  drawn += 1;\n  name += drawn;',
      ),
    ],
  },
  {
    id: 'nan-lifetime',
    title: 'a lifetime that is no number is taken as it is',
    breaks: ['I2', 'I3', 'I14', 'I15'],
    edits: [
      edit(
        'token/lifetime.ts',
        "if (typeof value === 'number') {",
        "if (value !== undefined) return Number(value) * unitMs;\n  if (typeof value === 'number') {",
      ),
      edit(
        'token/lifetime.ts',
        'if (stated === undefined || Number.isNaN(stated)) {',
        'if (stated === undefined) {',
      ),
    ],
  },
  {
    id: 'dead-on-arrival-served',
    title: 'a token that arrives without any life left passes for a living one',
    breaks: ['I2', 'I3'],
    edits: [
      edit(
        'token/lifetime.ts',
        "if (stated < shortestMs) return { ms: 0, verdict: 'expired_on_arrival' };",
        "if (stated < shortestMs) return { ms: bounds.defaultMs, verdict: 'default' };",
      ),
    ],
    survives:
      'no server of these runs hands out a token that has ended: what a garbled reply says of its ' +
      'life is not so. strange-lifetimes.test.ts has the rule',
  },
];
