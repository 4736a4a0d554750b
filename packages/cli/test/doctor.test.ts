import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ChatAppAuthority, canary, fault, scanForCanaries } from '@tokenkeep/testing';
import { doctor } from '../src/commands/doctor.js';
import { engineFromConfig } from '../src/config/engine-from-config.js';
import { loadConfig } from '../src/config/load-config.js';
import type { Finding } from '../src/doctor/finding.js';
import { folderWith } from './config-folder.js';
import { recordedCommand } from './recorded-command.js';

const password = canary('password');
const login = { email: 'a@b.example', password: password.secret, appId: 'app_1_1' };
const env = { CRM_PASSWORD: password.secret };
let server: ChatAppAuthority;

beforeAll(async () => {
  server = await new ChatAppAuthority({ accounts: [{ accountId: 'crm', ...login }] }).start();
});
afterAll(() => server.stop());

function config(password: string): string {
  return `store: ./state/tokens.db
allowInsecureLoopback: true
providers: { chatapp: { baseUrl: '${server.url}' } }
accounts:
  crm:
    provider: chatapp
    credentials: { email: a@b.example, password: '${password}', appId: app_1_1 }
`;
}

/** A folder with a config and a store in which the account has a token. */
async function used(): Promise<string> {
  const folder = folderWith({ 'tokenkeep.yaml': config(`\${CRM_PASSWORD}`) });
  await using engine = await engineFromConfig(await loadConfig({ cwd: folder, env }));
  await engine.getToken('crm');
  return folder;
}

interface Diagnosis {
  readonly code: number;
  readonly healthy: boolean;
  readonly findings: readonly Finding[];
  readonly out: string;
}

async function diagnosed(folder: string, online = false, variables: NodeJS.ProcessEnv = env) {
  const path = join(folder, 'tokenkeep.yaml');
  const asJson = recordedCommand(path, variables, true);
  const code = await doctor({ online }, asJson.invocation);
  const inWords = recordedCommand(path, variables);
  expect(await doctor({ online }, inWords.invocation)).toBe(code);
  const out = inWords.out();
  expect(scanForCanaries(out + asJson.out(), [password])).toEqual([]);
  return { ...JSON.parse(asJson.out()), code, out } as Diagnosis;
}

const wrong = ({ findings }: Diagnosis) =>
  findings.filter(({ state }) => state === 'bad').map(({ check }) => check);

describe('doctor finds nothing wrong', () => {
  test('with a store in use', async () => {
    const diagnosis = await diagnosed(await used());
    expect(diagnosis).toMatchObject({ code: 0, healthy: true });
    const states = diagnosis.findings.map(({ check, state }) => [check, state]);
    expect(states).toEqual([
      ['config', 'good'],
      ['references', 'good'],
      ['store', 'good'],
      ['key_file', 'good'],
      ['rows', 'good'],
      ['accounts', 'good'],
    ]);
    expect(diagnosis.out).toMatch(/✔ 1 record in the store, all readable\./);
    expect(diagnosis.out).toMatch(/Nothing is wrong\.$/);
  });

  test('before the first use, and makes nothing', async () => {
    const folder = folderWith({ 'tokenkeep.yaml': config(`\${CRM_PASSWORD}`) });
    const diagnosis = await diagnosed(folder);
    expect(diagnosis).toMatchObject({ code: 0, healthy: true });
    expect(readdirSync(folder)).toEqual(['tokenkeep.yaml']);
  });

  test('with --online it asks where providers are, and sends no token request', async () => {
    const before = server.log.entries.length;
    const diagnosis = await diagnosed(await used(), true);
    expect(diagnosis.code).toBe(0);
    const checks = diagnosis.findings.map(({ check }) => check);
    expect(checks.slice(-2)).toEqual(['reach', 'clock']);
    const asked = server.log.entries.slice(before).map(({ operation }) => operation);
    expect(asked.filter((operation) => operation === 'obtain')).toHaveLength(1);
    expect(asked).not.toContain('refresh');
  });
});

