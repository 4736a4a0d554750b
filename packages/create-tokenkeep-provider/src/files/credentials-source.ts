import { type ProviderChoices, typeName } from '../provider-choices.js';

export function credentialsSource({ name }: ProviderChoices): string {
  const type = typeName(name);
  return `import { Secret } from '@tokenkeep/core';
import { z } from 'zod';

/** What an account logs in with. It is checked before anything is sent. */
export const credentials = z.strictObject({
  user: z.string().min(1),
  // A secret stays one until it is on the wire: no log or error can show it.
  password: z
    .string()
    .min(1)
    .transform((text) => new Secret(text)),
});

export type ${type}Credentials = z.output<typeof credentials>;
`;
}
