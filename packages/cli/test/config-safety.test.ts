import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, lchownSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { canary, scanForCanaries } from '@tokenkeep/testing';
import fc from 'fast-check';
import { configErrorText, isConfigError } from '../src/config/config-problem.js';
import { loadConfig } from '../src/config/load-config.js';
import { complaints, folderWith } from './config-folder.js';

const minimal = 'providers: { chatapp: {} }\n';

const load = (cwd: string, env: Readonly<Record<string, string>> = {}) => loadConfig({ cwd, env });

describe('S45 a config is data, whatever is in it', () => {
  test.each([
    ['!!js/function', 'providers: !!js/function "() => process.exit(3)"'],
    ['!!python/object', 'providers: !!python/object/apply:os.system ["true"]'],
    ['!!binary', 'store: !!binary aGFsbG8='],
    ['!!set', 'providers: !!set { chatapp }'],
    ['a local tag', 'store: !secret tokens.db'],
    ['a tag on a name', '!!str providers: {}'],
  ])('S45 a tag is refused: %s', async (_, text) => {
    const { problems } = await complaints(text);
    expect(problems[0]?.message).toBe('Tags are not allowed.');
  });

  test('S45 aliases that multiply are refused before they fill the memory', async () => {
    const levels = Array.from(
      { length: 12 },
      (_, level) => `l${level + 1}: &l${level + 1} [${`*l${level}, `.repeat(9)}]`,
    );
    const { problems } = await complaints(`l0: &l0 [x, x]\n${levels.join('\n')}\n`);
    expect(problems).toMatchObject([{ message: 'More than 100 aliases are used.' }]);
  });

  test('S45 an alias within its own anchor is refused', async () => {
    const { problems } = await complaints('providers: &a { chatapp: *a }\n');
    expect(problems).toMatchObject([{ message: 'This alias stands within its own anchor.' }]);
  });

  test.each([
    ['brackets', `providers: ${'['.repeat(20_000)}${']'.repeat(20_000)}`],
    ['braces', `providers: ${'{ a: '.repeat(20_000)}${'}'.repeat(20_000)}`],
    ['lists', `providers: ${'- '.repeat(20_000)}x`],
  ])('S45 deep nesting ends in an error: %s', async (_, text) => {
    const { problems } = await complaints(text);
    expect(problems.map(({ message }) => message)).toEqual(['The data is nested too deep.']);
  });

  test.each([
    ['in YAML', 'tokenkeep.yaml', 'providers: { chatapp: {}, __proto__: { polluted: 1 } }'],
    ['in JSON', 'tokenkeep.json', '{"providers":{"__proto__":{"polluted":1}}}'],
    ['quoted', 'tokenkeep.yaml', '"__proto__": { polluted: 1 }'],
    ['escaped', 'tokenkeep.yaml', '"\\u005f_proto__": { polluted: 1 }'],
  ])('S45 __proto__ is refused %s, and nothing is polluted', async (_, name, text) => {
    const error = await load(folderWith({ [name]: text })).catch((thrown: unknown) => thrown);
    expect(isConfigError(error) && error.problems[0]?.message).toBe(
      'No member may be named __proto__.',
    );
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });

  test.each(['constructor', 'prototype', 'toString', 'hasOwnProperty'])(
    'S45 a member named %s is unknown like any other',
    async (name) => {
      const { problems } = await complaints(`${minimal}${name}: { a: 1 }\n`);
      expect(problems).toMatchObject([{ path: name, message: `There is no "${name}" here.` }]);
    },
  );

  test('S45 a file of more than 256 KiB is not read', async () => {
    const cwd = folderWith({ 'tokenkeep.yaml': `${minimal}#${'x'.repeat(256 * 1_024)}` });
    await expect(load(cwd)).rejects.toThrow(/is larger than 262144 bytes/);
  });

  test('S45 bytes that are no UTF-8 are refused', async () => {
    const cwd = folderWith({ 'tokenkeep.yaml': minimal });
    writeFileSync(join(cwd, 'tokenkeep.yaml'), Buffer.from([0x70, 0xff, 0xfe]));
    await expect(load(cwd)).rejects.toThrow(/is not UTF-8 text/);
  });

  test('S45 a key that looks like a pattern is compared in no time, however long', async () => {
    const name = 'a'.repeat(100_000);
    const { problems } = await complaints(`${minimal}? ${name}\n: 1\n`);
    expect(problems).toMatchObject([{ message: 'This is no name that is known here.' }]);
  });
});

