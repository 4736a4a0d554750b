import { Secret } from '../token/secret.js';
import { secretsIn } from '../transport/request-body.js';

/**
 * What errors about credentials are cleaned of: the members that are a `Secret`, or every text
 * where a plug-in marks none.
 */
export function secretsOfCredentials(value: unknown): Secret[] {
  const marked = secretsIn(value);
  return marked.length > 0 ? marked : textsIn(value);
}

/** Every text in a value, at any depth. */
export function textsIn(value: unknown): Secret[] {
  if (typeof value === 'string' || Secret.is(value)) return [Secret.of(value)];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(textsIn);
}
