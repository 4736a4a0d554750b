export type { ClientAuthenticationMethod } from './client/client-members.js';
export {
  anyCredentials as oauth2CredentialsSchema,
  type OAuth2Credentials,
  type OAuth2CredentialsInput,
} from './credentials.js';
export { type OAuth2Options, oauth2OptionsSchema } from './options.js';
export { oauth2 } from './provider.js';