describe('doctor says what is wrong, and what to do', () => {
  test('a mistake in the config, with its line', async () => {
    const folder = folderWith({ 'tokenkeep.yaml': `${config('x')}acounts: {}\n` });
    const diagnosis = await diagnosed(folder);
    expect(diagnosis.code).toBe(2);
    expect(wrong(diagnosis)).toEqual(['config']);
    expect(diagnosis.out).toMatch(/✖ .*tokenkeep\.yaml:8:1 acounts: There is no "acounts" here/);
    expect(diagnosis.out).toContain('Did you mean "accounts"?');
  });

  test.each(['waitaof', "{ url: 'redis://127.0.0.1:2/9' }", '{ fsync: always }'])(
    'redis: %s is told of once, and the store is looked at without it',
    async (redis) => {
      const text = config(`\${CRM_PASSWORD}`)
        .replace('./state/tokens.db', 'redis://127.0.0.1:1/0')
        .concat(`redis: ${redis}\n`);
      const found = await diagnosed(folderWith({ 'tokenkeep.yaml': text }));
      expect(wrong(found).filter((check) => check === 'config')).toHaveLength(1);
      expect(found.out).not.toMatch(/127\.0\.0\.1:2|has no option/);
    },
  );

  test('no config at all', async () => {
    const diagnosis = await diagnosed(folderWith());
    expect(diagnosis.code).toBe(2);
    expect(wrong(diagnosis)).toEqual(['config']);
    expect(diagnosis.out).toContain('1 to put right, from the top.');
  });

  test('a variable that is not set; what does not depend on it is looked at', async () => {
    const diagnosis = await diagnosed(await used(), false, {});
    expect(diagnosis.code).toBe(2);
    expect(wrong(diagnosis)).toEqual(['references']);
    expect(diagnosis.out).toContain('Set it: export CRM_PASSWORD=...');
    expect(diagnosis.out).toContain('✔ 1 record in the store, all readable.');
  });

  test('S27 a store that is open to others, with the command', async () => {
    const folder = await used();
    chmodSync(join(folder, 'state/tokens.db'), 0o644);
    const diagnosis = await diagnosed(folder);
    expect(diagnosis.code).toBe(6);
    expect(wrong(diagnosis)).toEqual(['store']);
    expect(diagnosis.out).toContain(`chmod 600 ${join(folder, 'state/tokens.db')}`);
  });

  test('a key file that is gone, and that no new one is made', async () => {
    const folder = await used();
    rmSync(join(folder, 'state/tokens.db.key'));
    const diagnosis = await diagnosed(folder);
    expect(diagnosis.code).toBe(6);
    expect(wrong(diagnosis)).toEqual(['key_file']);
    expect(diagnosis.out).toContain('Put it back from a backup.');
    expect(readdirSync(join(folder, 'state'))).not.toContain('tokens.db.key');
  });

  test('S27 a key file that is open to others', async () => {
    const folder = await used();
    chmodSync(join(folder, 'state/tokens.db.key'), 0o640);
    const diagnosis = await diagnosed(folder);
    expect(wrong(diagnosis)).toEqual(['key_file']);
    expect(diagnosis.out).toContain('chmod 600');
  });

  test('a key that does not open the rows, with the account', async () => {
    const folder = await used();
    const other = await used();
    writeFileSync(join(folder, 'state/tokens.db.key'), keyOf(other));
    const diagnosis = await diagnosed(folder);
    expect(diagnosis.code).toBe(6);
    expect(wrong(diagnosis)).toEqual(['rows']);
    expect(diagnosis.out).toMatch(/sealed with key "k\w+", which is not in the keyring/);
  });

  test('an account that needs a person, with the login to do', async () => {
    const folder = folderWith({ 'tokenkeep.yaml': config(`\${CRM_PASSWORD}`) });
    const wrongPassword = { CRM_PASSWORD: 'wrong' };
    {
      const loaded = await loadConfig({ cwd: folder, env: wrongPassword });
      await using engine = await engineFromConfig(loaded);
      await expect(engine.getToken('crm')).rejects.toMatchObject({ code: 'CREDENTIALS_REJECTED' });
    }
    const diagnosis = await diagnosed(folder, false, wrongPassword);
    expect(diagnosis.code).toBe(4);
    expect(wrong(diagnosis)).toEqual(['accounts']);
    expect(diagnosis.out).toContain('tokenkeep login crm');
  });

  test('with --online a provider that does not answer', async () => {
    const gone = await new ChatAppAuthority({ accounts: [] }).start();
    const { url } = gone;
    await gone.stop();
    const folder = folderWith({
      'tokenkeep.yaml': config(`\${CRM_PASSWORD}`).replace(server.url, url),
    });
    const diagnosis = await diagnosed(folder, true);
    expect(diagnosis.code).toBe(5);
    expect(wrong(diagnosis)).toEqual(['reach']);
    expect(diagnosis.out).toMatch(/http:\/\/127\.0\.0\.1:\d+ does not answer \(ECONNREFUSED\)/);
  });
});

