import { join } from 'node:path';
import { createTokenEngine, type TokenEngine } from '@tokenkeep/core';
import { sqliteStore } from '@tokenkeep/store-sqlite';
import type { Cast } from './cast.js';
import { parameters } from './pace.js';

/** The engine of the moment. A restart puts another one over the same file. */
export class Stage {
  private constructor(
    readonly cast: Cast,
    readonly file: string,
    private readonly follow: (engine: TokenEngine) => void,
    private current: TokenEngine,
  ) {}

  static async raise(
    cast: Cast,
    folder: string,
    follow: (engine: TokenEngine) => void,
  ): Promise<Stage> {
    const file = join(folder, 'tokens.db');
    return new Stage(cast, file, follow, await openEngine(cast, file, follow));
  }

  get engine(): TokenEngine {
    return this.current;
  }

  /** What a deployment does: the old process lets go, the new one finds everything in the file. */
  async restart(): Promise<void> {
    await this.current.stop();
    this.current = await openEngine(this.cast, this.file, this.follow);
  }

  async close(): Promise<void> {
    await this.current.stop();
  }
}

async function openEngine(
  { providers, accounts }: Cast,
  path: string,
  follow: (engine: TokenEngine) => void,
): Promise<TokenEngine> {
  const engine = await createTokenEngine({
    store: sqliteStore({ path }),
    providers,
    accounts,
    parameters,
    // The servers of the demo speak http on this machine.
    allowInsecureLoopback: true,
  });
  follow(engine);
  engine.start();
  return engine;
}
