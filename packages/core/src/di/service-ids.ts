import type { ServiceIdentifier } from 'inversify';
import type { Clock } from '../clock/clock.js';
import type { Random } from '../clock/random.js';
import type { TokenEngine } from '../engine/token-engine.js';
import type { Escrow } from '../escrow/escrow.js';
import type { Logger } from '../events/log-events.js';
import type { Holder } from '../holder/holder.js';
import type { Parameters } from '../parameters/parameters.js';
import type { TokenProvider } from '../provider/token-provider.js';
import type { CrashProbe } from '../renewal/crash-points.js';
import type { Sealer } from '../sealing/sealer.js';
import type { TokenStore } from '../store/token-store.js';
import type { HttpExchange } from '../transport/http-exchange.js';
import type { EngineOptions } from './engine-options.js';

/** `Symbol.for`, so that two copies of the package mean the same services. */
function id<Service>(name: string): ServiceIdentifier<Service> {
  return Symbol.for(`tokenkeep.${name}`);
}

/** What a host's container binds, rebinds or asks for. */
export const serviceIds = {
  /** `@inject(serviceIds.engine)`; resolve it once with `getAsync` when the host starts. */
  engine: id<TokenEngine>('engine'),
  options: id<EngineOptions>('options'),
  provider: id<TokenProvider>('provider'),
  store: id<TokenStore>('store'),
  clock: id<Clock>('clock'),
  random: id<Random>('random'),
  exchange: id<HttpExchange>('exchange'),
  escrow: id<Escrow>('escrow'),
  sealer: id<Sealer>('sealer'),
  holder: id<Holder>('holder'),
  parameters: id<Parameters>('parameters'),
  logger: id<Logger>('logger'),
  crashProbe: id<CrashProbe>('crash-probe'),
} as const;
