import {
  type JsonObject,
  type ProviderCall,
  Secret,
  TokenError,
  type TokenReply,
} from '@tokenkeep/core';

interface TestCallOptions {
  readonly target?: ProviderCall['target'] | undefined;
  readonly wallClock?: (() => number) | undefined;
}

/** The engine's call as far as a provider can tell: one fetch, judged as the port says. */
export function testCall({
  target = {},
  wallClock = Date.now,
}: TestCallOptions = {}): ProviderCall {
  return {
    target,
    signal: new AbortController().signal,
    nothingProcessed: () => {},
    lifetimeUntil: (endsAt, reply) =>
      endsAt === undefined ? undefined : endsAt - (reply.date ?? wallClock()),
    async send({ method, url, headers = {}, json, form }) {
      const wire = new Headers();
      for (const [name, value] of Object.entries(headers)) {
        wire.set(name, Secret.of(value).reveal());
      }
      const body = json === undefined ? formBody(form) : jsonBody(json);
      if (json !== undefined) wire.set('Content-Type', 'application/json');
      const response = await fetch(Secret.of(url).reveal(), {
        method,
        headers: wire,
        redirect: 'manual',
        body,
      });
      return testReply(response, await response.text());
    },
  };
}

function testReply(response: Response, text: string): TokenReply {
  const date = Date.parse(response.headers.get('date') ?? '');
  const retryAfter = response.headers.get('retry-after');
  const object = () => {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error();
    return value as JsonObject;
  };
  return {
    status: response.status,
    ok: response.ok,
    header: (name) => response.headers.get(name) ?? undefined,
    date: Number.isNaN(date) ? undefined : date,
    retryAfterMs: retryAfter === null ? undefined : Number(retryAfter) * 1000,
    text: () => text,
    json: () => {
      try {
        return object();
      } catch {
        throw new TokenError('PROVIDER_PROTOCOL', 'not JSON', { reason: 'not_json' });
      }
    },
    jsonIfAny: () => {
      try {
        return object();
      } catch {
        return undefined;
      }
    },
  };
}

function jsonBody(value: unknown): string {
  return JSON.stringify(revealed(value));
}

function revealed(value: unknown): unknown {
  if (Secret.is(value)) return value.reveal();
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, revealed(member)]),
  );
}

function formBody(
  form: Readonly<Record<string, string | Secret | undefined>> | undefined,
): URLSearchParams | null {
  if (form === undefined) return null;
  const body = new URLSearchParams();
  for (const [name, value] of Object.entries(form)) {
    if (value !== undefined) body.append(name, Secret.of(value).reveal());
  }
  return body;
}
