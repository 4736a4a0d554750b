import type { AccountConfig } from '../account/account-config.js';
import type { Clock } from '../clock/clock.js';
import { ElapsedTime } from '../clock/elapsed-time.js';
import type { Random } from '../clock/random.js';
import { type Escrow, noEscrow } from '../escrow/escrow.js';
import { escrowFolderOf } from '../escrow/escrow-folder.js';
import { fileEscrow } from '../escrow/file-escrow.js';
import { EventHub } from '../events/event-hub.js';
import { type Logger, logEvents } from '../events/log-events.js';
import type { Holder } from '../holder/holder.js';
import { checkParameters } from '../parameters/check-parameters.js';
import type { Parameters } from '../parameters/parameters.js';
import { AccountRegistry } from '../provider/account-registry.js';
import { checkPaces } from '../provider/check-pace.js';
import { singleUse } from '../provider/provider-profile.js';
import type { TokenProvider } from '../provider/token-provider.js';
import { BudgetRows } from '../renewal/budget-rows.js';
import { Committer } from '../renewal/commit.js';
import type { CrashProbe } from '../renewal/crash-points.js';
import { CredentialsSource } from '../renewal/credentials-source.js';
import { checkKeysFit, checkStoreFits } from '../renewal/fit-store.js';
import { HostBreakers } from '../renewal/host-breakers.js';
import { HostOutages } from '../renewal/host-outages.js';
import { IncidentRows } from '../renewal/incident-rows.js';
import { Keepers, keptUpstreams } from '../renewal/keepers.js';
import { LeaseWatch } from '../renewal/lease-watch.js';
import { PaceRows, type Paces } from '../renewal/pace-rows.js';
import type { RenewalServices } from '../renewal/renewal-services.js';
import { RenewalTransaction } from '../renewal/renewal-transaction.js';
import { Revocation } from '../renewal/revocation.js';
import { Scheduler } from '../schedule/scheduler.js';
import { keyringFromFile } from '../sealing/key-file.js';
import { type Keyring, keyringSealer } from '../sealing/keyring.js';
import type { Sealer } from '../sealing/sealer.js';
import { SealedTokens } from '../store/sealed-tokens.js';
import { SharedAccounts } from '../store/shared-accounts.js';
import type { StoreTraits, TokenStore } from '../store/token-store.js';
import { WatchedStore } from '../store/watched-store.js';
import type { HttpExchange } from '../transport/http-exchange.js';
import { Engine } from './engine.js';
import type { TokenEngine } from './token-engine.js';

/** A fleet may have thousands. */
const MOST_NAMED = 5;

/** The ports an engine stands on. */
export interface EngineParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly store: TokenStore;
  readonly exchange: HttpExchange;
  readonly holder: Holder;
  readonly parameters: Parameters;
  readonly paces: Paces;
  readonly providers: readonly TokenProvider[];
  readonly accounts: readonly AccountConfig[];
  readonly keyring: Keyring | undefined;
  readonly sealer: Sealer | undefined;
  readonly escrow: Escrow | undefined;
  readonly logger: Logger | undefined;
  readonly crashProbe: CrashProbe | undefined;
  readonly allowInsecureLoopback: boolean;
}

/** Puts the engine together over its ports and opens it. */
export async function openEngine(parts: EngineParts): Promise<TokenEngine> {
  const { clock } = parts;
  checkParameters(parts.parameters);
  const registry = new AccountRegistry(parts.providers, parts.accounts);
  checkPaces(
    parts.paces,
    parts.providers.map(({ id }) => id),
  );
  const elapsed = new ElapsedTime(clock);
  const events = new EventHub(clock);
  if (parts.logger !== undefined) logEvents(events, parts.logger);
  const store = new WatchedStore(parts.store, elapsed, events);
  // Opened before a key or an escrow file is made beside it: it checks the folder.
  await store.open();
  try {
    checkStoreFits(store.traits, parts.providers);
    return await assemble(parts, { registry, elapsed, events, store });
  } catch (error) {
    await store.close();
    elapsed[Symbol.dispose]();
    throw error;
  }
}

interface OpenParts {
  readonly registry: AccountRegistry;
  readonly elapsed: ElapsedTime;
  readonly events: EventHub;
  readonly store: WatchedStore;
}