describe('doctor on a terminal', () => {
  test.each([30, 44, 80])('of %d columns breaks no word and no path', async (width) => {
    const folder = await used();
    const path = join(folder, 'tokenkeep.yaml');
    const { invocation, out } = recordedCommand(path, {});
    const { terminal } = invocation;
    await doctor(
      { online: false },
      { ...invocation, terminal: { ...terminal, isTty: true, width } },
    );
    const lines = out().split('\n');
    // A word that is longer than the line stands alone on it.
    for (const line of lines.filter((each) => each.length > width)) {
      expect(line).toMatch(/^([✔✖▲·] | {2})\S+$/);
    }
    expect(out()).toContain(join(folder, 'state/tokens.db'));
    for (const line of lines.filter(Boolean).slice(0, -1)) expect(line).toMatch(/^([✔✖▲·] | {2})/);
  });

  test('says a whole sentence in one line where no terminal is', async () => {
    const { out } = await diagnosed(await used(), false, {});
    expect(out).toMatch(/✖ .*: The environment variable CRM_PASSWORD is not set\.\n/);
  });
});

describe('doctor warns, and ends well', () => {
  test('of an account that gets no token, though nobody says that a person is needed', async () => {
    const folder = folderWith({ 'tokenkeep.yaml': config(`\${CRM_PASSWORD}`) });
    {
      await using engine = await engineFromConfig(await loadConfig({ cwd: folder, env }));
      server.faults.next('obtain', fault.status(503));
      await expect(engine.getToken('crm', { waitMs: 100 })).rejects.toThrow();
    }
    const diagnosis = await diagnosed(folder);
    expect(diagnosis.code).toBe(0);
    expect(diagnosis.out).toMatch(/▲ Account crm gets no token/);
  });

  test('of a secret in the config', async () => {
    const diagnosis = await diagnosed(folderWith({ 'tokenkeep.yaml': literal() }));
    expect(diagnosis.code).toBe(0);
    expect(diagnosis.out).toMatch(/▲ .* A secret stands in this file\./);
  });

  test('of clocks that differ', async () => {
    const path = join(await used(), 'tokenkeep.yaml');
    const { invocation, out } = recordedCommand(path, env);
    const { terminal } = invocation;
    const ahead = { ...terminal, now: () => Date.now() + 3_600_000 };
    expect(await doctor({ online: true }, { ...invocation, terminal: ahead })).toBe(0);
    expect(out()).toMatch(/▲ The clock here is 3\d{3} s ahead of that of http/);
  });
});

function literal(): string {
  return config('literal').replace(`'${server.url}'`, 'https://api.example.com');
}

function keyOf(folder: string): Buffer {
  return readFileSync(join(folder, 'state/tokens.db.key'));
}
