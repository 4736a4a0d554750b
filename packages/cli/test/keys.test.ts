import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ChatAppAuthority } from '@tokenkeep/testing';
import { addKey, listKeys, promoteKey, retireKey } from '../src/commands/keys.js';
import { engineFromConfig } from '../src/config/engine-from-config.js';
import { loadConfig } from '../src/config/load-config.js';
import type { Invocation } from '../src/invocation.js';
import { folderWith } from './config-folder.js';
import { recordedCommand } from './recorded-command.js';

const login = { email: 'a@b.example', password: 'pw', appId: 'app_1_1' };
const env = { CRM_PASSWORD: login.password };
let server: ChatAppAuthority;
let folder: string;

beforeAll(async () => {
  server = await new ChatAppAuthority({ accounts: [{ accountId: 'crm', ...login }] }).start();
});
afterAll(() => server.stop());
beforeEach(() => {
  folder = folderWith({
    'tokenkeep.yaml': `
store: ./state/tokens.db
allowInsecureLoopback: true
parameters: { gapMs: 1 }
providers: { chatapp: { baseUrl: '${server.url}' } }
accounts:
  crm:
    provider: chatapp
    credentials: { email: a@b.example, password: '\${CRM_PASSWORD}', appId: app_1_1 }
`,
  });
});

const keyFile = () => join(folder, 'state/tokens.db.key');
const keyBytes = () =>
  readFileSync(keyFile(), 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '');

interface Listed {
  readonly keys: readonly { id: string; seals: boolean; accounts: readonly string[] }[];
  readonly missing: readonly { id: string; accounts: readonly string[] }[];
}

/** Runs a command with `--json`; keys need none of the variables that the config refers to. */
async function facts(command: (invocation: Invocation) => unknown) {
  const { invocation, out } = recordedCommand(join(folder, 'tokenkeep.yaml'), {}, true);
  await command(invocation);
  for (const key of keyBytes()) expect(out()).not.toContain(key);
  return JSON.parse(out());
}

const listed = (): Promise<Listed> => facts(listKeys);

async function withEngine(use: 'getToken' | 'login'): Promise<void> {
  const config = await loadConfig({ path: join(folder, 'tokenkeep.yaml'), env });
  await using engine = await engineFromConfig(config);
  await engine[use]('crm');
}

describe('keys', () => {
  test('a new key opens, a promoted one seals, a retired one is gone', async () => {
    await withEngine('getToken');
    const [first] = (await listed()).keys;
    expect(first).toEqual({ id: first?.id, seals: true, accounts: ['chatapp/crm'] });

    const { added } = await facts(addKey);
    expect((await listed()).keys).toEqual([first, { id: added, seals: false, accounts: [] }]);

    await facts((invocation) => promoteKey(added, invocation));
    expect((await listed()).keys).toEqual([
      { id: added, seals: true, accounts: [] },
      { ...first, seals: false },
    ]);

    await withEngine('login');
    expect((await listed()).keys[0]).toEqual({ id: added, seals: true, accounts: ['chatapp/crm'] });
    await facts((invocation) => retireKey(first?.id ?? '', invocation));
    expect((await listed()).keys.map(({ id }) => id)).toEqual([added]);
    await withEngine('getToken');
  });

  test('a key that something is sealed with is not retired, and the accounts are named', async () => {
    await withEngine('getToken');
    const [first] = (await listed()).keys;
    const { added } = await facts(addKey);
    await facts((invocation) => promoteKey(added, invocation));
    const retire = facts((invocation) => retireKey(first?.id ?? '', invocation));
    await expect(retire).rejects.toMatchObject({
      code: 'CONFIGURATION_INVALID',
      reason: 'key_file',
      message: expect.stringMatching(/is needed to open chatapp\/crm\. Renew them first/),
    });
    expect((await listed()).keys).toHaveLength(2);
  });

  test('a key that a pair in escrow is sealed with is not retired', async () => {
    await withEngine('getToken');
    const { added } = await facts(addKey);
    mkdirSync(join(folder, 'state/tokens.db.escrow'), { recursive: true, mode: 0o700 });
    writeFileSync(join(folder, 'state/tokens.db.escrow/1.escrow'), `....tk1.${added}.AAAA`);
    const retire = facts((invocation) => retireKey(added, invocation));
    await expect(retire).rejects.toThrow(/needed to open a pair in escrow/);
  });

  test('the key that seals is not retired', async () => {
    await withEngine('getToken');
    const [first] = (await listed()).keys;
    const retire = facts((invocation) => retireKey(first?.id ?? '', invocation));
    await expect(retire).rejects.toThrow(/is the one that seals\. Promote another one first/);
  });

  test('an unknown key is refused with the ones there are', async () => {
    await withEngine('getToken');
    const [first] = (await listed()).keys;
    const promote = facts((invocation) => promoteKey('kx', invocation));
    await expect(promote).rejects.toThrow(`There is no key kx. Known: ${first?.id}.`);
  });

  test('a key that is missing from the file is told of, with what it sealed', async () => {
    await withEngine('getToken');
    const [first] = (await listed()).keys;
    writeFileSync(keyFile(), `other ${Buffer.alloc(32, 'x').toString('base64')}\n`);
    expect(await listed()).toMatchObject({
      keys: [{ id: 'other', accounts: [] }],
      missing: [{ id: first?.id, accounts: ['chatapp/crm'] }],
    });
  });

  test('before the first use there is no key, and none is made', async () => {
    const { invocation, out } = recordedCommand(join(folder, 'tokenkeep.yaml'));
    await listKeys(invocation);
    expect(out()).toMatch(/^No key yet/);
    await expect(addKey(invocation)).rejects.toThrow(/There is no key file .* yet/);
  });

  test('S22 ids and accounts are shown, never a byte of a key', async () => {
    await withEngine('getToken');
    const path = join(folder, 'tokenkeep.yaml');
    const { invocation, out } = recordedCommand(path);
    await addKey(invocation);
    await listKeys(invocation);
    expect(out()).toMatch(/ {2}k\w+ {2}seals {2}chatapp\/crm\n {2}k\w+ {2}opens {2}nothing/);
    for (const key of keyBytes()) expect(out()).not.toContain(key);
  });

  test('S22 nothing of a key file that is damaged is in the error', async () => {
    await withEngine('getToken');
    writeFileSync(keyFile(), 'k1 canary-4711 more\n');
    const { invocation } = recordedCommand(join(folder, 'tokenkeep.yaml'));
    await expect(listKeys(invocation)).rejects.toThrow(/does not hold a key in each line/);
    await expect(listKeys(invocation)).rejects.not.toThrow(/canary/);
  });
});
