import { edit, type Mutant } from './mutant.js';

const commit = 'renewal/commit.ts';
const escrow = 'escrow/file-escrow.ts';

export const escrowMutants: readonly Mutant[] = [
  {
    id: 'escrow-skipped',
    title: 'a rotated pair goes to the store without escrow first',
    breaks: ['I6'],
    edits: [edit(commit, 'commit.escrowFirst ? await this.#escrow(commit) : false', 'false')],
  },
  {
    id: 'escrow-not-synced',
    title: 'a pair counts as durable before the disk has it',
    breaks: ['I6'],
    edits: [edit(escrow, 'await file.datasync();', '')],
  },
  {
    id: 'escrow-not-replayed',
    title: 'what is in escrow is never brought home',
    breaks: ['I6'],
    edits: [
      edit(
        commit,
        'for (const entry of await escrow.entries()) {',
        'for (const entry of [] as EscrowEntry[]) {',
      ),
    ],
  },
  {
    id: 'escrow-not-searched-in-doubt',
    title: 'a doubt is settled without a look into escrow',
    breaks: ['I6'],
    edits: [
      edit(
        'renewal/renewal-run.ts',
        'if (this.#escrowSearched || record?.sent === undefined) return false;',
        'return false;',
      ),
    ],
  },
  {
    id: 'escrow-of-others-not-read',
    title: 'only what the same process has left is looked for',
    breaks: ['I6'],
    edits: [
      edit(
        escrow,
        'const entries = await this.#entriesOf(name);',
        'if (name !== this.#name) continue;\n      const entries = await this.#entriesOf(name);',
      ),
    ],
  },
  {
    id: 'escrow-of-earlier-boot-not-read',
    title: 'what was left before the machine was booted again is not looked for',
    breaks: ['I6'],
    edits: [
      edit(escrow, ' || this.holder.isOfEarlierBoot?.(owner) === true', ''),
      edit(
        escrow,
        'const entries = await this.#entriesOf(name);',
        'if (ownerMayLive) continue;\n      const entries = await this.#entriesOf(name);',
      ),
    ],
  },
];
