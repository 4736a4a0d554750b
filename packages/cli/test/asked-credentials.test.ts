import { expect, test } from '@jest/globals';
import { chatApp } from '@tokenkeep/provider-chatapp';
import { askForCredentials } from '../src/accounts/asked-credentials.js';
import { askedCommand } from './asked-command.js';

const provider = chatApp({});

test('S21 who adds an account sees what is typed, but for the secrets', async () => {
  const person = askedCommand(undefined);
  const given = askForCredentials(provider, person.invocation.terminal);
  await person.answers('email', 'ada@example.com');
  await person.answers('password', 'hunter2');
  await person.answers('appId', 'app_1_1');
  expect(await given).toEqual({
    email: 'ada@example.com',
    password: 'hunter2',
    appId: 'app_1_1',
  });
  expect(person.shown()).toContain('ada@example.com');
  expect(person.shown()).toContain('app_1_1');
  expect(person.shown()).not.toContain('hunter2');
});

test('Ctrl-C at a question ends them all', async () => {
  const person = askedCommand(undefined);
  const given = askForCredentials(provider, person.invocation.terminal);
  await person.interrupts('email');
  await expect(given).rejects.toMatchObject({ code: 'ABORTED', reason: 'interrupted' });
});
