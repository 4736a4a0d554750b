export {
  type ChatAppCredentials,
  type ChatAppCredentialsInput,
  chatAppCredentials as chatAppCredentialsSchema,
} from './credentials.js';
export { type ChatAppOptions, chatAppOptionsSchema } from './options.js';
export { chatApp } from './preset.js';
