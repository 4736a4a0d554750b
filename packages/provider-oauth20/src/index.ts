export type { OAuth20Credentials, OAuth20CredentialsInput } from './credentials.js';
export type { OAuth20Options } from './options.js';
export { type DigitalRiverOptions, digitalRiver } from './preset.js';
export { oauth20 } from './provider.js';
