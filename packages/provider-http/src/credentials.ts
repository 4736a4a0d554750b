import { Secret } from '@tokenkeep/core';
import { z } from 'zod';
import type { Declared } from './declaration-schema.js';

const text = z.string().min(1, 'must not be empty');
const secret = z
  .custom<string | Secret>(
    (value) => typeof value === 'string' || Secret.is(value),
    'must be a string or a Secret',
  )
  .transform((value) => Secret.of(value))
  .refine((value) => value.length > 0, 'must not be empty');

/** By name: what stands for `{credentials.name}`. */
export type HttpCredentials = Readonly<Record<string, string | Secret | undefined>>;

/** The credentials that a declaration names, and no others. */
export function declaredCredentials(
  credentials: Declared['credentials'],
): z.ZodObject<Record<string, z.ZodType<string | Secret | undefined>>> {
  return z.strictObject(
    Object.fromEntries(
      Object.entries(credentials).map(([name, credential]) => {
        const value = credential.secret ? secret : text;
        return [name, credential.optional ? value.optional() : value];
      }),
    ),
  );
}
