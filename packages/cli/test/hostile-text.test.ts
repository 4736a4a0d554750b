import { expect, test } from '@jest/globals';
import { TokenError } from '@tokenkeep/core';
import picocolors from 'picocolors';
import { eventFacts, eventText } from '../src/events/event-line.js';
import { accountInWords } from '../src/status/account-state.js';
import { statusText } from '../src/status/status-text.js';
import { showError } from '../src/terminal/error-block.js';
import { plainText } from '../src/terminal/plain-text.js';
import { recordedCommand } from './recorded-command.js';

const hostile = 'crm\u001b[2J\u001b]0;owned\u0007\r\nroot:\u202egpj.exe\u0000\u009b31m';
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
const controls = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;
const colours = picocolors.createColors(false);

test('S24 text from outside loses its escape sequences and keeps no control character', () => {
  expect(plainText(hostile)).not.toMatch(controls);
  expect(plainText(hostile)).not.toContain('[2J');
  expect(plainText(hostile)).not.toContain('\n');
  expect(plainText('x'.repeat(1_000_000)).length).toBeLessThan(300);
});

test('S24 a hostile account name cannot forge a line or repaint in status', () => {
  const words = accountInWords(
    {
      id: hostile,
      name: hostile,
      provider: hostile,
      state: 'reauthorization_required',
      reason: hostile,
      generation: 1,
      failures: 0,
      refreshable: false,
      origin: 'config',
    },
    0,
  );
  const text = statusText([words], { colours, width: 200 });
  expect(text).not.toMatch(controls);
  expect(text.split('\n').filter((line) => line.includes('root:'))).toHaveLength(1);
});

test.each([true, false])('S24 nor in an error (json: %s)', (json) => {
  const { invocation, err } = recordedCommand(undefined, {}, json);
  const error = new TokenError('PROVIDER_UNAVAILABLE', `It said: ${hostile}`, {
    account: hostile,
    reason: hostile,
  });
  showError(error, { ...invocation.terminal, verbose: true });
  expect(err()).not.toMatch(controls);
  expect(err()).not.toContain('\nroot:');
});

test('S24 nor in the line of an event', () => {
  const happened = {
    event: 'renewal:failed',
    at: 0,
    account: hostile,
    error: new TokenError('PROVIDER_UNAVAILABLE', hostile, { reason: hostile }),
  } as const;
  const line = eventText(happened, new Map(), { colours });
  expect(line).not.toMatch(controls);
  expect(line).not.toContain('\n');
  expect(JSON.stringify(eventFacts(happened))).not.toMatch(controls);
});

test('S24 an error that is not ours is told by its kind, not by what it quotes', () => {
  const { invocation, err } = recordedCommand(undefined);
  const code = showError(new SyntaxError('Unexpected token in hunter2'), invocation.terminal);
  expect(code).toBe(1);
  expect(err()).toContain('SyntaxError');
  expect(err()).not.toContain('hunter2');
});
