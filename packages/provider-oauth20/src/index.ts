export {
  anyCredentials as oauth20CredentialsSchema,
  type OAuth20Credentials,
  type OAuth20CredentialsInput,
} from './credentials.js';
export { type OAuth20Options, oauth20OptionsSchema } from './options.js';
export { type DigitalRiverOptions, digitalRiver } from './preset.js';
export { oauth20 } from './provider.js';
