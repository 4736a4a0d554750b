export { instrumentNames } from './instruments.js';
export { type MeasureOptions, measureEngine } from './measure-engine.js';
