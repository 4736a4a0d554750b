import assert from 'node:assert/strict';
import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { format, inspect } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { Secret } from '../src/token/secret.js';
import { EngineCall } from '../src/transport/engine-call.js';
import type { ExchangeRequest, HttpExchange } from '../src/transport/http-exchange.js';

const TEXT = 'sk-canary-4711-secret';
const secret = new Secret(TEXT);

/** Every way in which a value becomes text, or is taken apart. */
const ways: Readonly<Record<string, (value: Secret) => unknown>> = {
  'String()': (value) => String(value),
  template: (value) => `${value}`,
  concatenation: (value) => `token: ${value}`,
  toString: (value: Secret) => value.toString(),
  toLocaleString: (value: Secret) => value.toLocaleString(),
  'JSON.stringify': (value) => JSON.stringify({ value, list: [value] }),
  inspect: (value) => inspect({ value }, { depth: null, showHidden: true, getters: true }),
  'inspect without custom': (value) =>
    inspect(value, { customInspect: false, showHidden: true, getters: true, showProxy: true }),
  'format %s': (value) => format('%s', value),
  'format %o': (value) => format('%o %O %j %d', value, value, value, value),
  spread: (value) => ({ ...value }),
  'Object.entries': (value) => Object.entries(value),
  'own names': (value) =>
    Reflect.ownKeys(value).map((name) =>
      String((value as never as Record<PropertyKey, unknown>)[name]),
    ),
  'Object.assign': (value) => Object.assign({}, value),
  structuredClone: (value) => structuredClone({ value }),
  array: (value) => [value].join(),
  number: (value) => Number(value),
  sort: (value) => [value, 'a'].sort().map(String),
  'error message': (value) => inspect(new Error(`failed with ${value}`, { cause: { value } })),
  'for in': (value) => {
    const seen: unknown[] = [];
    for (const name in value) seen.push(value[name as never]);
    return seen;
  },
  'own key of an object': (value) => ({ [value as never as string]: 1 }),
  URLSearchParams: (value) => new URLSearchParams({ value: value as never }).toString(),
  Headers: (value) => [...new Headers({ value: value as never })],
  Map: (value) => inspect(new Map([[value, value]]), { showHidden: true }),
  console: (value) => {
    const said: string[] = [];
    const stream = new Writable({
      write(chunk, _, done) {
        said.push(String(chunk));
        done();
      },
    });
    const print = new Console(stream);
    print.log(value);
    print.dir({ value }, { depth: null, showHidden: true });
    print.table([{ value }]);
    print.error('%s %o', value, value);
    return said;
  },
  'assert diff': (value) => {
    try {
      assert.deepEqual({ value }, { value: 'other' });
    } catch (error) {
      return inspect(error, { depth: null, showHidden: true });
    }
    return undefined;
  },
  'jest diff': (value) => {
    try {
      expect({ value }).toEqual({ value: 'other' });
    } catch (error) {
      return (error as Error).message;
    }
    return undefined;
  },
};

describe('S20 a Secret', () => {
  test.each(Object.entries(ways))('S20 shows nothing of itself: %s', (_, way) => {
    const shown = way(secret);
    expect(
      `${JSON.stringify(shown)} ${inspect(shown, { depth: null, showHidden: true })}`,
    ).not.toMatch(/canary|4711|sk-/);
  });

  test.each([
    'String()',
    'template',
    'toString',
    'JSON.stringify',
    'inspect',
    'format %s',
    'array',
  ])('S20 prints its mask: %s', (name) => {
    expect(ways[name]?.(secret)).toContain('[secret]');
  });

  test('gives its text to whoever asks for it by name, and to nobody else', () => {
    expect(secret.reveal()).toBe(TEXT);
    expect(secret).toHaveLength(TEXT.length);
    expect(secret.map((text) => `Bearer ${text}`).reveal()).toBe(`Bearer ${TEXT}`);
    expect(String(secret.map((text) => `Bearer ${text}`))).toBe('[secret]');
    expect(secret.equals(new Secret(TEXT))).toBe(true);
    expect(secret.equals(new Secret('other'))).toBe(false);
  });

  test('is recognised across two copies of the package, and cannot be changed', () => {
    expect(Secret.is(secret)).toBe(true);
    const foreign = { [Symbol.for('tokenkeep.secret')]: true, reveal: () => 'x' };
    expect(Secret.is(foreign)).toBe(true);
    for (const value of [undefined, null, 'x', {}, [], new Proxy(secret, {})]) {
      expect(Secret.is(value)).toBe(false);
    }
    expect(Secret.of(secret)).toBe(secret);
    expect(Object.isFrozen(secret)).toBe(true);
  });
});

describe('a Secret that was printed into a request', () => {
  const sent: ExchangeRequest[] = [];
  const exchange: HttpExchange = {
    send: async (request) => {
      sent.push(request);
      return { status: 200, headers: {}, body: Buffer.from('{}') };
    },
  };
  const call = () =>
    new EngineCall({
      exchange,
      target: {},
      signal: new AbortController().signal,
      allowInsecureLoopback: false,
      connectTimeoutMs: 1,
      timeoutMs: 1,
      maxBodyBytes: 1,
      wallClock: () => 0,
      beforeConnect: async () => {},
      admit: async () => {},
      onOutcome: () => {},
    });
  const url = 'https://api.example.com/token';

  test.each([
    ['a header', { method: 'GET', url, headers: { Authorization: `Bearer ${secret}` } }],
    ['a form', { method: 'POST', url, form: { refresh_token: `${secret}` } }],
    ['JSON', { method: 'POST', url, json: { deep: [{ token: `${secret}` }] } }],
    ['the query', { method: 'GET', url: `${url}?t=${encodeURIComponent(`${secret}`)}` }],
    ['the path', { method: 'GET', url: `${url}/${secret}` }],
  ] as const)('is refused before anything is sent: in %s', async (_, request) => {
    await expect(call().send(request)).rejects.toThrow('a Secret was printed into it');
    expect(sent).toEqual([]);
  });

  test('is sent where it is passed as what it is', async () => {
    await call().send({
      method: 'POST',
      url,
      headers: { 'X-Token': secret },
      json: { t: [secret] },
    });
    expect(sent).toMatchObject([{ headers: { 'X-Token': TEXT }, body: `{"t":["${TEXT}"]}` }]);
  });
});
