export type { AuthRefreshCredentials, AuthRefreshCredentialsInput } from './credentials.js';
export type {
  AuthRefreshOptions,
  LifetimeField,
  RefreshTokenArrival,
  RefreshTokenPlace,
} from './options.js';
export { type TeletrackerOptions, teletracker } from './preset.js';
export { authRefresh } from './provider.js';
