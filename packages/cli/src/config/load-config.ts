import { type ConfigProblem, configError } from './config-problem.js';
import type { ConfigPlace } from './find-config.js';
import type { LoadedConfig } from './loaded-config.js';
import { type ConfigReading, readConfig } from './read-config.js';

/**
 * Reads `tokenkeep.yaml` (or `.yml`, `.json`): everything that can be known to be wrong with it
 * is, before anything is opened or sent. Sends nothing, makes no files. Loads the packages that it
 * names as providers.
 *
 * ```ts
 * await using engine = await engineFromConfig(await loadConfig());
 * ```
 *
 * @throws ConfigError (a TokenError `CONFIGURATION_INVALID`) listing all mistakes, none of them
 *   with a value; a plain one where there is no file, or one that is not safe to read
 */
export async function loadConfig(options: ConfigPlace = {}): Promise<LoadedConfig> {
  const reading = await readConfig(options);
  return configWithout(reading.unresolvedCredentials, reading);
}

export interface LookedAtConfig {
  /** Nobody can log in with the credentials that are missing. */
  readonly config: LoadedConfig;
  /** References in credentials to what is not there here and now. */
  readonly missing: readonly ConfigProblem[];
}

/**
 * The same for who only looks: credentials may be missing.
 *
 * @throws ConfigError as `loadConfig`, for everything else
 */
export async function loadConfigToLookAt(options: ConfigPlace = {}): Promise<LookedAtConfig> {
  const reading = await readConfig(options);
  return { config: configWithout([], reading), missing: reading.unresolvedCredentials };
}

function configWithout(
  missing: readonly ConfigProblem[],
  { path, mistakes, unresolved, config }: ConfigReading,
): LoadedConfig {
  const problems = [...mistakes, ...unresolved, ...missing].sort((a, b) => a.line - b.line);
  if (config === undefined || problems.length > 0) throw configError(path, problems);
  return config;
}
