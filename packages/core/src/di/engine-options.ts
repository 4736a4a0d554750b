import type { AccountConfig } from '../account/account-config.js';
import type { Clock } from '../clock/clock.js';
import type { Random } from '../clock/random.js';
import type { Escrow } from '../escrow/escrow.js';
import type { Logger } from '../events/log-events.js';
import type { Holder } from '../holder/holder.js';
import type { Parameters } from '../parameters/parameters.js';
import type { Pace } from '../provider/provider-profile.js';
import type { TokenProvider } from '../provider/token-provider.js';
import type { CrashProbe } from '../renewal/crash-points.js';
import type { Keyring } from '../sealing/keyring.js';
import type { Sealer } from '../sealing/sealer.js';
import type { TokenStore } from '../store/token-store.js';
import type { HttpExchange } from '../transport/http-exchange.js';

/** What an engine is made of. The first four are what a service sets; the rest are ports. */
export interface EngineOptions {
  /** Where tokens are kept. Without one they are kept in memory, and lost with the process. */
  readonly store?: TokenStore;
  readonly providers?: readonly TokenProvider[];
  readonly accounts: readonly AccountConfig[];
  /** pino, or anything with `debug`, `info`, `warn` and `error` that takes facts and a message. */
  readonly logger?: Logger;
  /** Keys that seal what is stored, the first one seals. Default: a key file beside the store. */
  readonly keyring?: Keyring;
  /** Allow http to servers on this machine: for tests and sandboxes. */
  readonly allowInsecureLoopback?: boolean;
  /** Durations and caps that differ from `defaultParameters`. */
  readonly parameters?: Partial<Parameters>;
  /** How fast the fleet asks a provider for tokens, by the provider's id. Stronger than its profile. */
  readonly pace?: Readonly<Record<string, Pace>>;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly exchange?: HttpExchange;
  /** In place of `keyring`: seals what is stored by other means, such as a key service. */
  readonly sealer?: Sealer;
  readonly escrow?: Escrow;
  readonly holder?: Holder;
  /** Called at each crash point of a renewal: for tests that kill the process there. */
  readonly crashProbe?: CrashProbe;
}
