import { both, edit, type Mutant } from './mutant.js';

const claim = 'renewal/claim.ts';
const run = 'renewal/renewal-run.ts';

const leaseIgnored: Mutant = {
  id: 'lease-ignored',
  title: 'a living lease of another process does not hold anybody back',
  breaks: ['I1', 'I2', 'I6', 'I16'],
  edits: [
    edit(run, 'if (this.services.leases.isOver(row, time)) return undefined;', 'return undefined;'),
  ],
};

const noSingleFlight: Mutant = {
  id: 'no-single-flight',
  title: 'each caller of a process flies on its own',
  breaks: ['I1', 'I2'],
  edits: [
    edit('renewal/account-keeper.ts', 'this.#flight ??= this.#fly', 'this.#flight = this.#fly'),
  ],
  survives: 'flights of one process meet the lease in the store, as those of two processes do',
};

const fenceIgnored: Mutant = {
  id: 'fence-ignored',
  title: 'a holder writes on after another one has claimed',
  breaks: ['I1', 'I4', 'I16'],
  edits: [edit(claim, 'found.row?.fence !== fence || ', '')],
};

const noCompareAndSet: Mutant = {
  id: 'no-compare-and-set',
  title: 'a change whose base is outdated is written all the same',
  breaks: ['I1', 'I4', 'I10', 'I16'],
  edits: [
    edit(
      'store/edit-record.ts',
      'for (let tries = 0;',
      'let edit: RecordEdit | undefined;\n  for (let tries = 0;',
    ),
    edit('store/edit-record.ts', 'const edit = await rule(found);', 'edit ??= await rule(found);'),
  ],
};

export const claimMutants: readonly Mutant[] = [
  {
    id: 'no-claim',
    title: 'nobody claims: neither fence nor lease',
    breaks: ['I1', 'I2', 'I4', 'I16'],
    edits: [
      edit(claim, 'found.row?.version === version', 'true'),
      edit(claim, 'fence: (found.row?.fence ?? 0) + 1,', ''),
      edit(claim, '              lease: { holder: holder.id, ms: parameters.leaseMs },', ''),
      ...leaseIgnored.edits,
    ],
  },
  {
    id: 'claim-not-reread',
    title: 'the claim is taken on whatever stands there, with the record read before',
    breaks: ['I1', 'I2', 'I4', 'I10', 'I16'],
    edits: [edit(claim, 'found.row?.version === version', 'true')],
  },
  leaseIgnored,
  noSingleFlight,
  both(
    'no-single-flight-own-lease',
    'each caller flies on its own, and a lease of its own process is no hindrance',
    ['I1', 'I2', 'I6', 'I15', 'I16'],
    noSingleFlight,
    leaseIgnored,
  ),
  fenceIgnored,
  {
    id: 'fence-not-raised',
    title: 'a claim keeps the fence of the one before',
    breaks: ['I1', 'I4', 'I16'],
    edits: [edit(claim, 'fence: (found.row?.fence ?? 0) + 1,', '')],
  },
  noCompareAndSet,
  both(
    'no-fence-no-compare-and-set',
    'neither fence nor version is compared',
    ['I1', 'I4', 'I10', 'I16'],
    fenceIgnored,
    noCompareAndSet,
  ),
  {
    id: 'no-heartbeat',
    title: 'the lease is not extended while a request is under way',
    breaks: ['I2'],
    edits: [
      edit(claim, 'await this.write({ change: (record) => record, due }).catch(() => {});', ''),
    ],
  },
  {
    id: 'send-gate-removed',
    title: 'the first byte leaves however little of the lease is left',
    breaks: ['I1', 'I16'],
    edits: [
      edit(
        'renewal/attempt.ts',
        'if (claim.leaseLeftMs() < services.parameters.sendGateMs) throw gateClosed();',
        '',
      ),
    ],
    survives:
      'the intent that was just written keeps others from sending for 95 s: it ' +
      'takes a stop of that length inside the one write, which F53 makes with ' +
      'a real process',
  },
  {
    id: 'every-holder-is-gone',
    title: 'every other holder passes for a process that is gone',
    breaks: ['I1', 'I2', 'I16'],
    edits: [
      edit('renewal/lease-watch.ts', 'this.holder.isGone(holder)', 'true'),
      edit('renewal/situation.ts', 'holder.isGone(record.sent.holder)', 'true'),
    ],
  },
];
