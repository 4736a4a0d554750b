export {
  type AuthRefreshCredentials,
  type AuthRefreshCredentialsInput,
  authRefreshCredentials as authRefreshCredentialsSchema,
} from './credentials.js';
export {
  type AuthRefreshOptions,
  authRefreshOptionsSchema,
  type LifetimeField,
  type RefreshTokenArrival,
  type RefreshTokenPlace,
} from './options.js';
export { type TeletrackerOptions, teletracker } from './preset.js';
export { authRefresh } from './provider.js';
