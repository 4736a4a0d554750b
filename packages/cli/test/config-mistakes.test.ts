import { dirname } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { configErrorText } from '../src/config/config-problem.js';
import { complaints } from './config-folder.js';
import { environment, wrongConfigs } from './wrong-configs.js';

describe('a wrong config is refused with the line and the fix', () => {
  test.each(wrongConfigs)('$mistake', async ({ yaml, mode = 0o600, files = {}, ...expected }) => {
    const error = await complaints({ text: yaml, mode }, environment, files);
    const folder = dirname(error.file);
    const plain = (text: string) => text.replaceAll(folder, '<folder>');
    const [problem, ...others] = error.problems;
    expect(others).toEqual([]);
    expect({
      line: problem?.line,
      path: problem?.path,
      says: plain(problem?.message ?? ''),
      fix: plain(problem?.hint ?? '').slice(0, expected.fix.length),
    }).toEqual({
      line: expected.line,
      path: expected.path,
      says: expected.says,
      fix: expected.fix,
    });
    expect(error).toMatchObject({ code: 'CONFIGURATION_INVALID', reason: 'config_file' });
    expect(configErrorText(error)).not.toMatch(/canary|1234567/);
  });
});

test('all mistakes are told at once, in the order of their lines', async () => {
  const error = await complaints(`store: 5
provders: {}
providers:
  mine: { use: chatap }
accounts:
  crm: { provider: your, keepAlive: 1 }
parameters: { waitMs: soon }
`);
  expect(error.problems.map(({ line, path }) => [line, path])).toEqual([
    [1, 'store'],
    [2, 'provders'],
    [4, 'providers.mine.use'],
    [6, 'accounts.crm.provider'],
    [6, 'accounts.crm.keepAlive'],
    [7, 'parameters.waitMs'],
  ]);
  expect(error.message).toContain('has 6 mistakes. 1:8 store ');
});

const excerptOf = async (text: string) => {
  const [, shown = ''] = configErrorText(await complaints(text)).split(
    /\n {2}[^ ].*\n {2}[^ ].*\n/,
  );
  return shown;
};

test('a tab is shown as spaces, and the mark stands below the place', async () => {
  expect(await excerptOf('providers:\n\tchatapp: {}\n')).toBe(
    ['    2 |   chatapp: ***', '      | ^'].join('\n'),
  );
  expect(await excerptOf('{\n\t"providers": { "chatapp": {} },\n\t"stor": 1\n}\n')).toBe(
    ['    3 |   "stor": ***', '      |   ^'].join('\n'),
  );
});

test('tabs all over are one mistake', async () => {
  const text = 'providers:\n\tmine:\n\t\tuse: chatapp\naccounts:\n\tcrm:\n\t\tprovider: mine\n';
  const { problems } = await complaints(text);
  expect(problems.map(({ line, message }) => [line, message])).toEqual([
    [2, 'A tab stands where the line is indented.'],
  ]);
});

test('of a very long line the surroundings of the place are shown', async () => {
  const account = (name: string, more = '') =>
    `"${name}": { "provider": "chatapp"${more}, "credentials": { "email": "canary" } }`;
  const names = Array.from({ length: 2_000 }, (_, index) => account(`a${index}`));
  const all = [...names.slice(0, 900), account('crm', ', "keepAlife": true'), ...names.slice(900)];
  const providers = '"providers": { "chatapp": {} }';
  const { problems } = await complaints(`{ ${providers}, "accounts": { ${all.join(', ')} } }`);
  const slip = problems.find(({ path }) => path === 'accounts.crm.keepAlife');
  expect(slip?.excerpt).toMatch(/^\.\.\..*"keepAlife": \*\*\*.*\.\.\.$/);
  expect(slip?.excerpt.length).toBeLessThanOrEqual(70);
  expect(slip?.excerpt.slice(slip.mark)).toMatch(/^"keepAlife"/);
  expect(slip?.excerpt).not.toContain('canary');
});

test('a problem is shown as an editor shows it: place, words, the masked line and a mark', async () => {
  const error = await complaints(`providers:
  api: { use: auth-refresh, baseUrl: https://user:canary@host.example, login: { pth: /x } } # canary
`);
  expect(configErrorText(error).replaceAll(dirname(error.file), '<folder>')).toBe(
    `<folder>/tokenkeep.yaml:2:38  providers.api.baseUrl
  This value is not accepted.
  Give an absolute URL without query or password: https://host.
    2 |   api: { use: ***, baseUrl: ***, login: { pth: *** } }
      |                             ^

<folder>/tokenkeep.yaml:2:81  providers.api.login.pth
  There is no "pth" here.
  Did you mean "path"? Known: method, path, fields.
    2 |   api: { use: ***, baseUrl: ***, login: { pth: *** } }
      |                                           ^`,
  );
});
