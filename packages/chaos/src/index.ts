export { type ChaosPlan, type ChaosResult, chaosRun } from './chaos-run.js';
export { type Disturbance, disturbancesOf } from './nemesis.js';
export { type StoreName, storeMissing, storeNames } from './store-place.js';
