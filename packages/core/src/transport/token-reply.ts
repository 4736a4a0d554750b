import { TokenError } from '../errors/token-error.js';
import { isJsonObject, type JsonObject, type TokenReply } from '../provider/provider-call.js';
import type { ExchangeReply } from './http-exchange.js';
import { parseJson } from './parse-json.js';
import { parseHttpDate, parseRetryAfter } from './retry-after.js';

/** A wire reply as providers read it. */
export function tokenReply(reply: ExchangeReply): TokenReply {
  const header = (name: string) => reply.headers[name.toLowerCase()]?.[0];
  const text = () => new TextDecoder().decode(reply.body);
  const date = parseHttpDate(header('date'));
  return {
    status: reply.status,
    ok: reply.status >= 200 && reply.status < 300,
    header,
    date,
    retryAfterMs: parseRetryAfter(reply.headers['retry-after'] ?? [], date),
    text,
    jsonIfAny: () => {
      try {
        return readObject(text());
      } catch {
        return undefined;
      }
    },
    json: () => {
      try {
        return readObject(text());
      } catch (error) {
        throw notJson(reply, error instanceof SyntaxError ? error.message : 'not JSON');
      }
    },
  };
}

function readObject(text: string): JsonObject {
  const value = parseJson(text);
  if (!isJsonObject(value)) throw new SyntaxError('JSON, but not an object');
  return value;
}

function notJson(reply: ExchangeReply, problem: string): TokenError {
  const type = reply.headers['content-type']?.[0] ?? 'no content type';
  return new TokenError(
    'PROVIDER_PROTOCOL',
    `The authorization server's reply is unusable: ${problem} ` +
      `(HTTP ${reply.status}, ${type}, ${reply.body.length} bytes).`,
    { retryable: true, reason: 'not_json', status: reply.status },
  );
}
