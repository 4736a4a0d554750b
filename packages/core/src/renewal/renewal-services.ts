import type { Clock } from '../clock/clock.js';
import type { ElapsedTime } from '../clock/elapsed-time.js';
import type { Random } from '../clock/random.js';
import type { Escrow } from '../escrow/escrow.js';
import type { EventHub } from '../events/event-hub.js';
import type { Holder } from '../holder/holder.js';
import type { Parameters } from '../parameters/parameters.js';
import type { AccountRegistry } from '../provider/account-registry.js';
import type { Sealer } from '../sealing/sealer.js';
import type { SealedTokens } from '../store/sealed-tokens.js';
import type { WatchedStore } from '../store/watched-store.js';
import type { HttpExchange } from '../transport/http-exchange.js';
import type { BudgetRows } from './budget-rows.js';
import type { CrashProbe } from './crash-points.js';
import type { CredentialsSource } from './credentials-source.js';
import type { HostBreakers } from './host-breakers.js';
import type { IncidentRows } from './incident-rows.js';
import type { LeaseWatch } from './lease-watch.js';
import type { PaceRows } from './pace-rows.js';
import type { Upstreams } from './upstreams.js';

/** What a renewal is made of. Composed once per engine. */
export interface RenewalServices {
  readonly clock: Clock;
  readonly elapsed: ElapsedTime;
  readonly random: Random;
  readonly parameters: Parameters;
  readonly store: WatchedStore;
  readonly sealer: Sealer;
  readonly tokens: SealedTokens;
  readonly escrow: Escrow;
  readonly exchange: HttpExchange;
  readonly events: EventHub;
  readonly holder: Holder;
  readonly leases: LeaseWatch;
  readonly breakers: HostBreakers;
  readonly budgets: BudgetRows;
  readonly incidents: IncidentRows;
  readonly paces: PaceRows;
  readonly credentials: CredentialsSource;
  readonly registry: AccountRegistry;
  readonly upstreams: Upstreams;
  readonly allowInsecureLoopback: boolean;
  /** Attempts whose intent may stand in the store although nothing of them was sent. */
  readonly unsent: Set<string>;
  readonly probe: CrashProbe;
}
