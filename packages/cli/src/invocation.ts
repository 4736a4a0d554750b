import type { TokenEngine } from '@tokenkeep/core';
import { engineFromConfig } from './config/engine-from-config.js';
import { loadConfig } from './config/load-config.js';
import type { LoadedConfig } from './config/loaded-config.js';
import type { Interruption } from './terminal/interruption.js';
import type { Terminal } from './terminal/terminal.js';

/** One call of the program: what every command may use. */
export interface Invocation {
  readonly terminal: Terminal;
  readonly env: NodeJS.ProcessEnv;
  /** `--config`. */
  readonly configPath: string | undefined;
  readonly interruption: Interruption;
}

export function configOf({ configPath, env }: Invocation): Promise<LoadedConfig> {
  return loadConfig({ env, ...(configPath === undefined ? {} : { path: configPath }) });
}

/**
 * Opens the engine of the configuration, uses it, and stops it. A signal stops it earlier: what is
 * on its way is saved, and `use` fails with `ENGINE_STOPPED` if it was not done.
 */
export async function withEngine<Result>(
  invocation: Invocation,
  use: (engine: TokenEngine, config: LoadedConfig) => Promise<Result>,
): Promise<Result> {
  const config = await configOf(invocation);
  const engine = await engineFromConfig(config);
  const { interruption, terminal } = invocation;
  const { signal } = interruption;
  const stop = () => {
    if (interruption.exitCode !== undefined && !terminal.json) {
      terminal.err('Stopping. What is on its way is saved first; once more ends it at once.');
    }
    void engine.stop();
  };
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    return await use(engine, config);
  } finally {
    signal.removeEventListener('abort', stop);
    await engine.stop();
  }
}
