import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { sandboxAccounts, sandboxConfig } from '../src/sandbox/sandbox-world.js';
import { RunningCli } from './running-cli.js';

let folder = '';
const running: RunningCli[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tokenkeep-sandbox-'));
});

afterEach(async () => {
  for (const cli of running.splice(0)) await cli.kill();
  rmSync(folder, { recursive: true, force: true });
});

function start(...args: string[]): RunningCli {
  const cli = new RunningCli(args, { cwd: folder });
  running.push(cli);
  return cli;
}

/** The first of three ports in a row that were free a moment ago. */
async function freePorts(): Promise<number> {
  for (;;) {
    await using first = await listening(0);
    await using second = await listening(first.port + 1);
    await using third = await listening(first.port + 2);
    if (second.port > 0 && third.port > 0) return first.port;
  }
}

/** A listener; its port is 0 where the one that was asked for is not free. */
async function listening(wanted: number) {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.once('error', () => resolve());
    server.listen(wanted, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo | null)?.port ?? 0,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => void server.close(() => resolve())),
  };
}

test('the sandbox serves every account of the configuration it shows, and logs each request', async () => {
  const port = await freePorts();
  const sandbox = start('sandbox', '--port', String(port), '--life', '1h');
  await sandbox.shows('Requests, as they come');
  expect(sandbox.written).toContain('Access tokens live 1 h.');
  const config = { ...sandboxConfig(port), store: './tokens.db' };
  writeFileSync(join(folder, 'tokenkeep.json'), JSON.stringify(config), { mode: 0o600 });
  for (const { name, baseUrl, apiPath } of sandboxAccounts(port)) {
    const { out } = await start('token', name, '--json').ended;
    const { headers } = JSON.parse(out);
    expect((await fetch(baseUrl + apiPath, { headers })).status).toBe(200);
    await sandbox.shows(`GET ${apiPath}  200 served`);
  }
  sandbox.signal('SIGINT');
  expect(await sandbox.ended).toMatchObject({ code: 0, err: '' });
});

test('the sandbox says which port is in use and which to take', async () => {
  await using taken = await listening(0);
  const { code, out, err } = await start('sandbox', '--port', String(taken.port)).ended;
  expect([code, out]).toEqual([2, '']);
  expect(err).toContain(`Port ${taken.port} is in use.`);
  expect(err).toMatch(/tokenkeep sandbox --port \d+/);
});
