import { Secret, scrub, type TokenProvider } from '@tokenkeep/core';
import type { z } from 'zod';
import { atOnce } from './at-once.js';
import { mapTexts } from './config-path.js';
import { type FoundProblem, schemaProblems } from './schema-problems.js';

export type StandardSchema = TokenProvider['credentials'];

export function isStandardSchema(value: unknown): value is StandardSchema {
  return typeof (value as Partial<StandardSchema> | null)?.['~standard']?.validate === 'function';
}

/**
 * What any Standard Schema finds wrong: of zod in words of ours, of another library in its own,
 * cleaned of what it was given.
 */
export function standardProblems(schema: StandardSchema, data: unknown): readonly FoundProblem[] {
  if (isZod(schema)) return zodProblems(schema, data);
  const result = atOnce(schema['~standard'].validate(data));
  if (result === undefined) return [answersLater];
  if (result.issues === undefined) return [];
  const texts = secretsIn(data);
  return result.issues.map(({ path = [], message }) => ({
    path: path.map((part) => (typeof part === 'object' ? part.key : part)).map(nameOrIndex),
    message: 'This value is not accepted.',
    hint: `${scrub(message, texts)}${message.endsWith('.') ? '' : '.'}`,
  }));
}

const answersLater: FoundProblem = {
  path: [],
  message: 'The schema for this answers later.',
  hint: 'Its author has to make it answer at once: schemas of plug-ins are not waited for.',
};

function zodProblems(schema: z.ZodType, data: unknown): readonly FoundProblem[] {
  try {
    return schemaProblems(schema, data);
  } catch (thrown) {
    // Of whichever copy of zod.
    if ((thrown as Error | null)?.constructor?.name === '$ZodAsyncError') return [answersLater];
    throw thrown;
  }
}

/** Every text in it, to clean words of. */
export function secretsIn(data: unknown): readonly Secret[] {
  const found: Secret[] = [];
  mapTexts(data, (text) => found.push(new Secret(text)));
  return found;
}

/** zod 4, whichever copy of it: only those have words of ours. */
function isZod(schema: StandardSchema): schema is StandardSchema & z.ZodType {
  const { _zod, safeParse } = schema as Partial<z.ZodType>;
  return _zod !== undefined && typeof safeParse === 'function';
}

function nameOrIndex(part: PropertyKey): string | number {
  return typeof part === 'number' ? part : String(part);
}
