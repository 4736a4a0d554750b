import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { TokenError } from '@tokenkeep/core';
import { platformConfigFolder } from './platform-folders.js';

export interface ConfigPlace {
  /** `--config`. */
  readonly path?: string;
  /** Default: the current folder. */
  readonly cwd?: string;
  /** Default: the process's. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export const configNames = ['tokenkeep.yaml', 'tokenkeep.yml', 'tokenkeep.json'] as const;

/**
 * The config file: the one asked for, else the one in `TOKENKEEP_CONFIG`, else in the current
 * folder, else in the platform's config folder.
 *
 * @returns its absolute path; one that was asked for need not exist
 * @throws TokenError `CONFIGURATION_INVALID`, `config_missing`, with the places looked at
 */
export function findConfig({ path, cwd = process.cwd(), env = process.env }: ConfigPlace): string {
  const asked = path ?? env.TOKENKEEP_CONFIG;
  if (asked !== undefined && asked !== '') return resolve(cwd, asked);
  const places = [cwd, platformConfigFolder];
  for (const folder of places) {
    const found = configNames.map((name) => join(folder, name)).filter((file) => existsSync(file));
    if (found.length > 1) {
      throw missing(`There are two configs: ${found.join(' and ')}. Remove one, or use --config.`);
    }
    if (found[0] !== undefined) return found[0];
  }
  throw missing(
    `There is no ${configNames[0]} in ${places.join(' or ')}. Make one: tokenkeep init. ` +
      'Or name one: --config <file>.',
  );
}

function missing(message: string): TokenError {
  return new TokenError('CONFIGURATION_INVALID', message, { reason: 'config_missing' });
}
