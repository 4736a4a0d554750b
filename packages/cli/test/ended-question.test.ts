import { PassThrough, Writable } from 'node:stream';
import { expect, test } from '@jest/globals';
import { agreed } from '../src/commands/revoke.js';
import { showError } from '../src/terminal/error-block.js';
import { recordedCommand } from './recorded-command.js';

const CTRL_C = '\u0003';

/** A person who types this. */
function person(keys: string) {
  const { invocation, err } = recordedCommand(undefined);
  const stdin = new PassThrough();
  let asked = false;
  const stderr = new Writable({
    write(_chunk, _encoding, done) {
      if (!asked) setImmediate(() => stdin.write(keys));
      asked = true;
      done();
    },
  });
  return { terminal: { ...invocation.terminal, stdin, stderr, canAsk: true }, err };
}

test('Ctrl-C at a question ends the command with 130, as a signal does, and says so', async () => {
  const { terminal, err } = person(CTRL_C);
  const error = await agreed('End all tokens?', terminal).catch((thrown: unknown) => thrown);
  expect(showError(error, terminal)).toBe(130);
  expect(err()).toBe('✖ Nothing was done: the question was ended.');
});

test.each([
  ['y', true],
  ['n', false],
])('%s is an answer', async (key, answer) => {
  expect(await agreed('End all tokens?', person(key).terminal)).toBe(answer);
});
