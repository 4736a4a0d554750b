import { expect, test } from '@jest/globals';
import { CommanderError } from 'commander';
import { refuseSecretArguments } from '../src/terminal/secret-arguments.js';
import { usageWords } from '../src/terminal/usage-words.js';

const secret = 'hunter2-0815';

test.each([
  ['--password', secret],
  [`--password=${secret}`],
  ['--client-secret', secret],
  [`--clientSecret=${secret}`],
  [`--refresh_token=${secret}`],
  ['--token', secret],
  ['-password', secret],
  ['--API-KEY', secret],
  ['--bearer', secret],
  [`--credentials={"password":"${secret}"}`],
])('S21 %s is refused with a hint, and its value is not repeated', async (...args) => {
  const refused = refuseSecretArguments(['accounts', 'add', 'crm', ...args]);
  await expect(refused).rejects.toThrow(/--credentials-stdin/);
  await expect(refused).rejects.not.toThrow(new RegExp(secret));
});

test.each([
  ['--credentials-stdin'],
  ['--credentials-file', 'crm.json'],
  ['--no-credentials'],
  ['--provider', 'token-service'],
  ['--', '--password', secret],
])('S21 %s is none of that', async (...args) => {
  const looked = refuseSecretArguments(['accounts', 'add', 'crm', ...args]);
  await expect(looked).resolves.toBeUndefined();
});

test.each([
  [`--user=${secret}`, 'There is no option --user here.'],
  [`-p${secret}`, 'An option is unknown.'],
  [`--pw${secret}`, 'An option is unknown.'],
])('S21 an option that nobody knows is not repeated with what is glued to it', (option, words) => {
  const error = new CommanderError(
    1,
    'commander.unknownOption',
    `error: unknown option '${option}'`,
  );
  const said = usageWords(error, 'tokenkeep token');
  expect(said).toBe(`${words} See: tokenkeep token --help`);
});

test('S21 a value that will not do is not repeated', () => {
  const message = `error: option '--life <duration>' argument '${secret}' is invalid. Give 10s.`;
  const said = usageWords(new CommanderError(1, 'commander.invalidArgument', message), 'tokenkeep');
  expect(said).toContain('--life <duration>');
  expect(said).toContain('Give 10s.');
  expect(said).not.toContain(secret);
});
