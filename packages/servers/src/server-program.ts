import { accessSync, constants, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Debian keeps the programs of PostgreSQL, one folder for each version, outside of the path. */
const postgresFolder = '/usr/lib/postgresql';

/** Where a program is, newest version first; `undefined`: it is not installed. */
export function serverProgram(name: string): string | undefined {
  const folders = [...postgresFolders(), ...(process.env.PATH ?? '').split(delimiter)];
  return folders.map((folder) => join(folder, name)).find(isProgram);
}

function postgresFolders(): string[] {
  try {
    const versions = readdirSync(postgresFolder).sort((a, b) => Number(b) - Number(a));
    return versions.map((version) => join(postgresFolder, version, 'bin'));
  } catch {
    return [];
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