describe('S45 no value of a config is in what is said about it', () => {
  const secrets = [canary('password'), canary('client-secret')] as const;
  const [password, clientSecret] = secrets;

  const everywhere = (error: unknown) =>
    [
      String(error),
      inspect(error, { depth: 9, showHidden: true }),
      JSON.stringify(error),
      JSON.stringify((error as { problems?: unknown } | undefined)?.problems),
      isConfigError(error) ? configErrorText(error) : '',
    ].join('\n');

  const said = async (text: string, env: Readonly<Record<string, string>> = {}) => {
    const cwd = folderWith({ 'tokenkeep.yaml': text });
    const error = await load(cwd, env).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    return scanForCanaries(everywhere(error), [...secrets]);
  };

  test.each([
    ['a missing space after the colon', `credentials: { password:${password.secret} }`],
    ['the secret alone', `credentials: { ${password.secret} }`],
    ['the secret as the credentials', `credentials: ${password.secret}`],
    ['the secret as a list', `credentials: [${password.secret}]`],
    ['an open quote', `credentials: { password: "${password.secret} }`],
    ['a comment', `credentials: { pasword: x } # it was ${password.secret}`],
    ['a comment below', `pasword: x\n    # it was ${password.secret}`],
    ['a value on the next line', `credentials:\n      pasword:\n        ${password.secret}`],
    ['a block of text', `credentials:\n      password: |\n        ${password.secret}\n       x`],
    ['an alias', `credentials: { password: *${password.secret} }`],
    ['a tag', `credentials: { password: !${password.secret} x }`],
    ['an anchor', `credentials: { pasword: &${password.secret} x }`],
    ['a reference', `credentials: { password: "\${${password.secret}}" }`],
    [
      'a file reference without its name',
      `credentials: { password: "\${file: }${password.secret}" }`,
    ],
    ['a name', `keepAlive: 1\n    ${password.secret}: true`],
    ['a merge', `<<: ${password.secret}`],
  ])('S45 not even with %s', async (_, member) => {
    const text = `${minimal}accounts:\n  crm:\n    provider: chatapp\n    ${member}\n`;
    expect(await said(text)).toEqual([]);
  });

  test('S45 a word alone is no name, be it of letters only', async () => {
    const word = 'correcthorsebatterystaple';
    const text = `${minimal}accounts:\n  crm: { provider: chatapp, credentials: { ${word} } }\n`;
    expect(everywhere(await complaints(text))).not.toContain(word);
  });

  test('S45 nor what variables hold', async () => {
    const text = `providers:
  chatapp: { baseUrl: '\${URL}', lang: '\${SECRET}' }
accounts:
  crm: { provider: '\${SECRET}', keepAlive: '\${SECRET}' }
  sales: { provider: chatapp, credentials: { email: '\${SECRET}', appId: '\${SECRET}' } }
parameters: { waitMs: '\${SECRET}' }
`;
    const env = { SECRET: password.secret, URL: `https://ada:${clientSecret.secret}@host.example` };
    expect(await said(text, env)).toEqual([]);
  });

  test('S45 whatever is mistyped', async () => {
    const whole = `providers:
  oauth20:
    baseUrl: https://id.example.com
    passwordLogin: true
accounts:
  shop:
    provider: oauth20
    credentials:
      grant: password
      clientId: app
      clientSecret: '${clientSecret.secret}'
      username: ada
      password: ${password.secret}
`;
    const slips = fc.record({
      at: fc.nat(whole.length),
      remove: fc.nat(3),
      insert: fc.constantFrom(
        '',
        ' ',
        '\n',
        ':',
        '"',
        "'",
        '{',
        '[',
        '#',
        '- ',
        '!',
        '*',
        '&',
        '|',
      ),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(slips, { minLength: 1, maxLength: 3 }), async (all) => {
        const text = all.reduce(
          (now, { at, remove, insert }) => now.slice(0, at) + insert + now.slice(at + remove),
          whole,
        );
        expect(await said(text)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});

describe('S26 S27 a config and the files it refers to are nobody else’s to change', () => {
  const secretFile = (mode: number) =>
    folderWith({
      'tokenkeep.yaml': `providers: { oauth20: { baseUrl: '\${file:./url}' } }\n`,
      url: { text: 'https://id.example.com', mode },
    });

  test.each([0o620, 0o602, 0o666])(
    'S27 a config of mode %d is refused with its cure',
    async (mode) => {
      const cwd = folderWith({ 'tokenkeep.yaml': { text: minimal, mode } });
      await expect(load(cwd)).rejects.toThrow(`Run: chmod go-w ${join(cwd, 'tokenkeep.yaml')}`);
    },
  );

  test.each([0o644, 0o640, 0o600])('S27 a config of mode %d may be read', async (mode) => {
    const cwd = folderWith({ 'tokenkeep.yaml': { text: minimal, mode } });
    expect((await load(cwd)).providers).toHaveLength(1);
  });

  test.each([0o644, 0o604, 0o666])(
    'S27 a secret of mode %d is refused with its cure',
    async (mode) => {
      const error = await load(secretFile(mode)).catch((thrown: unknown) => thrown);
      expect(isConfigError(error) && error.problems[0]?.hint).toMatch(/^Run: chmod (600|go-w) /);
    },
  );

  test('S27 a folder others can write to is refused, and a sticky one is not', async () => {
    const cwd = folderWith({ 'tokenkeep.yaml': minimal });
    chmodSync(cwd, 0o777);
    await expect(load(cwd)).rejects.toThrow(`Run: chmod go-w ${cwd}`);
    chmodSync(cwd, 0o1777);
    expect((await load(cwd)).providers).toHaveLength(1);
  });

  const asRoot = process.geteuid?.() === 0 ? test : test.skip;

  asRoot('S27 what belongs to another user is refused, folder or file', async () => {
    const cwd = folderWith({ 'tokenkeep.yaml': minimal });
    chownSync(join(cwd, 'tokenkeep.yaml'), 4_711, 4_711);
    await expect(load(cwd)).rejects.toThrow(/tokenkeep\.yaml belongs to user 4711/);
    chownSync(join(cwd, 'tokenkeep.yaml'), 0, 0);
    chownSync(cwd, 4_711, 4_711);
    await expect(load(cwd)).rejects.toThrow(/The folder .* belongs to user 4711/);
  });

  asRoot('S27 a link of another user is not followed', async () => {
    const target = folderWith({ real: minimal });
    const cwd = folderWith();
    symlinkSync(join(target, 'real'), join(cwd, 'tokenkeep.yaml'));
    lchownSync(join(cwd, 'tokenkeep.yaml'), 4_711, 4_711);
    await expect(load(cwd)).rejects.toThrow(/is a symbolic link of user 4711/);
  });

  test('S27 a link of one’s own is followed, and what it leads to is looked at', async () => {
    const target = folderWith({ real: { text: minimal, mode: 0o644 } });
    const cwd = folderWith();
    symlinkSync(join(target, 'real'), join(cwd, 'tokenkeep.yaml'));
    expect((await load(cwd)).providers).toHaveLength(1);
    chmodSync(join(target, 'real'), 0o646);
    await expect(load(cwd)).rejects.toThrow(/Other users can change/);
  });

  test('S27 a pipe or a folder is refused, and nobody waits for it', async () => {
    const cwd = folderWith();
    execFileSync('mkfifo', ['-m', '600', join(cwd, 'tokenkeep.yaml')]);
    await expect(load(cwd)).rejects.toThrow(/is not a file/);
    await expect(loadConfig({ path: cwd, env: {} })).rejects.toThrow(/is not a file|EISDIR/);
  });

  test('a secret file that is empty, too large or no text is refused', async () => {
    for (const text of ['', '\n', 'x'.repeat(65_537), '\u0000'.repeat(3)]) {
      const cwd = folderWith({
        'tokenkeep.yaml': `providers: { oauth20: { baseUrl: '\${file:./url}' } }\n`,
        url: text,
      });
      const error = await load(cwd).catch((thrown: unknown) => thrown);
      expect(isConfigError(error) && error.problems[0]?.message).toMatch(/url is/);
    }
  });
});
