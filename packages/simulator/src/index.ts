export { type Disturbance, type Draw, disturbances, drawFrom } from './draw.js';
export { type DrawRun, runDraw, runSeed } from './run-draw.js';
export { type Reached, type Sometimes, sometimes } from './sometimes.js';
