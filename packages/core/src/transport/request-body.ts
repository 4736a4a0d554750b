import type { TokenRequest } from '../provider/provider-call.js';
import { Secret } from '../token/secret.js';

export interface WireBody {
  readonly contentType: string;
  readonly text: string;
}

/** The body with its secrets in the clear: made as late as possible, kept by nobody. */
export function requestBody(request: TokenRequest): WireBody | undefined {
  if (request.json !== undefined) {
    return { contentType: 'application/json', text: JSON.stringify(revealed(request.json)) };
  }
  if (request.form === undefined) return undefined;
  const fields = Object.entries(request.form)
    .filter((field): field is [string, string | Secret] => field[1] !== undefined)
    .map(([name, value]): [string, string] => [name, Secret.of(value).reveal()]);
  return {
    contentType: 'application/x-www-form-urlencoded',
    text: new URLSearchParams(fields).toString(),
  };
}

function revealed(value: unknown): unknown {
  if (Secret.is(value)) return value.reveal();
  if (Array.isArray(value)) return value.map(revealed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, revealed(member)]),
  );
}

/** Every secret inside a request, for cleaning what the server says back. */
export function secretsIn(value: unknown): Secret[] {
  if (Secret.is(value)) return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(secretsIn);
}
