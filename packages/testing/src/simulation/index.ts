export { type HostClocks, SimHost } from './host/sim-host.js';
export { ProcessDied, SimProcess } from './host/sim-process.js';
export { invariants } from './invariants/index.js';
export { trueRefusals } from './invariants/true-refusals.js';
export { Dice } from './kernel/dice.js';
export type { TraceLine } from './kernel/trace.js';
export { everyNetworkFault, type NetworkFault, networkFaults } from './network/network-fault.js';
export type {
  AnyAuthority,
  NetworkWatcher,
  ScriptedTrouble,
  Send,
  SimServer,
} from './network/send.js';
export { SimNetwork } from './network/sim-network.js';
export { Service, type ServiceOptions } from './service.js';
export { type SimulatedRun, type SimulateOptions, simulate } from './simulate.js';
export { Simulation, type SimulationOptions, type Violation } from './simulation.js';
export { SimStore, type SimStoreOptions } from './store/sim-store.js';
export type { StoreFaults } from './store/store-faults.js';
export type { SimulatedServer } from './story/simulated-server.js';
export type { SimulatedService } from './story/simulated-service.js';
export type { SimulatedStore } from './story/simulated-store.js';
export type { SimulatedWorld } from './story/simulated-world.js';
export type { Span, SpanParts } from './story/span.js';
export type { FailedCall, SteadyCalls } from './story/steady-calls.js';
export type { Asking, EventFacts, Watcher } from './watcher.js';
