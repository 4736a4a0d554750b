import { Secret } from '@tokenkeep/core';
import { z } from 'zod';

const text = z.string().min(1, 'must not be empty');
const secret = z
  .custom<string | Secret>(
    (value) => typeof value === 'string' || Secret.is(value),
    'must be a string or a Secret',
  )
  .transform((value) => Secret.of(value))
  .refine((value) => value.length > 0, 'must not be empty');

/** What `tokens.make` asks for. */
export const chatAppCredentials = z.strictObject({
  email: text,
  password: secret,
  /** From the personal cabinet: `app_<user>_<number>`. */
  appId: text,
});

/** What an account is configured with: the password as a string or as a `Secret`. */
export type ChatAppCredentialsInput = z.input<typeof chatAppCredentials>;
export type ChatAppCredentials = z.output<typeof chatAppCredentials>;

/** One budget for all spellings of an e-mail: the vendor may not tell them apart. */
export function loginBudgetKey(credentials: unknown): string {
  const { email, appId } = chatAppCredentials.parse(credentials);
  return JSON.stringify([email.trim().toLowerCase(), appId]);
}
