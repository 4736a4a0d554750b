import type { Colours } from './terminal.js';
import { wrappedText } from './wrapped-text.js';

/** Each text beside its label, wrapped where `columns` end. What has no text is left out. */
export function labelledLines(
  rows: readonly (readonly [label: string, text: string])[],
  labelWidth: number,
  columns: number,
  paint: Pick<Colours, 'dim'>,
): string[] {
  const indent = ' '.repeat(labelWidth + 4);
  return rows
    .filter(([, text]) => text !== '')
    .flatMap(([label, text]) =>
      wrappedText(text, columns - indent.length).map((line, index) =>
        index === 0 ? `  ${paint.dim(label.padEnd(labelWidth))}  ${line}` : indent + line,
      ),
    );
}
