import { gzipSync } from 'node:zlib';
import { type JsonObject, jsonReply, type Reply, textReply } from '../reply.js';
import type { ServerRequest } from '../server-request.js';
import type { Fault } from './fault.js';
import type { FaultExchange } from './fault-exchange.js';

export interface StatusOptions {
  readonly headers?: Reply['headers'];
  readonly body?: string | Uint8Array;
  readonly contentType?: string;
}

/** Replies with this status and body (default: an empty JSON object). Not processed. */
export function status(code: number, options: StatusOptions = {}): Fault {
  const { headers = {}, body = '{}', contentType = 'application/json' } = options;
  return answer(`status ${code}`, textReply(code, body, contentType, headers));
}

/** A value of `Retry-After`, or what makes one from the server's clock (ms since 1970). */
export type RetryAfter = string | number | ((shownNow: number) => string);

/** Replies with this status and one `Retry-After` line for each value. Not processed. */
export function retryAfter(code: number, ...values: readonly RetryAfter[]): Fault {
  return {
    name: `status ${code} with Retry-After`,
    processes: false,
    status: code,
    deliver(exchange) {
      const lines = values.map((value) =>
        typeof value === 'function' ? value(exchange.shownNow()) : String(value),
      );
      return exchange.send(jsonReply(code, {}, { 'retry-after': lines }));
    },
  };
}

/** A captive portal: a page of HTML of about so many bytes. Not processed. */
export function html(bytes = 2048, code = 200): Fault {
  const page = `<!doctype html><title>Sign in</title>${'<p>Please sign in.</p>'.repeat(
    Math.max(1, Math.ceil((bytes - 37) / 22)),
  )}`;
  return answer('html', textReply(code, page, 'text/html; charset=utf-8'));
}

/** A reply without a body. Not processed. */
export function empty(code = 200): Fault {
  return answer(`empty ${code}`, { status: code, headers: {}, body: Buffer.alloc(0) });
}

/** These bytes as the body, called JSON. Not processed. */
export function rawBody(body: string | Uint8Array, code = 200): Fault {
  return answer('raw body', textReply(code, body, 'application/json'));
}

/** This value as JSON. Not processed. */
export function json(value: unknown, code = 200): Fault {
  return answer('json', jsonReply(code, value));
}

/** A redirect. Not processed. */
export function redirect(code: number, location: string): Fault {
  return answer(`redirect ${code}`, jsonReply(code, {}, { location }));
}

/** Processed; the JSON of a successful reply is changed on its way out. Refusals stay as they are. */
export function mutate(change: (body: JsonObject) => unknown): Fault {
  return rewrite('mutated body', (text) => JSON.stringify(change(JSON.parse(text) as JsonObject)));
}

/** Processed; the text of a successful reply is changed on its way out. */
export function mutateText(change: (text: string) => string): Fault {
  return rewrite('mutated text', change);
}

/** Processed; in a successful reply the named member comes twice, first with another value. */
export function duplicateKeys(name: string, value: unknown = 'duplicate'): Fault {
  const member = `${JSON.stringify(name)}:`;
  return rewrite('duplicate keys', (text) =>
    text.replace(member, () => `${member}${JSON.stringify(value)},${member}`),
  );
}

/** Refuses, and repeats every secret of the request in the text, a header and a page. */
export function echoSecrets(code = 400): Fault {
  return {
    name: 'echoed secrets',
    processes: false,
    status: code,
    deliver(exchange) {
      const echo = secretsOf(exchange.request);
      const description = `cannot accept ${echo}`;
      const errors = [{ code: 'invalid_request', description }];
      const body = { success: false, error: 'invalid_request', message: description, errors };
      const value = { ...body, error_description: description };
      return exchange.send(jsonReply(code, value, { 'x-echo': headerSafe(echo) }));
    },
  };
}

/** Processed; the body is gzipped this many times, and says so. */
export function manyEncodings(layers = 6): Fault {
  return {
    name: `${layers} encodings`,
    processes: true,
    deliver(exchange) {
      const { status: code, headers, body } = exchange.honestReply();
      let wrapped = body;
      for (let layer = 0; layer < layers; layer += 1) wrapped = gzipSync(wrapped);
      const encoding = Array.from({ length: layers }, () => 'gzip').join(', ');
      const encoded = { ...headers, 'content-encoding': encoding };
      return exchange.send({ status: code, headers: encoded, body: wrapped });
    },
  };
}

function answer(name: string, reply: Reply): Fault {
  return {
    name,
    processes: false,
    status: reply.status,
    deliver: (exchange) => exchange.send(reply),
  };
}

function rewrite(name: string, change: (text: string) => string): Fault {
  return {
    name,
    processes: true,
    deliver(exchange: FaultExchange) {
      const reply = exchange.honestReply();
      if (reply.status >= 300 || reply.body.length === 0) return exchange.send(reply);
      return exchange.send({ ...reply, body: Buffer.from(change(reply.body.toString('utf8'))) });
    },
  };
}

function secretsOf(request: ServerRequest): string {
  const carriers = ['authorization', 'refresh', 'cookie', 'x-api-key'];
  const headers = carriers.flatMap((name) => request.headers[name] ?? []);
  const query = request.query.toString();
  return [...headers, query, request.body.toString('utf8')].filter(Boolean).join(' ');
}

function headerSafe(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 4096);
}
