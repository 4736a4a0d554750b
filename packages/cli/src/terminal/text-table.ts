import Table from 'cli-table3';
import { visibleLength, wrappedText } from './wrapped-text.js';

/** Between two columns. */
const GAP = '   ';

const noBorders = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: GAP,
};

/**
 * A table without lines. The last column is wrapped into what is left of `width`.
 *
 * @returns undefined where less than `narrowest` columns are left for it
 */
export function textTable(
  rows: readonly (readonly string[])[],
  width: number,
  narrowest: number,
): string | undefined {
  const columns = rows[0]?.length ?? 0;
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => visibleLength(row[column] ?? ''))),
  );
  const own = widths.slice(0, -1);
  const left = width - own.reduce((sum, each) => sum + each + GAP.length, 0);
  if (left < Math.min(widths.at(-1) ?? 0, narrowest)) return undefined;
  const table = new Table({
    chars: noBorders,
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [], compact: true },
  });
  table.push(
    ...rows.map((row) => [...row.slice(0, -1), wrappedText(row.at(-1) ?? '', left).join('\n')]),
  );
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}
