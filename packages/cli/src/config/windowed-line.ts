/** With the line number before it, this fits into 80 columns. */
const WIDEST = 70;

export interface ShownLine {
  readonly excerpt: string;
  /** How many characters of the excerpt stand before the place. */
  readonly mark: number;
}

/** Of a long line what stands around `mark`, with `...` where something is left out. */
export function windowed(line: string, mark: number): ShownLine {
  if (line.length <= WIDEST) return { excerpt: line, mark };
  const start = Math.max(0, Math.min(mark - WIDEST / 2, line.length - WIDEST));
  const end = start + WIDEST;
  const [before, after] = [start > 0 ? ELLIPSIS : '', end < line.length ? ELLIPSIS : ''];
  const inner = line.slice(start + before.length, end - after.length);
  return { excerpt: `${before}${inner}${after}`, mark: mark - start };
}

const ELLIPSIS = '...';
