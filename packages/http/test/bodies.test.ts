import { Readable } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from '@jest/globals';
import { TokenError } from '@tokenkeep/core';
import { authorizedFetch } from '@tokenkeep/http';
import { ApiWorld, rejectionOf } from './api-world.js';

const bytes = Uint8Array.from({ length: 300 }, (_, index) => index % 256);

function form(): FormData {
  const made = new FormData();
  made.append('name', 'Ada Lovelace');
  made.append('file', new Blob([bytes], { type: 'image/png' }), 'ada.png');
  return made;
}

const json = JSON.stringify({ order: 'grün' });
const jsonType = 'application/json';

type Call = (url: string) => readonly [string | Request, RequestInit?];

const post = (url: string, init: RequestInit) => new Request(url, { method: 'POST', ...init });
const replayable: [name: string, type: string | undefined, call: Call][] = [
  ['no body', undefined, (url) => [url, { method: 'POST' }]],
  ['a string', 'text/plain;charset=UTF-8', (url) => [url, { method: 'PUT', body: json }]],
  [
    'a string of a stated type',
    jsonType,
    (url) => [url, { method: 'POST', body: json, headers: { 'content-type': jsonType } }],
  ],
  [
    'URLSearchParams',
    'application/x-www-form-urlencoded;charset=UTF-8',
    (url) => [url, { method: 'POST', body: new URLSearchParams({ a: 'b c', d: '&' }) }],
  ],
  ['FormData', 'multipart/form-data', (url) => [url, { method: 'POST', body: form() }]],
  [
    'a Blob',
    'image/png',
    (url) => [url, { method: 'POST', body: new Blob([bytes], { type: 'image/png' }) }],
  ],
  ['an ArrayBuffer', undefined, (url) => [url, { method: 'POST', body: bytes.slice().buffer }]],
  [
    'a part of a typed array',
    undefined,
    (url) => [url, { method: 'POST', body: bytes.subarray(7, 99) }],
  ],
  [
    'a DataView',
    undefined,
    (url) => [url, { method: 'POST', body: new DataView(bytes.buffer, 5) }],
  ],
  ['a Buffer', undefined, (url) => [url, { method: 'POST', body: Buffer.from(bytes) }]],
  ['a Request', 'text/plain;charset=UTF-8', (url) => [post(url, { body: json })]],
  ['a Request with a form', 'multipart/form-data', (url) => [post(url, { body: form() })]],
  [
    'a Request with a stream',
    undefined,
    (url) => [post(url, { body: new Blob([bytes]).stream(), duplex: 'half' })],
  ],
  [
    'a Request and another body',
    jsonType,
    (url) => [post(url, { body: 'old' }), { body: json, headers: { 'content-type': jsonType } }],
  ],
];

test.each(replayable)('%s is sent again as it was', async (_, type, call) => {
  await using world = await ApiWorld.begin();
  const { api, engine } = world;
  await world.endToken();
  const url = `${api.url}/orders`;
  const reference = call(url);
  expect((await authorizedFetch(engine, 'ada')(...call(url))).status).toBe(200);
  // What fetch itself sends, for comparison.
  await fetch(...reference);
  const [first, second, plain] = api.seen.map(asSent);
  expect(api.seen).toHaveLength(3);
  expect(first).toEqual(plain);
  expect(second).toEqual(plain);
  expect(plain?.type?.split('; boundary')[0]).toBe(type);
  expect(api.seen[1]?.headers).not.toHaveProperty('transfer-encoding');
  expect(api.count('refresh')).toBe(1);
});

/** A request as the server got it, without what differs from form to form. */
function asSent({ method, path, headers, body }: ApiWorld['api']['seen'][number]) {
  const type = headers['content-type'];
  const [, boundary] = /boundary=(.*)$/.exec(type ?? '') ?? [];
  const text = body.toString('latin1');
  return {
    method,
    path,
    type: boundary === undefined ? type : type?.replace(boundary, 'B'),
    body: boundary === undefined ? text : text.replaceAll(boundary, 'B'),
  };
}

