import { edit, type Mutant } from './mutant.js';

const commit = 'renewal/commit.ts';

export const commitMutants: readonly Mutant[] = [
  {
    id: 'commit-needs-the-lease',
    title: 'a holder whose lease has run out throws its pair away',
    breaks: ['I6'],
    edits: [
      edit(
        commit,
        'if (record?.incarnation !== incarnation) return;',
        'if (record?.incarnation !== incarnation) return;\n      if (!preempts && (row?.leaseUntil ?? 0) <= found.time.ms) return;',
      ),
    ],
  },
  {
    id: 'commit-needs-the-store',
    title: 'a commit that fails is not tried again',
    breaks: ['I6'],
    edits: [
      edit(
        commit,
        'if (!isOutage(error)) throw error;\n        escrowed ||=',
        'throw error;\n        escrowed ||=',
      ),
    ],
    survives: 'the pair is in escrow by then, and is brought home at the next look',
  },
  {
    id: 'generation-not-compared',
    title: 'a late pair is committed over a newer one',
    breaks: ['I1', 'I4'],
    edits: [edit(commit, 'if (record.generation !== generation && !preempts) return;', '')],
  },
  {
    id: 'incarnation-not-compared',
    title: 'a pair of an earlier life is committed into the next',
    breaks: ['I4', 'I10'],
    edits: [
      edit(
        commit,
        'if (record?.incarnation !== incarnation) return;',
        'if (record === undefined) return;',
      ),
    ],
  },
  {
    id: 'tombstone-ignored',
    title: 'an account that was revoked is logged in again when it is asked for',
    breaks: ['I10'],
    edits: [edit('renewal/renewal-policy.ts', "record.state === 'revoked' ?", 'false ?')],
  },
  {
    id: 'late-pair-not-ended',
    title: 'tokens that come after a revocation are left alive at the server',
    breaks: ['I10'],
    edits: [
      edit(
        commit,
        'if (!result.done && !ours) await retireLateTokens(this.services, account, record, fresh);',
        '',
      ),
    ],
    survives:
      'a pair has to come home just after a revocation, and its token be found alive at the server ' +
      'later; one seed in a thousand does that. preempted-refresh.test.ts and revocation.test.ts do',
  },
  {
    id: 'login-does-not-preempt',
    title: "a person's login waits for nobody, and loses to a refresh in flight",
    breaks: ['I10'],
    edits: [
      edit('renewal/preemption.ts', 'readonly preempts = true;', 'readonly preempts = false;'),
    ],
  },
];
