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

/** What a login sends, under the names of `login.fields`. */
export const authRefreshCredentials = z.strictObject({
  username: text,
  password: secret,
  /** Which account, for a user who has several. Left out of the request when absent. */
  accountId: z.union([z.number().int(), text]).optional(),
});

/** What an account is configured with: the password as a string or as a `Secret`. */
export type AuthRefreshCredentialsInput = z.input<typeof authRefreshCredentials>;
export type AuthRefreshCredentials = z.output<typeof authRefreshCredentials>;
