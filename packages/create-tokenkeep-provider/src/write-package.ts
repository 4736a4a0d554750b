import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, sep } from 'node:path';
import { CommandLineError } from './command-line-error.js';

type Files = ReadonlyMap<string, string>;

/**
 * Writes files that are not there: all, or none where one is. A folder that is there may hold
 * others, like those of git.
 *
 * @throws CommandLineError naming what is there, or why nothing can be written
 */
export function writePackage(folder: string, files: Files): void {
  try {
    if (lstatSync(folder, { throwIfNoEntry: false }) === undefined) {
      writeNew(folder, files);
      return;
    }
    if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw taken(folder);
    for (const path of files.keys()) refuseTaken(folder, path);
    writeInto(folder, files);
  } catch (error) {
    if (error instanceof CommandLineError) throw error;
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    throw new CommandLineError(`${folder} cannot be written (${code}). Go to another folder.`);
  }
}

/** Beside its place first: half a package is never there. */
function writeNew(folder: string, files: Files): void {
  const beside = mkdtempSync(join(dirname(folder), `.${basename(folder)}-`));
  try {
    // As mkdir makes it, and not for its owner alone.
    writeInto(join(beside, 'package'), files);
    renameSync(join(beside, 'package'), folder);
  } finally {
    rmSync(beside, { recursive: true, force: true });
  }
}

function writeInto(folder: string, files: Files): void {
  for (const [path, text] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text, { flag: 'wx' });
  }
}

/** A file of that name, a link, or something that is no folder where one has to be. */
function refuseTaken(folder: string, path: string): void {
  const names = path.split('/');
  for (const depth of names.keys()) {
    const at = [folder, ...names.slice(0, depth + 1)].join(sep);
    const found = lstatSync(at, { throwIfNoEntry: false });
    if (found === undefined) return;
    if (depth === names.length - 1 || !found.isDirectory()) throw taken(at);
  }
}

function taken(path: string): CommandLineError {
  return new CommandLineError(
    `${path} is there already, and nothing is overwritten. Go to another folder, or take another name.`,
  );
}
