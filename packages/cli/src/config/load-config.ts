import { configError } from './config-problem.js';
import type { ConfigPlace } from './find-config.js';
import type { LoadedConfig } from './loaded-config.js';
import { readConfig } from './read-config.js';

/**
 * Reads `tokenkeep.yaml` (or `.yml`, `.json`): everything that can be known to be wrong with it
 * is, before anything is opened or sent. Sends nothing, makes no files.
 *
 * ```ts
 * await using engine = await engineFromConfig(await loadConfig());
 * ```
 *
 * @throws ConfigError (a TokenError `CONFIGURATION_INVALID`) listing all mistakes, none of them
 *   with a value; a plain one where there is no file, or one that is not safe to read
 */
export async function loadConfig(options: ConfigPlace = {}): Promise<LoadedConfig> {
  const { path, mistakes, unresolved, config } = readConfig(options);
  const problems = [...mistakes, ...unresolved].sort((a, b) => a.line - b.line);
  if (config === undefined || problems.length > 0) throw configError(path, problems);
  return config;
}
