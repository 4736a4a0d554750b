import { once } from 'node:events';
import { PassThrough, Writable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { expect, test } from '@jest/globals';
import { choicesOf } from '../src/questions.js';

/** Somebody who reads, and types what is given for each question. */
function person() {
  const input = new PassThrough();
  let screen = '';
  let answered = 0;
  const output = new Writable({
    write(chunk, _encoding, done) {
      screen += stripVTControlCharacters(String(chunk));
      done();
      output.emit('shown');
    },
  });
  const types = async (question: string, keys: string) => {
    while (!screen.slice(answered).includes(question)) await once(output, 'shown');
    answered = screen.length;
    input.write(keys);
  };
  return { streams: { input, output }, types };
}

const down = '\u001b[B';

test('what is not given is asked for', async () => {
  const { streams, types } = person();
  const choices = choicesOf({}, streams);
  await types('Whose tokens', 'blue-dot\r');
  await types('Where is its API', '\r');
  await types('Which refresh tokens', `${down}${down}\r`);
  await types('revoke a token', 'y');
  expect(await choices).toEqual({
    name: 'blue-dot',
    baseUrl: 'https://api.blue-dot.example',
    refreshToken: 'none',
    revocation: true,
  });
});

test('a bad name is asked for again, and says why', async () => {
  const { streams, types } = person();
  const choices = choicesOf({ refreshToken: 'reusable', revocation: false }, streams);
  await types('Whose tokens', 'Acme\r');
  await types('begins with a letter, and has a-z', '\u007f\u007f\u007f\u007facme\r');
  await types('Where is its API', '\r');
  expect(await choices).toMatchObject({ name: 'acme', refreshToken: 'reusable' });
});

test('Ctrl-C at a question ends them all', async () => {
  const { streams, types } = person();
  const choices = choicesOf({ name: 'acme' }, streams);
  await types('Where is its API', '\u0003');
  expect(await choices).toBeUndefined();
});

test('Ctrl-D at a question ends them, too, and so does the end of the input', async () => {
  const { streams, types } = person();
  const choices = choicesOf({ name: 'acme' }, streams);
  await types('Where is its API', '\u0004');
  expect(await choices).toBeUndefined();
  const gone = person();
  const none = choicesOf({ name: 'acme' }, gone.streams);
  await gone.types('Where is its API', '');
  gone.streams.input.end();
  expect(await none).toBeUndefined();
});

test('what is typed takes the place of the URL that is shown', async () => {
  const { streams, types } = person();
  const choices = choicesOf({ name: 'acme', refreshToken: 'none', revocation: false }, streams);
  await types('Where is its API', 'https://acme.test/api\r');
  expect(await choices).toMatchObject({ baseUrl: 'https://acme.test/api' });
});

test('where nobody can be asked, the strictest is taken', async () => {
  expect(await choicesOf({ name: 'tokenkeep-provider-acme' }, undefined)).toEqual({
    name: 'acme',
    baseUrl: 'https://api.acme.example',
    refreshToken: 'single-use',
    revocation: false,
  });
});

test.each([
  [{ name: undefined }, 'Say the name: npm create tokenkeep-provider acme'],
  [{ name: '' }, 'begins with a letter'],
  [{ name: 'Acme' }, 'begins with a letter'],
  [{ name: '../acme' }, 'begins with a letter'],
  [{ name: '7shifts' }, 'begins with a letter'],
  [{ name: 'a--b' }, 'begins with a letter'],
  [{ name: 'a'.repeat(65) }, 'at most 64'],
  [{ name: 'tokenkeep-provider-' }, 'begins with a letter'],
  [{ baseUrl: 'api.acme.example' }, 'https://host'],
  [{ baseUrl: 'http://api.acme.example' }, 'https://host'],
  [{ baseUrl: 'https://ada:pw@api.acme.example' }, 'https://host'],
  [{ baseUrl: 'https://api.acme.example/?key=1' }, 'https://host'],
  [{ refreshToken: 'rotating' }, 'one of: single-use, reusable, none'],
])('%j is refused in words', async (given, words) => {
  await expect(choicesOf({ name: 'acme', ...given }, undefined)).rejects.toThrow(words);
});

test('a base URL loses the slash at its end, and cannot end a string of the source', async () => {
  const baseUrlOf = async (baseUrl: string) =>
    (await choicesOf({ name: 'acme', baseUrl }, undefined))?.baseUrl;
  expect(await baseUrlOf('https://api.acme.example/')).toBe('https://api.acme.example');
  expect(await baseUrlOf('http://127.0.0.1:7311/v1/')).toBe('http://127.0.0.1:7311/v1');
  expect(await baseUrlOf("https://api.acme.example/it's/`x`")).not.toMatch(/['`]/);
  expect(await baseUrlOf('https://x.example/%0a*/x')).not.toContain('*/');
});
