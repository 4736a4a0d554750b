// npm run sizes: how much of each provider a program loads, minified and without dependencies. Writes
// the table into docs/explanation/performance.md.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { root } from './child.mjs';

/**
 * One entry of a package. `atStart` is what importing it loads, of this package; `later` what its
 * `import()`s load the first time they are reached, together.
 *
 * @typedef {{ entry: string, atStart: number, later: number, text: string }} EntrySize
 */

/** @returns {Promise<readonly EntrySize[]>} of all packages/provider-*, as they were built */
export async function providerSizes() {
  const folders = readdirSync(join(root, 'packages'))
    .filter((name) => name.startsWith('provider-'))
    .sort();
  /** @type {EntrySize[]} */
  const sizes = [];
  for (const folder of folders) {
    const path = join(root, 'packages', folder);
    const { name, exports } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
    for (const [entry, { default: file }] of Object.entries(exports)) {
      sizes.push({ entry: name + entry.slice(1), ...(await sizeOf(join(path, file))) });
    }
  }
  return sizes;
}

/** @param {string} file @returns {Promise<Omit<EntrySize, 'entry'>>} */
async function sizeOf(file) {
  if (!existsSync(file)) throw new Error(`${file} is missing: npm run build`);
  const { outputFiles, metafile } = await build({
    entryPoints: [file],
    bundle: true,
    minify: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    metafile: true,
    write: false,
    outdir: 'sizes',
    absWorkingDir: root,
  });
  const outputs = Object.entries(metafile.outputs);
  const start = outputs.find(([, { entryPoint }]) => join(root, entryPoint ?? '') === file);
  const atOnce = new Set(start?.slice(0, 1));
  for (const name of atOnce) {
    for (const { path, kind } of metafile.outputs[String(name)]?.imports ?? []) {
      if (kind === 'import-statement' && path in metafile.outputs) atOnce.add(path);
    }
  }
  const bytesOf = (/** @type {boolean} */ loaded) =>
    outputs
      .filter(([name]) => atOnce.has(name) === loaded)
      .reduce((sum, [, { bytes }]) => sum + bytes, 0);
  const text = outputFiles.map((output) => output.text).join('\n');
  return { atStart: bytesOf(true), later: bytesOf(false), text };
}

export const page = 'docs/explanation/performance.md';
const heading = '| loaded of | at the start, bytes | later, on demand |\n|---|---|---|\n';

/** The rows of the table, as the page has them. @returns {{ entry: string, atStart: number, later: number }[]} */
export function sizesOnPage() {
  const [, table = ''] = readFileSync(join(root, page), 'utf8').split(heading);
  const rows = table.split('\n\n')[0]?.trim().split('\n') ?? [];
  return rows.map((row) => {
    const [, entry = '', atStart, later] = row.split('|').map((cell) => cell.trim());
    return { entry: entry.replaceAll('`', ''), atStart: bytesIn(atStart), later: bytesIn(later) };
  });
}

/** @param {string | undefined} cell */
const bytesIn = (cell) => Number(cell?.replaceAll(',', ''));

/** @param {readonly EntrySize[]} sizes */
function tableOf(sizes) {
  const bytes = (/** @type {number} */ count) => count.toLocaleString('en-US');
  const rows = sizes.map(
    ({ entry, atStart, later }) => `| \`${entry}\` | ${bytes(atStart)} | ${bytes(later)} |`,
  );
  return heading + rows.join('\n');
}

if (process.argv[1] === import.meta.filename) {
  const text = readFileSync(join(root, page), 'utf8');
  const [before = '', after = ''] = text.split(heading);
  const rest = after.slice(after.indexOf('\n\n'));
  writeFileSync(join(root, page), before + tableOf(await providerSizes()) + rest);
}
