import 'reflect-metadata';
import { Container, ContainerModule } from 'inversify';
import type { TokenEngine } from '../engine/token-engine.js';
import { engineBindings } from './engine-bindings.js';
import type { EngineOptions } from './engine-options.js';
import { serviceIds } from './service-ids.js';

/**
 * An engine, open and ready. Add `engine.start()` for renewal in the background.
 *
 * @throws TokenError `CONFIGURATION_INVALID` with what to change; `STORE_*` when the store cannot
 *   be used, before anything is sent
 * @example
 * const engine = await createTokenEngine({
 *   store: sqliteStore({ path: 'data/tokens.db' }),
 *   providers: [chatApp()],
 *   accounts: [{ provider: 'chatapp', account: 'crm', credentials }],
 * });
 * const token = await engine.getToken('crm');
 * await fetch(url, { headers: token.headers() });
 * await engine.stop();
 */
export async function createTokenEngine(options: EngineOptions): Promise<TokenEngine> {
  const container = new Container({ defaultScope: 'Singleton' });
  container.load(new ContainerModule(engineBindings(options)));
  return container.getAsync(serviceIds.engine);
}
