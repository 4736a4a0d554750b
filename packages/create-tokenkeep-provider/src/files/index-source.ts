import { functionName, type ProviderChoices, typeName } from '../provider-choices.js';

export function indexSource({ name }: ProviderChoices): string {
  const [factory, type] = [functionName(name), typeName(name)];
  return `export type { ${type}Credentials } from './credentials.js';
export { type ${type}Options, optionsSchema } from './options.js';
export { ${factory}, ${factory} as default } from './provider.js';

/** Of options and credentials: tokenkeep warns where one stands in a config as it is. */
export const secrets = ['password'];
`;
}
