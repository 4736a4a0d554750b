import { edit, type Mutant } from './mutant.js';

const keepers = 'renewal/keepers.ts';

export const chainMutants: readonly Mutant[] = [
  {
    id: 'upstream-not-resolved',
    title: "the other account's token is asked for once, and not before each login",
    breaks: ['I12', 'I14'],
    edits: [
      edit(
        keepers,
        'const { secret } = await keeper.getToken();',
        'const { secret } = await ((keeper as { once?: ReturnType<typeof keeper.getToken> }).once ??= keeper.getToken());',
      ),
    ],
  },
  {
    id: 'upstream-not-replaced',
    title: "another account's refused bearer is not replaced",
    breaks: ['I12'],
    edits: [
      edit(
        'renewal/renewal-run.ts',
        'if (await this.#upstreamReplaced(upstream)) return undefined;',
        '',
      ),
    ],
    survives:
      'the bearer has to be refused downstream while its own account holds it for good, and nobody ' +
      'else to find out; one seed in five thousand does that. oauth20-chain.test.ts does',
  },
  {
    id: 'shared-token-not-withdrawn',
    title: "a token that is another account's own is served after that one replaced it",
    breaks: ['I3'],
    edits: [
      edit(
        'renewal/account-keeper.ts',
        '(sharesUpstream && upstreams.hasMoved(upstream))',
        'false',
      ),
    ],
    survives:
      'a caller has to come between the upstream renewal and the schedule, which renews what was ' +
      'made from it at once; one seed in some hundreds does that. oauth20-introspection.test.ts does',
  },
];
