import 'reflect-metadata';

export { type Bindings, bindProvider, bindStore, engineBindings } from './engine-bindings.js';
export type { EngineOptions } from './engine-options.js';
export { serviceIds } from './service-ids.js';
