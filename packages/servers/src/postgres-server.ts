import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.js';
import { serverProgram } from './server-program.js';
import { onSmallDisk } from './small-disk.js';

const programs = { initdb: serverProgram('initdb'), postgres: serverProgram('postgres') };

/** What to install where a test cannot run; `undefined`: it can. */
export const postgresMissing: string | undefined =
  programs.initdb === undefined || programs.postgres === undefined
    ? 'needs PostgreSQL: apt-get install postgresql'
    : undefined;

/** PostgreSQL refuses to run as root: then it runs as `nobody`. */
const nobody = 65_534;
const isRoot = process.getuid?.() === 0;

/** The signals by which the server process ends: see pg_ctl. */
const signals = { fast: 'SIGINT', immediate: 'SIGQUIT' } as const;

export interface PostgresServerOptions {
  /** Lines of postgresql.conf, e.g. `{ fsync: 'off' }`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** A data folder that was made already, by `pg_basebackup`. */
  readonly dataFolder?: string;
  /** Another disk, of so many megabytes, that only the server sees; it is empty at each start. */
  readonly smallDiskMegabytes?: number;
}

export interface PostgresServer {
  /** Of a user who may make schemas in the database, and nothing else. */
  readonly url: string;
  readonly superuserUrl: string;
  readonly port: number;
  readonly dataFolder: string;
  readonly pid: number;
  /** Where the small disk is mounted; `undefined`: none was asked for. */
  readonly smallDisk: string | undefined;
  /** What the server wrote into its log so far. */
  log(): string;
  restart(mode: keyof typeof signals): Promise<void>;
  /** Ends it as a crash does; `restart` brings it back. */
  kill(): Promise<void>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
  /** Where `pg_basebackup` and others find their data: a folder that the server's user owns. */
  newFolder(): string;
}

/** A private PostgreSQL on a free port, with data in a temporary folder. */
export async function startPostgres(options: PostgresServerOptions = {}): Promise<PostgresServer> {
  if (postgresMissing !== undefined) throw new Error(postgresMissing);
  const folders: string[] = [];
  const newFolder = () => {
    const folder = mkdtempSync(join(tmpdir(), 'tokenkeep-postgres-'));
    folders.push(folder);
    if (isRoot) chownSync(folder, nobody, nobody);
    return folder;
  };
  const port = await freePort();
  const folder = newFolder();
  const data = options.dataFolder ?? join(folder, 'data');
  const remove = () => {
    for (const each of folders) rmSync(each, { recursive: true, force: true });
  };
  try {
    if (options.dataFolder === undefined) initialise(folder, data);
  } catch (error) {
    remove();
    throw error;
  }
  configure(data, { port: String(port), unix_socket_directories: '', ...options.settings });

  const { smallDiskMegabytes: megabytes } = options;
  const smallDisk = megabytes === undefined ? undefined : newFolder();
  const command = asServerUser([programs.postgres ?? '', '-D', data]);
  const mounted = `size=${megabytes}m,mode=700,uid=${nobody},gid=${nobody}`;

  let server: ChildProcess;
  const start = async () => {
    const log = join(folder, 'log');
    writeFileSync(log, '', { flag: 'a' });
    const line = smallDisk === undefined ? command : onSmallDisk(smallDisk, mounted, command);
    const [program = '', ...args] = line;
    server = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    server.stderr?.on('data', (text: Buffer) => appendFileSync(log, text));
    const ended = once(server, 'exit').then(() => 'ended' as const);
    const isReady = () => /ready to accept (read-only )?connections/.test(lastStart(folder));
    while (!isReady()) {
      const state = await Promise.race([ended, pause(20)]);
      if (state === 'ended') throw new Error(`PostgreSQL did not start: ${lastStart(folder)}`);
    }
  };
  const end = async (signal: NodeJS.Signals) => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, 'exit');
    server.kill(signal);
    await ended;
    appendFileSync(join(folder, 'log'), `${endOfRun}\n`);
  };
  await start();
  const at = (user: string, password: string) =>
    `postgres://${user}:${password}@127.0.0.1:${port}/tokens`;
  const superuserUrl = at('admin', 'admin-password');
  return {
    url: at('keeper', 'keeper-password'),
    superuserUrl,
    port,
    dataFolder: data,
    smallDisk,
    newFolder,
    get pid() {
      return server.pid ?? 0;
    },
    log: () => readFileSync(join(folder, 'log'), 'utf8'),
    restart: async (mode) => {
      await end(signals[mode]);
      await start();
    },
    kill: async () => {
      // A killed postmaster leaves its children to themselves: SIGQUIT is the crash of all.
      await end(signals.immediate);
    },
    stop: async () => {
      await end(signals.immediate);
      remove();
    },
  };
}

const endOfRun = '-- ended --';

function lastStart(folder: string): string {
  return readFileSync(join(folder, 'log'), 'utf8').split(endOfRun).at(-1) ?? '';
}

/** A database and two users, made without a server: `postgres --single` reads SQL line by line. */
function initialise(folder: string, data: string): void {
  const password = join(folder, 'password');
  writeFileSync(password, 'admin-password\n', { mode: 0o600 });
  if (isRoot) chownSync(password, nobody, nobody);
  const { initdb = '', postgres = '' } = programs;
  const flags = ['--no-sync', '--encoding=UTF8', '--locale=C.UTF-8', '--username=admin'];
  run([initdb, '-D', data, ...flags, '--auth=scram-sha-256', `--pwfile=${password}`]);
  const sql = (database: string, lines: readonly string[]) =>
    run([postgres, '--single', '-D', data, '-F', database], lines.join('\n'));
  sql('postgres', [
    "CREATE ROLE keeper LOGIN PASSWORD 'keeper-password'",
    'CREATE DATABASE tokens',
    'GRANT CREATE ON DATABASE tokens TO keeper',
  ]);
  chmodSync(folder, 0o700);
}

function configure(data: string, settings: Readonly<Record<string, string>>): void {
  const lines = Object.entries({
    listen_addresses: '127.0.0.1',
    max_connections: '200',
    shared_buffers: '32MB',
    ...settings,
  }).map(([name, value]) => `${name} = '${value}'\n`);
  appendFileSync(join(data, 'postgresql.conf'), lines.join(''));
}

/** A command that the server's user runs. */
export function asServerUser(command: readonly string[]): readonly string[] {
  if (!isRoot) return command;
  return ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups', ...command];
}

function run(command: readonly string[], input = ''): void {
  const [program = '', ...args] = asServerUser(command);
  execFileSync(program, args, { input, stdio: ['pipe', 'ignore', 'pipe'], cwd: tmpdir() });
}

function pause(ms: number): Promise<'paused'> {
  return new Promise((resolve) => setTimeout(() => resolve('paused'), ms));
}
