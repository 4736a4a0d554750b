import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { JsonObject } from './reply.js';
import type { Operation } from './request-log.js';

/** A request as a scripted server sees it: read to its end. */
export interface ServerRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Counts the connections the server accepted, from 1. */
  readonly connection: number;
}

/** What a fault's predicate may look at: the request and what the server knows about it. */
export interface IdentifiedRequest extends ServerRequest {
  readonly operation: Operation;
  readonly accountId?: string;
}

const maxBodyBytes = 4 * 1024 * 1024;

/** @throws Error when the client leaves before the end, or sends more than 4 MiB. */
export async function readRequest(
  message: IncomingMessage,
  connection: number,
): Promise<ServerRequest> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of message) {
    const bytes = Buffer.from(chunk as Uint8Array);
    length += bytes.length;
    if (length > maxBodyBytes) throw new Error('request body too large for a scripted server');
    chunks.push(bytes);
  }
  const url = new URL(message.url ?? '/', 'http://server.invalid');
  return {
    method: message.method ?? 'GET',
    path: url.pathname,
    query: url.searchParams,
    headers: message.headers,
    body: Buffer.concat(chunks),
    connection,
  };
}

/** The body as a JSON object; undefined when it is anything else. */
export function jsonBody(request: ServerRequest): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(request.body.toString('utf8'));
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}

/** A header that must come at most once, as text; undefined when absent. */
export function header(request: ServerRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}

/** The token of an `Authorization: Bearer` header, whatever the case of the scheme. */
export function bearer(request: ServerRequest): string | undefined {
  return /^bearer (.+)$/i.exec(header(request, 'authorization') ?? '')?.[1];
}
