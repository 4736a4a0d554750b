export type { HttpCredentials } from './credentials.js';
export type * from './declaration.js';
export { providerDeclarationSchema } from './declaration-schema.js';
export { httpProvider } from './provider.js';
