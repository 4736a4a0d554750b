export type { ChatAppCredentials, ChatAppCredentialsInput } from './credentials.js';
export type { ChatAppOptions } from './options.js';
export { chatApp } from './preset.js';
