// npm run rows [-- --report] [-- --due N]: which rows of the catalogues have a test. A test belongs
// to the rows whose ids its name carries: `F17 ...`. Fails when a due row has none; --report only
// shows, --summary leaves the table out.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from './child.mjs';

const { values: flags } = parseArgs({
  options: {
    report: { type: 'boolean' },
    summary: { type: 'boolean' },
    due: { type: 'string', default: '4' },
  },
});

/** @type {{ id: string, title: string, issue: number }[]} */
const rows = JSON.parse(readFileSync(join(root, 'docs/reference/acceptance-rows.json'), 'utf8'));

const id = /\b(?:F\d{2}|S\d{2}|P\d{1,2}[a-z]?|I\d{1,2}|CP\d{1,2})\b/g;
const quoted = /(?<quote>['"`])(?<name>(?:\\.|(?!\k<quote>)[^\\])*)\k<quote>/.source;
const named = new RegExp(
  String.raw`\b(?:test|it|describe)(?<modifiers>(?:\.\w+)*)\s*\(\s*${quoted}`,
  'g',
);
const namedAfterTable = new RegExp(
  String.raw`\b(?:test|it|describe)(?<modifiers>(?:\.\w+)*\.each)\b[^]*?[)${'`'}\]]\s*\(\s*${quoted}`,
  'g',
);

/** @type {Map<string, string[]>} */
const filesOf = new Map();
for (const file of testFiles()) {
  const text = readFileSync(join(root, file), 'utf8').replace(/^\s*(\/\/|\*).*$/gm, '');
  for (const pattern of [named, namedAfterTable]) {
    for (const { groups } of text.matchAll(pattern)) {
      const { modifiers = '', name = '' } = groups ?? {};
      if (/\.(skip|todo|failing)\b/.test(modifiers)) continue;
      for (const [found] of name.matchAll(id)) {
        filesOf.set(found, [...(filesOf.get(found) ?? []), file]);
      }
    }
  }
}

if (!flags.summary) printTable();

const listed = new Set(rows.map((row) => row.id));
const others = [...filesOf.keys()].filter((found) => !listed.has(found)).sort();
if (others.length > 0) console.log(`\nother ids that tests name: ${others.join(' ')}`);

const due = rows.filter(isDue);
const missing = due.filter((row) => !filesOf.has(row.id)).map((row) => row.id);
console.log(`\n${due.length - missing.length} of ${due.length} due rows have a test.`);
if (missing.length > 0) {
  console.log(`without a test: ${missing.join(' ')}`);
  if (!flags.report) process.exitCode = 1;
}

/** @param {{ issue: number }} row */
function isDue(row) {
  return row.issue <= Number(flags.due);
}

function testFiles() {
  const folders = readdirSync(join(root, 'packages')).map((name) => `packages/${name}/test`);
  return [...folders, 'test'].flatMap((folder) => {
    try {
      return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.test.ts'))
        .map((file) => `${folder}/${file}`)
        .sort();
    } catch {
      return []; // A package without tests.
    }
  });
}

function printTable() {
  const width = Math.max(...rows.map((row) => row.title.length));
  console.log(`${'row'.padEnd(5)}${'title'.padEnd(width + 2)}issue  tests  file`);
  for (const row of rows) {
    const files = filesOf.get(row.id) ?? [];
    const places = [...new Set(files)].join(', ') || (isDue(row) ? 'MISSING' : '-');
    const [issue, tests] = [String(row.issue).padStart(5), String(files.length).padStart(5)];
    console.log(`${row.id.padEnd(5)}${row.title.padEnd(width + 2)}${issue}  ${tests}  ${places}`);
  }
}
