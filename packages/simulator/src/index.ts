export { type Disturbance, type Draw, disturbances, drawFrom } from './draw.js';
export { runSeed, type SeedOptions, type SeedRun } from './run-seed.js';
export { type Reached, type Sometimes, sometimes } from './sometimes.js';
