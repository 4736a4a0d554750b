export type { FleetFigures, Lateness, LoopFigures } from './fleet/figures.js';
export type { FleetOptions } from './fleet/fleet-options.js';
export { fleetReport } from './fleet/report.js';
export { runFleet } from './fleet/run-fleet.js';
