import { stripVTControlCharacters } from 'node:util';

/** Lines of whole words, `width` columns at most; a word that is longer has its own. */
export function wrappedText(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line === '' || visibleLength(longer) <= width) {
      line = longer;
    } else {
      lines.push(line);
      line = word;
    }
  }
  return [...lines, line];
}

/** Without the escape sequences of colours. */
export function visibleLength(text: string): number {
  return stripVTControlCharacters(text).length;
}
