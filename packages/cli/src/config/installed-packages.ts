import { type Dirent, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Names of what is installed in a `node_modules` that may be a plug-in: `tokenkeep` in it, or a scope. */
export function installedPlugIns(nodeModules: string): readonly string[] {
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
