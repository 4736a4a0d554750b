import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.js';
import { serverProgram } from './server-program.js';

const program = serverProgram('redis-server');

/** Why there is no Redis here, and what to do about it. */
export const redisMissing: string | undefined =
  program === undefined ? 'needs redis-server: apt-get install redis-server' : undefined;

const startWithinMs = 20_000;

export interface RedisServer {
  /** With the password. */
  readonly url: string;
  readonly port: number;
  readonly password: string;
  readonly pid: number;
  readonly dataFolder: string;
  /** What the server wrote into its log so far. */
  log(): string;
  /** SIGKILL, in the middle of whatever it does. */
  kill(): Promise<void>;
  /** Starts it again on the same port with the same files, killed before or not. */
  restart(): Promise<void>;
  /** Ends it and removes its files. */
  stop(): Promise<void>;
}

export interface RedisServerOptions {
  /** Settings by name, over those of a server that loses nothing. */
  readonly config?: Readonly<Record<string, string>>;
}

/** A private server on a free port, which writes down everything before it answers. */
export async function startRedis({ config = {} }: RedisServerOptions = {}): Promise<RedisServer> {
  if (program === undefined) throw new Error(`This ${redisMissing}`);
  const folder = mkdtempSync(join(tmpdir(), 'tokenkeep-redis-'));
  const port = await portWithBus();
  const password = 'correct-horse';
  const settings = {
    port: String(port),
    bind: '127.0.0.1',
    dir: folder,
    save: '',
    appendonly: 'yes',
    appendfsync: 'always',
    requirepass: password,
    masterauth: password,
    ...config,
  };
  let log = '';
  const keep = (text: string) => {
    log += text;
  };
  let server = await started(program, settings, keep);
  return {
    url: `redis://:${password}@127.0.0.1:${port}`,
    port,
    password,
    get pid() {
      return server.pid ?? 0;
    },
    dataFolder: folder,
    log: () => log,
    kill: () => ended(server, 'SIGKILL'),
    async restart() {
      await ended(server, 'SIGTERM');
      server = await started(program, settings, keep);
    },
    async stop() {
      await ended(server, 'SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Settings go through stdin, so that no password is in the list of processes. */
async function started(
  path: string,
  settings: Record<string, string>,
  keep: (text: string) => void,
): Promise<ChildProcess> {
  const server = spawn(path, ['-'], { stdio: ['pipe', 'pipe', 'ignore'] });
  const lines = Object.entries(settings).map(([name, value]) => `${name} ${value || '""'}\n`);
  server.stdin.end(lines.join(''));
  let log = '';
  await new Promise<void>((resolve, reject) => {
    const failed = () => reject(new Error(`redis-server did not start: ${log}`));
    const timer = setTimeout(failed, startWithinMs);
    server.once('exit', failed);
    // Read on for ever, or the server would wait for its log to be read.
    server.stdout.setEncoding('utf8').on('data', (text: string) => {
      keep(text);
      log += text;
      if (!log.includes('Ready to accept connections')) return;
      log = '';
      clearTimeout(timer);
      server.off('exit', failed);
      resolve();
    });
  });
  return server;
}

async function ended(server: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  server.kill(signal);
  await once(server, 'exit');
}

/** The port of a cluster's bus is 10,000 higher, and has to exist. */
async function portWithBus(): Promise<number> {
  const port = await freePort();
  return port > 55_000 ? portWithBus() : port;
}
