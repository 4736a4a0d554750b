import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CommandLineError } from './command-line-error.js';

/**
 * Writes files that are not there. Where one is, nothing is written.
 *
 * @throws CommandLineError naming the file that is there
 */
export function writePackage(folder: string, files: ReadonlyMap<string, string>): void {
  for (const path of files.keys()) {
    if (!existsSync(join(folder, path))) continue;
    throw new CommandLineError(
      `${join(folder, path)} is there already, and nothing is overwritten. Go to another folder, or take another name.`,
    );
  }
  for (const [path, text] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text, { flag: 'wx' });
  }
}