test('a body counts as it stood at the call, whatever becomes of it before it is sent', async () => {
  await using world = await ApiWorld.begin();
  const { api, engine } = world;
  const ada = authorizedFetch(engine, 'ada');
  const buffer = Buffer.from('before');
  const params = new URLSearchParams({ when: 'before' });
  const fields = new FormData();
  fields.set('when', 'before');
  const calls = [buffer, params, fields].map((body) => {
    return ada(`${api.url}/orders`, { method: 'POST', body });
  });
  buffer.fill('x');
  params.set('when', 'after');
  fields.set('when', 'after');
  await Promise.all(calls);
  expect(api.seen).toHaveLength(3);
  for (const { body } of api.seen) expect(body.toString()).toContain('before');
});

const streams: [name: string, make: () => RequestInit['body']][] = [
  ['a ReadableStream', () => new Blob(['once']).stream()],
  ['an async iterable', () => words() as unknown as RequestInit['body']],
  ["a stream of Node's", () => Readable.from([Buffer.from('once')]) as unknown as ReadableStream],
];

async function* words() {
  yield Buffer.from('on');
  yield Buffer.from('ce');
}

test.each(streams)(
  '%s is sent once; the token is renewed, and the error says so',
  async (_, make) => {
    await using world = await ApiWorld.begin();
    const { api, engine } = world;
    await world.endToken();
    const ada = authorizedFetch(engine, 'ada');
    const send = () => ada(`${api.url}/upload`, { method: 'POST', body: make() ?? null });
    const error = await rejectionOf(send());
    expect(TokenError.is(error, 'REQUEST_NOT_REPLAYABLE')).toBe(true);
    expect(error).toMatchObject({ retryable: true, account: 'api/ada', status: 401 });
    expect(error.message).toMatch(/stream.*spent.*new stream/s);
    expect(error.message).toContain('renewed');
    expect(api.count('refresh')).toBe(1);
    expect(api.count('api')).toBe(1);
    // The advice works.
    expect((await send()).status).toBe(200);
    expect(api.seen.map(({ body }) => body.toString())).toEqual(['once', 'once']);
    expect(api.count('refresh')).toBe(1);
  },
);

test('a Request gives its method, headers and body, and init has the last word', async () => {
  await using world = await ApiWorld.begin();
  const { api, engine } = world;
  const ada = authorizedFetch(engine, 'ada');
  const made = () =>
    new Request(`${api.url}/orders`, { method: 'PATCH', headers: { 'x-a': '1' }, body: 'text' });
  const request = made();
  await ada(request);
  await ada(made(), { method: 'DELETE', headers: { 'x-a': '2' } });
  await ada(`${api.url}/elsewhere`, made());
  expect(
    api.seen.map(({ method, path, headers, body }) => [
      method,
      path,
      headers['x-a'],
      body.toString(),
    ]),
  ).toEqual([
    ['PATCH', '/orders', '1', 'text'],
    ['DELETE', '/orders', '2', 'text'],
    ['PATCH', '/elsewhere', '1', 'text'],
  ]);
  // As with fetch: a Request is used up.
  expect(request.bodyUsed).toBe(true);
  expect(await rejectionOf(ada(request))).toMatchObject({ name: 'TypeError' });
});

test('a request that fetch would not make is a TypeError as with fetch', async () => {
  await using world = await ApiWorld.begin();
  const { api, engine } = world;
  const ada = authorizedFetch(engine, 'ada');
  for (const init of [{ body: 'text' }, { method: 'TRACE' }, { headers: { 'no name': 'x' } }]) {
    const error = await rejectionOf(ada(`${api.url}/orders`, init));
    expect(error).toMatchObject({ name: 'TypeError' });
  }
  expect(api.count('api')).toBe(0);
});

test('no body is kept longer than its call', async () => {
  await using world = await ApiWorld.begin();
  const { api, engine } = world;
  const ada = authorizedFetch(engine, 'ada');
  await world.endToken();
  const url = `${api.url}/orders`;
  async function useUp(): Promise<WeakRef<object>[]> {
    const blob = new Blob([bytes]);
    const request = post(url, { body: 'text' });
    const signal = new AbortController().signal;
    await (await ada(url, { method: 'POST', body: blob, signal })).arrayBuffer();
    await (await ada(request)).arrayBuffer();
    return [blob, request].map((kept) => new WeakRef(kept));
  }
  const kept = await useUp();
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  for (let time = 0; time < 20 && kept.some((ref) => ref.deref() !== undefined); time += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
  }
  expect(kept.map((ref) => ref.deref())).toEqual([undefined, undefined]);
  expect(await ada(url)).toMatchObject({ status: 200 });
});
