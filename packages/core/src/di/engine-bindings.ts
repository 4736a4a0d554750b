import type { ContainerModuleLoadOptions, ServiceIdentifier } from 'inversify';
import type { Clock } from '../clock/clock.js';
import type { Random } from '../clock/random.js';
import { systemClock } from '../clock/system-clock.js';
import { systemRandom } from '../clock/system-random.js';
import { openEngine } from '../engine/open-engine.js';
import type { Escrow } from '../escrow/escrow.js';
import type { Logger } from '../events/log-events.js';
import type { Holder } from '../holder/holder.js';
import { processHolder } from '../holder/process-holder.js';
import { defaultParameters, type Parameters } from '../parameters/parameters.js';
import type { TokenProvider } from '../provider/token-provider.js';
import type { CrashProbe } from '../renewal/crash-points.js';
import type { Sealer } from '../sealing/sealer.js';
import { memoryStore } from '../store/memory-store.js';
import type { TokenStore } from '../store/token-store.js';
import type { HttpExchange } from '../transport/http-exchange.js';
import { nodeHttpExchange } from '../transport/node-http-exchange.js';
import { checkOptions } from './check-options.js';
import type { EngineOptions } from './engine-options.js';
import { serviceIds as ids } from './service-ids.js';

/**
 * Load callbacks for a host's own container: `new ContainerModule(engineBindings(options))`. Not
 * modules, because module classes of two inversify versions do not type-check against each other.
 */
export type Bindings = (options: ContainerModuleLoadOptions) => void;

/**
 * The engine and its ports. A port the host has bound already stays as it is, which is how a test
 * replaces the clock; otherwise the option is taken, and otherwise the default.
 */
export function engineBindings(options: EngineOptions): Bindings {
  checkOptions(options);
  return (load) => {
    const { bind } = load;
    const port = portBinder(load);
    const { parameters } = options;
    port(ids.options, options);
    port(ids.parameters, { ...defaultParameters, ...parameters });
    port(ids.clock, options.clock, () => bindNew(load, ids.clock, systemClock));
    port(ids.random, options.random, () => bindNew(load, ids.random, systemRandom));
    port(ids.store, options.store, () =>
      bind(ids.store)
        .toResolvedValue((clock: Clock) => memoryStore(clock), [ids.clock])
        .inSingletonScope(),
    );
    port(ids.exchange, options.exchange, () =>
      bind(ids.exchange).toResolvedValue(nodeHttpExchange, [ids.clock]).inSingletonScope(),
    );
    port(ids.holder, options.holder, () =>
      bind(ids.holder).toResolvedValue(processHolder, [ids.random]).inSingletonScope(),
    );
    port(ids.sealer, options.sealer);
    port(ids.escrow, options.escrow);
    port(ids.logger, options.logger);
    port(ids.crashProbe, options.crashProbe);
    for (const provider of options.providers ?? []) bindProvider(provider)(load);
    bindEngine(load);
  };
}

/** One more provider. Providers bound by the host and in the options are all used. */
export function bindProvider(provider: TokenProvider): Bindings {
  return ({ bind }) => void bind(ids.provider).toConstantValue(provider);
}

export function bindStore(store: TokenStore): Bindings {
  return ({ bind }) => void bind(ids.store).toConstantValue(store);
}

function bindEngine({ bind, onDeactivation }: ContainerModuleLoadOptions): void {
  const optional = <Service>(serviceIdentifier: ServiceIdentifier<Service>) =>
    ({ serviceIdentifier, optional: true }) as const;
  bind(ids.engine)
    .toResolvedValue(
      (
        options: EngineOptions,
        parameters: Parameters,
        clock: Clock,
        random: Random,
        store: TokenStore,
        exchange: HttpExchange,
        holder: Holder,
        providers: TokenProvider[] | undefined,
        sealer: Sealer | undefined,
        escrow: Escrow | undefined,
        logger: Logger | undefined,
        crashProbe: CrashProbe | undefined,
      ) =>
        openEngine({
          clock,
          random,
          store,
          exchange,
          holder,
          parameters,
          paces: options.pace ?? {},
          providers: providers ?? [],
          accounts: options.accounts,
          keyring: options.keyring,
          sealer,
          escrow,
          logger,
          crashProbe,
          allowInsecureLoopback: options.allowInsecureLoopback ?? false,
        }),
      [
        ids.options,
        ids.parameters,
        ids.clock,
        ids.random,
        ids.store,
        ids.exchange,
        ids.holder,
        { serviceIdentifier: ids.provider, isMultiple: true, optional: true },
        optional(ids.sealer),
        optional(ids.escrow),
        optional(ids.logger),
        optional(ids.crashProbe),
      ],
    )
    .inSingletonScope();
  // Runs with `container.unbindAllAsync()`: renewals in flight become durable first.
  onDeactivation(ids.engine, (engine) => engine.stop());
}

/** Binding over a host's binding would make both ambiguous: a bound port is left alone. */
function portBinder({ bind, isBound }: ContainerModuleLoadOptions) {
  return <Service>(
    id: ServiceIdentifier<Service>,
    given: Service | undefined,
    otherwise?: () => unknown,
  ): void => {
    if (isBound(id)) return;
    if (given !== undefined) bind(id).toConstantValue(given);
    else otherwise?.();
  };
}

function bindNew<Service>(
  { bind }: ContainerModuleLoadOptions,
  id: ServiceIdentifier<Service>,
  make: () => Service,
): void {
  bind(id).toResolvedValue(make, []).inSingletonScope();
}
