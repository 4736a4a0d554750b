import { type ProviderChoices, typeName } from '../provider-choices.js';

export function optionsSource({ name, baseUrl }: ProviderChoices): string {
  return `import { z } from 'zod';

/** What a config may say beside "use". It is checked there, and what is misspelt is told. */
export const optionsSchema = z.strictObject({
  /** Default \`${baseUrl}\`. */
  baseUrl: z
    .url({ protocol: /^https?$/, error: 'write it like https://host/path' })
    .regex(/[^/]$/, 'take the slash at its end away')
    .optional(),
});

export interface ${typeName(name)}Options extends z.output<typeof optionsSchema> {
  /** A part of every stored token: it never changes. A config gives the provider's name. */
  readonly id?: string | undefined;
}
`;
}
