import { types } from 'node:util';
import { Secret } from '@tokenkeep/core';
import { refuseMaskIn } from './masked-secret.js';

export interface RequestBody {
  /** `body`, and what fetch wants to know about it. */
  readonly init: RequestInit;
  readonly replayable: boolean;
}

/** A copy of what can be sent again; a stream as it is. */
export function bodyOf(body: RequestInit['body']): RequestBody {
  if (body === null || body === undefined) return { init: {}, replayable: true };
  if (isStream(body)) return { init: { body, duplex: 'half' }, replayable: false };
  return { init: { body: copyOf(body) }, replayable: true };
}

/** The body of a `Request` can be read once, and is a stream to the outside whatever it was. */
export async function bytesOf(request: Request): Promise<RequestBody> {
  const bytes = Buffer.from(await request.arrayBuffer());
  refuseMaskIn([bytes], 'body');
  return { init: { body: bytes }, replayable: true };
}

/** The texts in a body, names of form fields included. Bytes are not looked into. */
export function textsOf(body: RequestInit['body']): string[] {
  if (typeof body === 'string' || Secret.is(body)) return [String(body)];
  if (body instanceof URLSearchParams || body instanceof FormData) {
    return [...body].flat().filter((part) => typeof part === 'string');
  }
  return [];
}

function copyOf(body: NonNullable<RequestInit['body']>): NonNullable<RequestInit['body']> {
  if (body instanceof URLSearchParams) return new URLSearchParams(body);
  if (body instanceof FormData) {
    const copy = new FormData();
    for (const [name, value] of body) copy.append(name, value);
    return copy;
  }
  if (ArrayBuffer.isView(body)) {
    return new Uint8Array(body.buffer, body.byteOffset, body.byteLength).slice();
  }
  return types.isAnyArrayBuffer(body) ? new Uint8Array(body).slice() : body;
}

/** Streams of the web and of Node, and anything else that is iterated asynchronously. */
function isStream(body: NonNullable<RequestInit['body']>): body is ReadableStream {
  return typeof body === 'object' && (Symbol.asyncIterator in body || 'getReader' in body);
}
