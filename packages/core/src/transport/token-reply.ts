import { TokenError } from '../errors/token-error.js';
import { isJsonObject, type JsonObject, type TokenReply } from '../provider/provider-call.js';
import type { ExchangeReply } from './http-exchange.js';
import { parseJson } from './parse-json.js';
import { parseHttpDate, parseRetryAfter } from './retry-after.js';

/** A wire reply as providers read it. */
export function tokenReply(reply: ExchangeReply): TokenReply {
  const header = (name: string) => reply.headers[name.toLowerCase()]?.[0];
  const text = () => new TextDecoder().decode(reply.body);
  const ok = reply.status >= 200 && reply.status < 300;
  const date = parseHttpDate(header('date'));
  return {
    status: reply.status,
    ok,
    header,
    date,
    retryAfterMs: parseRetryAfter(reply.headers['retry-after'] ?? [], date),
    text: () => {
      if (ok && !saysItsLength(reply)) throw endless(reply);
      return text();
    },
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

/** A body that ends with the connection may be cut anywhere; only JSON shows that it was. */
function saysItsLength({ headers }: ExchangeReply): boolean {
  return headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
}

function endless({ status }: ExchangeReply): TokenError {
  return new TokenError(
    'PROVIDER_PROTOCOL',
    "The authorization server's reply does not say how long it is, so a part of it may be " +
      `missing (HTTP ${status}).`,
    { retryable: true, reason: 'truncated', status },
  );
}

function notJson(reply: ExchangeReply, problem: string): TokenError {
  const type = reply.headers['content-type']?.[0] ?? 'no content type';
  return new TokenError(
    'PROVIDER_PROTOCOL',
    `The authorization server's reply is unusable: ${problem} ` +
      `(HTTP ${reply.status}, ${type}, ${reply.body.length} bytes). If this goes on, check the ` +
      "provider's base URL, and what stands between: a proxy or a sign-in page.",
    { retryable: true, reason: 'not_json', status: reply.status },
  );
}
