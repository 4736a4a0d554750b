import type picocolors from 'picocolors';
import { lifeInWords } from './remaining-life.js';

export type Colours = ReturnType<typeof picocolors.createColors>;
type Colour = (text: string) => string;

export type Kind =
  | 'obtained'
  | 'served'
  | 'renewed'
  | 'refused'
  | 'replayed'
  | 'rotated'
  | 'revoked'
  | 'restored'
  | 'guarded'
  | 'careless'
  | 'trouble';

/** Something that happened to a token. */
export interface Happening {
  readonly kind: Kind;
  readonly account: string;
  readonly text: string;
  readonly generation?: number | undefined;
  readonly lifeMs?: number | undefined;
}

/** The demo is laid out for a terminal this wide. */
const width = 100;

const textWidth = 41;

/** Everything that is shown goes through here; nothing here decides what. */
export class Screen {
  readonly #startedAt = Date.now();
  readonly #marks: Record<Kind, readonly [string, Colour]>;
  #chapters = 0;

  constructor(
    readonly colours: Colours,
    private readonly write: (text: string) => void,
  ) {
    const { green, dim, cyan, yellow, magenta, red, blue } = colours;
    this.#marks = {
      obtained: ['●', green],
      served: ['·', dim],
      renewed: ['↻', cyan],
      refused: ['✗', yellow],
      replayed: ['↺', green],
      rotated: ['⇄', magenta],
      revoked: ['∅', magenta],
      restored: ['≡', blue],
      guarded: ['‖', yellow],
      careless: ['!', red],
      trouble: ['!', red],
    };
  }

  line(text = ''): void {
    this.write(`${text}\n`);
  }

  columnHeadings(): void {
    const headings = ['  time ', 'account'.padEnd(17), '  happened', fitted(''), 'gen   ', 'life'];
    this.line(this.colours.dim(headings.join('  ')));
  }

  chapter(title: string, ...explanation: readonly string[]): void {
    const { bold, dim } = this.colours;
    this.#chapters += 1;
    const heading = ` ${this.#chapters}. ${title} `;
    this.line();
    this.line(bold(heading) + dim('─'.repeat(Math.max(0, width - heading.length))));
    for (const sentence of explanation) this.line(dim(`    ${sentence}`));
  }

  happening({ kind, account, text, generation, lifeMs }: Happening): void {
    const { bold, dim } = this.colours;
    const [mark, colour] = this.#marks[kind];
    const seconds = ((Date.now() - this.#startedAt) / 1_000).toFixed(1);
    const quiet = kind === 'served' ? dim : (words: string) => words;
    const columns = [
      dim(`${seconds.padStart(5)} s`),
      quiet(account.padEnd(17)),
      colour(kind === 'served' ? `${mark} ${kind.padEnd(8)}` : bold(`${mark} ${kind.padEnd(8)}`)),
      quiet(fitted(text)),
      quiet(generation === undefined ? '      ' : `gen ${String(generation).padEnd(2)}`),
      lifeMs === undefined ? '' : this.#life(lifeMs),
    ];
    this.line(columns.join('  ').trimEnd());
  }

  #life(ms: number): string {
    const { green, yellow, red } = this.colours;
    const colour = ms <= 0 ? red : ms < 2_000 ? yellow : green;
    return colour(lifeInWords(ms));
  }
}

function fitted(text: string): string {
  return text.length > textWidth ? `${text.slice(0, textWidth - 1)}…` : text.padEnd(textWidth);
}
