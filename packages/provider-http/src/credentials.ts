import { Secret } from '@tokenkeep/core';
import { custom, strictObject, string, type z } from 'zod';
import type { Declared } from './declaration-schema.js';
import { mapMembers } from './map-members.js';

const text = string().min(1, 'must not be empty');
const secret = custom<string | Secret>(
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
  return strictObject(
    mapMembers(credentials, (credential) => {
      const value = credential.secret ? secret : text;
      return credential.optional ? value.optional() : value;
    }),
  );
}
