import { edit, type Mutant } from './mutant.js';

const keeper = 'renewal/account-keeper.ts';

export const publishMutants: readonly Mutant[] = [
  {
    id: 'view-never-reread',
    title: 'a process never looks what others have made of the record',
    breaks: ['I3'],
    edits: [
      edit(
        keeper,
        'return now - this.#viewedAt <= this.services.parameters.viewMaxAgeMs;',
        'return this.#found !== undefined;',
      ),
    ],
  },
  {
    id: 'end-not-checked',
    title: 'the end of a token is left to the timer that renews it',
    breaks: ['I3'],
    edits: [
      edit(
        keeper,
        'if (live === undefined || now >= live.endsAt) return undefined;',
        'if (live === undefined) return undefined;',
      ),
    ],
  },
  {
    id: 'failure-takes-the-token',
    title: 'a renewal that fails takes away a token that still lives',
    breaks: ['I14'],
    edits: [
      edit(
        keeper,
        'if (live !== undefined) return live.token;\n      this.#refuseIfUpstreamRevoked();',
        'if (live !== undefined && end.error === undefined) return live.token;\n      this.#refuseIfUpstreamRevoked();',
      ),
    ],
  },
  {
    id: 'outage-takes-the-token',
    title: 'while the store is down nothing is served',
    breaks: ['I14'],
    edits: [edit(keeper, 'if (!outage || this.#live === undefined) throw error;', 'throw error;')],
  },
  {
    id: 'waits-for-the-flight',
    title: 'a caller waits for as long as a renewal takes',
    breaks: ['I15'],
    edits: [
      edit(
        'renewal/waiters.ts',
        'deadline: this.elapsed.recent() + ms,',
        'deadline: this.elapsed.recent() + 600_000,',
      ),
    ],
  },
  {
    id: 'doubt-waited-for',
    title: 'the scheduler forgets a doubt',
    breaks: ['I12'],
    edits: [
      edit(
        'renewal/next-due.ts',
        'if (record.sent !== undefined) return [doubtAction(plan, record.sent, endsAt, time)];',
        'if (record.sent !== undefined) return [];',
      ),
    ],
    survives:
      'whoever asks for a token settles the doubt, and in a run every account ' +
      'is asked for. next-due.test.ts has the rule',
  },
  {
    id: 'token-in-event',
    title: 'the event of a renewal carries the token',
    breaks: ['I7'],
    edits: [
      edit('renewal/attempt.ts', '#tell({ tokens }: Fresh,', '#tell({ tokens, access }: Fresh,'),
      edit(
        'renewal/attempt.ts',
        'lifetimeMs: tokens.access?.lifetimeMs ?? 0,',
        'lifetimeMs: tokens.access?.lifetimeMs ?? 0, token: access?.token.reveal(),',
      ),
    ],
  },
];
