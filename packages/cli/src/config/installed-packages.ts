import { type Dirent, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** Names of what is installed for a folder that may be a plug-in: `tokenkeep` in it, or a scope. */
export function installedPlugIns(from: string): readonly string[] {
  return [...foldersUp(from)].flatMap((folder) => plugInsIn(join(folder, 'node_modules')));
}

/** This folder and those above it, but for `node_modules`, which have none of their own. */
export function* foldersUp(from: string): Iterable<string> {
  for (let folder = from; ; folder = dirname(folder)) {
    if (basename(folder) !== 'node_modules') yield folder;
    if (dirname(folder) === folder) return;
  }
}

function plugInsIn(nodeModules: string): readonly string[] {
  return foldersIn(nodeModules).flatMap((name) =>
    name.startsWith('@')
      ? foldersIn(join(nodeModules, name)).map((own) => `${name}/${own}`)
      : name.includes('tokenkeep')
        ? [name]
        : [],
  );
}

function foldersIn(folder: string): readonly string[] {
  const isFolder = (entry: Dirent) => entry.isDirectory() || entry.isSymbolicLink();
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter(isFolder)
      .map(({ name }) => name);
  } catch {
    return [];
  }
}
