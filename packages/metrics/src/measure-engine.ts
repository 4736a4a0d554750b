import { type BatchObservableResult, type Meter, metrics } from '@opentelemetry/api';
import type { EventName, TokenEngine, TokenEvents } from '@tokenkeep/core';
import { type Instruments, makeInstruments } from './instruments.js';

export interface MeasureOptions {
  /** Default: the meter `tokenkeep` of the process's own meter provider. */
  readonly meter?: Meter;
}

/**
 * Measures an engine through its events and its health, until what is returned is disposed.
 *
 * ```ts
 * using measured = measureEngine(engine);
 * ```
 *
 * Names follow OpenTelemetry's: dotted, durations in seconds. Attributes are `provider`, and words
 * of short, closed lists: never an account, a URL or a message.
 */
export function measureEngine(engine: TokenEngine, options: MeasureOptions = {}): Disposable {
  const meter = meterOf(options);
  const made = makeInstruments(meter);
  const listening = countersOf(made).map(([name, listen]) => engine.on(name, listen as never));
  const gauges = [made.accounts, made.overdue, made.storeReachable, made.breakers, made.incidents];
  const observe = (result: BatchObservableResult) => observeHealth(result, made, engine);
  meter.addBatchObservableCallback(observe, gauges);
  return {
    [Symbol.dispose]: () => {
      for (const each of listening) each[Symbol.dispose]();
      meter.removeBatchObservableCallback(observe, gauges);
    },
  };
}

/** @throws TypeError for what is no option, or no meter: it would measure nothing, and say nothing */
function meterOf({ meter, ...unknown }: MeasureOptions): Meter {
  const [name] = Object.keys(unknown);
  if (name !== undefined) throw new TypeError(`measureEngine has no option "${name}", only meter`);
  if (meter === undefined) return metrics.getMeter('tokenkeep');
  if (typeof meter.createCounter === 'function') return meter;
  throw new TypeError('measureEngine: meter is what provider.getMeter(name) returns');
}

type Counter<Name extends EventName = EventName> = readonly [
  name: Name,
  listen: (event: TokenEvents[Name]) => void,
];

function countersOf(made: Instruments): Counter[] {
  const on = <Name extends EventName>(name: Name, listen: Counter<Name>[1]) =>
    [name, listen] as unknown as Counter;
  const renewed = (operation: 'refresh' | 'obtain') => (event: TokenEvents['token:renewed']) => {
    const { provider, tookMs, durableMs, leftMs } = event;
    made.renewals.add(1, { provider, operation, outcome: 'renewed' });
    made.renewalDuration.record(tookMs / 1_000, { provider, operation, outcome: 'renewed' });
    made.durable.record(durableMs / 1_000, { provider });
    // A first token replaces none: nothing was left of nothing.
    if (event.generation > 1) made.headroom.record(leftMs / 1_000, { provider });
  };
  return [
    on('token:renewed', renewed('refresh')),
    on('token:obtained', renewed('obtain')),
    on('renewal:failed', ({ provider, operation, error, tookMs }) => {
      const attributes = { provider, operation, outcome: error.code.toLowerCase() };
      made.renewals.add(1, attributes);
      made.renewalDuration.record(tookMs / 1_000, attributes);
    }),
    on('renewal:in_doubt', ({ provider }) => made.doubts.add(1, { provider })),
    on('guard:tripped', ({ provider, reason }) => made.refusals.add(1, { provider, reason })),
    on('budget:exhausted', ({ provider }) => made.refusals.add(1, { provider, reason: 'budget' })),
    on('token:refused', ({ provider }) => made.refusedTokens.add(1, { provider })),
    on('account:reauthorization_required', ({ provider, reason }) =>
      made.persons.add(1, { provider, reason }),
    ),
    on('anomaly:detected', ({ provider, kind }) => made.anomalies.add(1, { provider, kind })),
    on('escrow:written', ({ provider }) => made.escrow.add(1, { provider, step: 'written' })),
    on('escrow:replayed', ({ provider }) => made.escrow.add(1, { provider, step: 'replayed' })),
    on('escrow:discarded', ({ provider }) => made.escrow.add(1, { provider, step: 'discarded' })),
    on('claim:taken_over', ({ provider }) => made.takeovers.add(1, { provider })),
    on('store:recovered', ({ outageMs }) => made.storeOutage.record(outageMs / 1_000)),
  ];
}

function observeHealth(result: BatchObservableResult, made: Instruments, engine: TokenEngine) {
  const { accounts, store, breakers, incidents, schedule } = engine.health();
  result.observe(made.accounts, accounts.known, { state: 'known' });
  result.observe(made.accounts, accounts.withToken, { state: 'with_token' });
  result.observe(made.accounts, accounts.inDoubt, { state: 'in_doubt' });
  result.observe(made.accounts, accounts.needPerson, { state: 'need_person' });
  result.observe(made.overdue, schedule.overdueMs / 1_000);
  result.observe(made.storeReachable, store.reachable ? 1 : 0);
  result.observe(made.breakers, breakers.filter(({ state }) => state !== 'closed').length);
  for (const { provider } of incidents) result.observe(made.incidents, 1, { provider });
}
