export { type ConfigError, type ConfigProblem, isConfigError } from './config/config-problem.js';
export { type EnginePorts, engineFromConfig } from './config/engine-from-config.js';
export type { ConfigPlace } from './config/find-config.js';
export { loadConfig } from './config/load-config.js';
export type { LoadedConfig } from './config/loaded-config.js';
