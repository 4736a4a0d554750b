export type { ProviderChoices, RefreshTokenKind } from './provider-choices.js';
export { providerPackage } from './provider-package.js';
