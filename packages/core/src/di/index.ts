import 'reflect-metadata';

export { bindProvider, bindStore, engineBindings, type Bindings } from './engine-bindings.js';
export type { EngineOptions } from './engine-options.js';
export { serviceIds } from './service-ids.js';