async function assemble(parts: EngineParts, open: OpenParts): Promise<TokenEngine> {
  const { clock, random, holder, parameters, exchange } = parts;
  const { registry, elapsed, events, store } = open;
  const identity = await store.identity();
  const sealer = parts.sealer ?? (await defaultSealer(store, parts.keyring, identity, random));
  const keeper = (id: string) => keepers.of(registry.find(id));
  const upstreams = keptUpstreams(store, keeper);
  const services: RenewalServices = {
    clock,
    elapsed,
    random,
    parameters,
    store,
    sealer,
    tokens: new SealedTokens(sealer),
    escrow: parts.escrow ?? defaultEscrow(store.traits, identity, holder),
    exchange,
    events,
    holder,
    leases: new LeaseWatch(elapsed, holder, parameters.leaseMs),
    breakers: new HostBreakers({
      parameters,
      events,
      elapsed,
      outages: new HostOutages(store, parameters),
    }),
    budgets: new BudgetRows(store, parameters),
    incidents: new IncidentRows({ store, elapsed, events, parameters, registry }),
    paces: new PaceRows({ store, random, parameters }, parts.paces, holder.id),
    credentials: new CredentialsSource(registry, upstreams, clock, parameters.flightMs),
    registry,
    upstreams,
    allowInsecureLoopback: parts.allowInsecureLoopback,
    unsent: new Set(),
    probe: parts.crashProbe ?? (() => {}),
  };
  const committer = new Committer(services);
  const transaction = new RenewalTransaction(services, committer);
  const keepers = new Keepers(services, transaction, committer);
  const revocation = new Revocation(services);
  const shared = new SharedAccounts(services, (account) => keepers.forget(account));
  const scheduler = new Scheduler(services, keepers, revocation, shared);
  const engine = new Engine(services, keepers, committer, revocation, scheduler, shared);
  try {
    await engine.open();
    warnOfTraps(engine, store.traits, registry);
  } catch (error) {
    await engine.stop();
    throw error;
  }
  return engine;
}

/** With neither a keyring nor a place for a key file, nothing outlives the process anyway. */
async function defaultSealer(
  store: TokenStore,
  keyring: Keyring | undefined,
  identity: string,
  random: Random,
): Promise<Sealer> {
  if (keyring !== undefined) return keyringSealer(keyring, identity, random);
  const { keyFile, location } = store.traits;
  checkKeysFit(store.traits);
  if (keyFile === undefined) {
    return keyringSealer([{ id: 'ephemeral', bytes: random.bytes(32) }], identity, random);
  }
  // Listed before the key is looked for: whoever wrote a row had made the key by then.
  const [sealed] = [
    ...(await store.list('account', undefined, 1)),
    ...(await store.list('configuration', undefined, 1)),
  ];
  const keys = keyringFromFile(keyFile, random, sealed === undefined ? undefined : location);
  return keyringSealer(keys, identity, random);
}

function defaultEscrow(traits: StoreTraits, identity: string, holder: Holder): Escrow {
  const folder = escrowFolderOf(traits, identity);
  return folder === undefined ? noEscrow : fileEscrow(folder, holder);
}

function warnOfTraps(engine: Engine, traits: StoreTraits, registry: AccountRegistry): void {
  if (engine.duplicates.length > 0) {
    engine.warn(
      'TOKENKEEP_DUPLICATE_ENGINE',
      `Two engines of this process keep ${someOf(engine.duplicates)}. Make one engine and ` +
        'share it; bind it as a singleton.',
    );
  }
  const { weaknesses = [] } = traits;
  if (weaknesses.length > 0) engine.warn('TOKENKEEP_NOT_DURABLE', weaknesses.join(' '));
  const fragile = registry
    .all()
    .filter(({ provider: { profile } }) => singleUse(profile) || profile.budgets.length > 0);
  if (traits.durable || fragile.length === 0) return;
  engine.warn(
    'TOKENKEEP_EPHEMERAL_STORE',
    `The ${traits.name} store forgets everything at exit, and ${fragile[0]?.id} cannot afford ` +
      'that: each restart costs a login. Use a durable store, such as sqliteStore({ path }).',
  );
}

function someOf(names: readonly string[]): string {
  const [shown, more] = [names.slice(0, MOST_NAMED), names.length - MOST_NAMED];
  return more > 0 ? `${shown.join(', ')} and ${more} more accounts` : shown.join(', ');
}
