// What the programs of multi-process tests have in common: `node program.mjs <command>`, facts as a
// line of JSON on stdin, as a URL has a password that is for no list of processes. Each answer is a
// line of JSON on stdout.

import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';

const lines = createInterface(process.stdin)[Symbol.asyncIterator]();

/** @param {object} answer */
export const say = (answer) => writeSync(1, `${JSON.stringify(answer)}\n`);

/** All children of a test start their work at the same word of the parent. */
export async function ready() {
  say({ ready: true });
  await lines.next();
}

/**
 * An account's row that is new, unless `facts` say otherwise.
 *
 * @param {string} id
 * @param {Partial<import('@tokenkeep/core').RowWrite>} [facts]
 * @returns {import('@tokenkeep/core').RowWrite}
 */
export const row = (id, facts = {}) => ({
  kind: 'account',
  id,
  expected: 0,
  body: '{}',
  due: undefined,
  fence: 0,
  ...facts,
});

/**
 * Runs the command that was asked for. From its end on nothing of ours keeps the process alive.
 *
 * @param {Record<string, (facts: any) => Promise<void>>} commands
 */
export async function obey(commands) {
  const [command = ''] = process.argv.slice(2);
  const { value = '{}' } = await lines.next();
  await commands[command]?.(JSON.parse(value));
  lines.return?.();
  process.stdin.destroy();
}
