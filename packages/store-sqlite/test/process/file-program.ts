import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { askChild, type ChildOptions } from '../../../../test/processes/store-process.js';

/** What does to files what no test should do to its own. */
export const fileProgram = fileURLToPath(new URL('./file.mjs', import.meta.url));

export function askFileProgram<T>(
  command: string,
  facts: object,
  options?: ChildOptions,
): Promise<T> {
  return askChild<T>(command, facts, { program: fileProgram, ...options });
}

/** The user `nobody`, where this process may become it. */
export const asNobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
export const canBecomeNobody = spawnSync('setpriv', [...asNobody.slice(1), 'true']).status === 0;
