/** From `start` up to, not including, `end`: offsets in the file's text. */
export interface TextRange {
  readonly start: number;
  readonly end: number;
}

const MASK = '***';
const STRUCTURE = /[\s{}[\],:-]/;

/**
 * A line of a file that parsed, with these names and the structure as they are and every value
 * masked. `start`: the line's offset. Comments are cut off: they may quote a value.
 */
export function maskedLine(
  line: string,
  start: number,
  names: readonly TextRange[],
  values: readonly TextRange[],
): string {
  const [namesHere, valuesHere] = [names, values].map((ranges) =>
    ranges.filter((range) => range.start < start + line.length && start < range.end),
  );
  const within = (ranges: readonly TextRange[] = [], offset: number) =>
    ranges.some((range) => range.start <= offset && offset < range.end);
  const shown = [...line].map((character, index) => {
    const offset = start + index;
    if (within(namesHere, offset)) return character;
    if (within(valuesHere, offset)) return undefined;
    return STRUCTURE.test(character) ? character : '#';
  });
  const comment = shown.indexOf('#');
  return joined(comment === -1 ? shown : shown.slice(0, comment));
}

/** A line of a file that did not parse: nothing but its indentation and a plain `name:`. */
export function maskedText(line: string): string {
  const [, indent = '', name = '', rest = ''] =
    /^(\s*(?:- )?)(?:(["']?[\w$-]{1,40}["']?:)(?=\s|$))?(.*)$/.exec(line) ?? [];
  const value = rest.trim() === '' ? '' : `${name === '' ? '' : ' '}${MASK}`;
  return `${indent}${name}${value}`;
}

function joined(characters: readonly (string | undefined)[]): string {
  return characters
    .map((character, index) => {
      if (character !== undefined) return character;
      return index > 0 && characters[index - 1] === undefined ? '' : MASK;
    })
    .join('');
}
