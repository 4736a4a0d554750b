import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { configNames } from './find-config.js';
import { platformConfigFolder, platformStateFolder } from './platform-folders.js';

const LONGEST_NAME = 40;
const HASH_DIGITS = 8;

/**
 * Where the tokens of a config without `store` are: in the platform's state folder, and there in a
 * folder of their own, so that two projects whose accounts have the same names share no tokens.
 * The config that is found in the platform's config folder has `tokens.db` in the state folder.
 *
 * @param configPath absolute; by whichever link its folder is reached, the store is the same
 */
export function defaultStorePath(configPath: string): string {
  const folder = realPath(dirname(configPath));
  const name = basename(configPath);
  const isPlatforms = folder === realPath(platformConfigFolder) && isConfigName(name);
  if (isPlatforms) return join(platformStateFolder, 'tokens.db');
  // The config's own name is not followed: mounted configs are links that change their target.
  const hash = createHash('sha256').update(join(folder, name)).digest('hex');
  const project = [...basename(folder)].slice(0, LONGEST_NAME).join('') || 'root';
  return join(platformStateFolder, `${project}-${hash.slice(0, HASH_DIGITS)}`, 'tokens.db');
}

function isConfigName(name: string): boolean {
  return configNames.some((each) => each === name);
}

/** The same where there is nothing yet. */
function realPath(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return folder;
  }
}
