import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { freePort } from '@tokenkeep/servers';
import { boxesOf, pagesOf } from './docs/markdown.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'tokenkeep-first-'));
const project = join(folder, 'project');
const file = 'docs/tutorials/first-token.md';

let port = 0;
let sandbox: ChildProcess | undefined;

/** What a newcomer's shell has: nothing of npm that runs these tests. */
const env = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name))),
  NODE_OPTIONS: '',
  NO_COLOR: '1',
  XDG_STATE_HOME: join(folder, 'state'),
  XDG_CONFIG_HOME: join(folder, 'config'),
};

const boxes = pagesOf(root)
  .filter((page) => page.file === file)
  .flatMap(boxesOf);

beforeAll(async () => {
  port = await freePort();
  mkdirSync(project);
});

afterAll(() => {
  if (sandbox?.pid !== undefined) process.kill(-sandbox.pid, 'SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** Every package as it would be published. */
function pack(): string[] {
  const packed = join(folder, 'packed');
  mkdirSync(packed);
  const args = ['pack', '--workspaces', '--ignore-scripts', '--pack-destination', packed];
  const { status, stderr } = spawnSync('npm', args, { cwd: root, encoding: 'utf8', env });
  if (status !== 0) throw new Error(`npm pack failed: ${stderr}`);
  return readdirSync(packed).map((name) => join(packed, name));
}

function shell(code: string): string {
  const { status, stdout, stderr } = spawnSync('bash', ['--norc', '-euc', code], {
    cwd: project,
    encoding: 'utf8',
    env,
  });
  if (status !== 0) throw new Error(`${code}\nended with ${status}: ${stdout}${stderr}`);
  return stdout;
}

/** The page's own ports may be in use on this machine. */
function onFreePorts(text: string): string {
  return [0, 1, 2].reduce(
    (changed, offset) => changed.replaceAll(`${7311 + offset}`, `${port + offset}`),
    text,
  );
}

async function inBackground(code: string): Promise<void> {
  const command = `exec ${code.trim()} --port ${port}`;
  sandbox = spawn('bash', ['--norc', '-euc', command], {
    cwd: project,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const { stdout } = sandbox;
  await new Promise<void>((resolve, reject) => {
    sandbox?.once('exit', () => reject(new Error('The sandbox ended.')));
    // Read on to the end: a closed pipe would end the sandbox.
    stdout?.setEncoding('utf8').on('data', (text: string) => {
      if (text.includes(`${port + 2}`)) resolve();
    });
  });
}

test('the tutorial, from the tarballs in an empty folder, gives a token and an answered request', async () => {
  const said: string[] = [];
  for (const { language, mark, code } of boxes) {
    if (language === 'js') {
      writeFileSync(join(project, mark), onFreePorts(code));
    } else if (mark === 'background') {
      await inBackground(code);
    } else if (code.includes('npm install')) {
      said.push(shell('npm init --yes'));
      said.push(shell(`npm install --no-audit --no-fund ${pack().join(' ')}`));
    } else {
      said.push(shell(code));
    }
    if (!code.includes('tokenkeep init')) continue;
    const config = join(project, 'tokenkeep.yaml');
    writeFileSync(config, onFreePorts(readFileSync(config, 'utf8')));
  }
  const [token = ''] = said.filter((text) => /^\S{20,}\n$/.test(text));
  expect(token).not.toBe('');
  expect(said).toContainEqual(`${token.trim().length} characters\n`);
  expect(said).toContainEqual(expect.stringMatching(/^200 \[/));
  expect(said).toContainEqual('200\n');
  expect(said).toContainEqual(expect.stringMatching(/crm +● live/));
  expect(said).toContainEqual(expect.stringContaining('Nothing is wrong.'));
}, 180_000);
