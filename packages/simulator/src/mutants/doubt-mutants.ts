import { both, edit, type Mutant } from './mutant.js';

const policy = 'renewal/renewal-policy.ts';
const failure = 'renewal/failure.ts';

const quarantineIgnored: Mutant = {
  id: 'quarantine-not-waited',
  title: 'a doubt of another process is settled at once',
  breaks: ['I1', 'I16'],
  edits: [edit(policy, 'sent.ended === true || s.senderGone || waitMs <= 0', 'true')],
};

export const doubtMutants: readonly Mutant[] = [
  {
    id: 'blind-retry',
    title: 'a refresh in doubt is simply tried again',
    breaks: ['I1', 'I16'],
    edits: [
      edit(
        policy,
        'if (sent === undefined || rotation === undefined) return undefined;',
        'return;',
      ),
    ],
  },
  {
    id: 'doubt-not-sticky',
    title: 'a claim forgets what was sent before',
    breaks: ['I1', 'I16'],
    edits: [
      edit(
        'renewal/claim.ts',
        '              record,',
        '              record: { ...record, sent: undefined } as never,',
      ),
    ],
  },
  {
    id: 'doubt-not-noted',
    title: 'a lost reply leaves no doubt behind',
    breaks: ['I1', 'I16'],
    edits: [
      edit(
        failure,
        'return { record: { ...record, guard, sent: { ...record.sent, ended: true } }, decideAgain: true };',
        'return retry({ ...settled(record), guard });',
      ),
    ],
  },
  {
    id: 'third-send',
    title: 'a refresh token in doubt is sent again and again',
    breaks: ['I1', 'I16'],
    edits: [
      edit(policy, 'sent.sends < 2 && graceLeftMs', 'graceLeftMs'),
      edit(policy, 'mayResend && sent.sends < 2 && !record.refresh?.dead', 'mayResend'),
      edit(failure, 'if (f.resend) return refreshTokenDead(record, f);', ''),
    ],
  },
  {
    id: 'resend-after-grace',
    title: 'a resend does not look whether the grace is over',
    breaks: ['I1'],
    edits: [edit(policy, 'graceLeftMs(sent, rotation, time, p) > 0', 'rotation.reuseGraceMs > 0')],
  },
  quarantineIgnored,
  {
    id: 'every-sender-is-gone',
    title: 'whoever sent passes for a process that is gone',
    breaks: ['I1', 'I16'],
    edits: [edit('renewal/situation.ts', 'holder.isGone(record.sent.holder)', 'true')],
  },
  {
    id: 'store-return-not-waited',
    title: 'after an outage of the store nobody is given time to commit first',
    breaks: ['I1', 'I16'],
    edits: [edit(policy, 'p.storeReturnMs - s.sinceStoreReturnMs', 'Number.NEGATIVE_INFINITY')],
    survives:
      'a holder commits within a second of the return: somebody of another ' +
      'machine has to ask in that second, and 95 s after the send. ' +
      'renewal-policy.test.ts has the rule',
  },
  {
    id: 'login-before-the-end',
    title: 'a doubt costs a login although the access token still serves',
    breaks: ['I5'],
    edits: [
      edit(policy, "if (s.canObtain === true && accessServes(s)) return { step: 'nothing' };", ''),
    ],
  },
  {
    id: 'unsent-proof-ignored',
    title: 'what provably never left counts as sent',
    breaks: ['I5'],
    edits: [edit('renewal/attempt.ts', 'sent: call.sent,', "sent: 'maybe',")],
  },
  {
    id: 'unsent-proof-forgotten',
    title: 'a process forgets that an attempt of its own never left, if the store is down',
    breaks: ['I5'],
    edits: [
      edit(
        'renewal/attempt.ts',
        "if (call.sent === 'no') services.unsent.add(this.#attemptId);",
        '',
      ),
    ],
  },
  {
    id: 'not-processed-ignored',
    title: 'a reply that proves that nothing was processed leaves a doubt',
    breaks: ['I5'],
    edits: [
      edit(failure, 'const processed = mayHaveProcessed(refusal, f);', 'const processed = true;'),
    ],
  },
  both(
    'no-heartbeat-no-quarantine',
    'the lease is not extended, and a doubt is settled at once',
    ['I1', 'I2', 'I16'],
    {
      id: '',
      title: '',
      breaks: [],
      edits: [
        edit(
          'renewal/claim.ts',
          'await this.write({ change: (record) => record, due }).catch(() => {});',
          '',
        ),
      ],
    },
    quarantineIgnored,
  ),
];
