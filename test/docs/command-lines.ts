import { spawnSync } from 'node:child_process';
import type { Block } from './markdown.js';

/** One call of the command line as a page shows it, its options before any ` -- `. */
export interface CommandLine {
  readonly where: string;
  readonly words: readonly string[];
}

/** Calls of `tokenkeep` in a block of shell, wherever in a line they stand. */
export function commandLinesIn({ file, line, code }: Block): CommandLine[] {
  return code
    .replaceAll('\\\n', ' ')
    .split('\n')
    .flatMap((text, index) =>
      [...text.matchAll(/(?:^|[|(;]|\bthen|\bif !?|exec) *(?:npx )?tokenkeep ([^|;)"#<>&]*)/g)].map(
        ([, words = '']) => ({
          where: `${file}:${line + index}`,
          words: (words.split(' -- ')[0] ?? '').trim().split(/\s+/).filter(Boolean),
        }),
      ),
    );
}

/** What the program's own help does not know: a command, or an option of it. */
export function unknownWords(program: string, lines: readonly CommandLine[]): string[] {
  const helps = new Map<string, string>();
  const helpOf = (path: readonly string[]) => {
    const key = path.join(' ');
    const known = helps.get(key);
    if (known !== undefined) return known;
    const args = [program, ...path, '--help'];
    const { stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    helps.set(key, stdout);
    return stdout;
  };
  return lines.flatMap(({ where, words }) => {
    const path: string[] = [];
    for (const word of words.filter((each) => !each.startsWith('-') && !each.includes('/'))) {
      const isCommand = new RegExp(`^  ${word}(?: |$)`, 'm').test(helpOf(path));
      if (!isCommand) break;
      path.push(word);
    }
    if (path.length === 0 && words.some((word) => !word.startsWith('-'))) {
      return [`${where}: no command in "${words.join(' ')}"`];
    }
    return words
      .filter((word) => word.startsWith('-'))
      .filter((option) => !new RegExp(`(^|[ ,])${option}\\b`, 'm').test(helpOf(path)))
      .map((option) => `${where}: ${path.join(' ')} has no ${option}`);
  });
}
