import { edit, type Mutant } from './mutant.js';

const keeper = 'renewal/account-keeper.ts';
const failure = 'renewal/failure.ts';

export const verdictMutants: readonly Mutant[] = [
  {
    id: 'verdict-without-fence',
    title: 'a refusal is written although another process has claimed since',
    breaks: ['I16'],
    edits: [
      edit(
        'renewal/attempt.ts',
        'if (!untried) verdict = await this.#verdict(failure);',
        'if (!untried) verdict = await this.#verdict(failure);\n      (claim as { unfenced?: true }).unfenced = true;',
      ),
      edit(
        'renewal/claim.ts',
        'found.row?.fence !== fence || ',
        '(!(this as { unfenced?: true }).unfenced && found.row?.fence !== fence) || ',
      ),
    ],
    survives:
      'a verdict is about one generation, which is still compared, and whoever ' +
      'has claimed since commits over it',
  },
  {
    id: 'ambiguous-refusal-believed',
    title: 'a refusal that does not say what it refuses is believed at once',
    breaks: ['I16'],
    edits: [
      edit(
        failure,
        'const wait = f.resend ? undefined : waits[ambiguous - 1];',
        'const wait = undefined;',
      ),
    ],
  },
  {
    id: 'unavailable-is-dead',
    title: 'a server in trouble ends the refresh token',
    breaks: ['I16'],
    edits: [
      edit(
        failure,
        "    case 'grant_rejected':",
        "    case 'grant_rejected':\n    case 'unavailable':\n    case 'throttled':",
      ),
      edit(failure, "    case 'throttled':\n    case 'unavailable': {", "    case 'never': {"),
    ],
  },
  {
    id: 'old-refusal-obeyed',
    title: 'a late refusal of a replaced token counts against the new one',
    breaks: ['I2'],
    edits: [
      edit(
        keeper,
        'if (generation !== this.generation || this.#live === undefined) return undefined;',
        'generation = this.generation;',
      ),
      edit(
        keeper,
        'async #replaceRefused(generation: number): Promise<FlightEnd> {',
        'async #replaceRefused(generation: number): Promise<FlightEnd> {\n    generation = this.generation;',
      ),
    ],
  },
  {
    id: 'chained-bearer-latches',
    title: "another account's refused bearer counts as rejected credentials",
    breaks: ['I12'],
    edits: [
      edit(failure, 'if (!f.chained) return rejected(record, f);', 'return rejected(record, f);'),
    ],
    survives:
      'credentials that were refused are known by a fingerprint, and with a ' +
      'new token upstream it is another one',
  },
];
