import { Secret, scrub, type TokenProvider } from '@tokenkeep/core';
import type { z } from 'zod';
import { mapTexts } from './config-path.js';
import { type FoundProblem, schemaProblems } from './schema-problems.js';

export type StandardSchema = TokenProvider['credentials'];

export function isStandardSchema(value: unknown): value is StandardSchema {
  return typeof (value as Partial<StandardSchema> | null)?.['~standard']?.validate === 'function';
}

/**
 * What any Standard Schema finds wrong: of zod in words of ours, of another library in its own,
 * cleaned of what it was given. What a schema finds only later is left to the engine.
 */
export function standardProblems(schema: StandardSchema, data: unknown): readonly FoundProblem[] {
  if (isZod(schema)) return schemaProblems(schema, data);
  const result = schema['~standard'].validate(data);
  if (result instanceof Promise || result.issues === undefined) return [];
  const texts = secretsIn(data);
  return result.issues.map(({ path = [], message }) => ({
    path: path.map((part) => (typeof part === 'object' ? part.key : part)).map(nameOrIndex),
    message: 'This value is not accepted.',
    hint: `${scrub(message, texts)}${message.endsWith('.') ? '' : '.'}`,
  }));
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
