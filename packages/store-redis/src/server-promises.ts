import type { Connection } from './connection.js';
import { replyOf } from './database.js';
import { misconfigured, replyCode, storeError, unavailable } from './driver-errors.js';

const OLDEST = [6, 2];

/** What a server says about itself. */
interface Facts {
  /** Of `INFO`. */
  readonly info: ReadonlyMap<string, string>;
  /** Of `CONFIG GET`; `undefined`: it may not be asked. */
  readonly config: ReadonlyMap<string, string> | undefined;
}

/** As much of a connection as is needed to ask. */
type Asked = Pick<Connection, 'send'>;

/** Everything that decides whether a write stays. */
const settings = ['appendonly', 'appendfsync', 'no-appendfsync-on-rewrite', 'maxmemory-policy'];

/**
 * The driver goes on in database 0 where the server has no such one, and says nothing: two stores that
 * were kept apart would share their accounts.
 *
 * @throws TokenError `STORE_MISCONFIGURED`
 */
export async function selectDatabase(
  connection: Asked,
  database: number,
  where: string,
): Promise<void> {
  if (database === 0) return;
  const [answer] = await connection.send([['select', database]]);
  if (answer?.error === undefined) return;
  if (replyCode(answer.error) !== 'ERR') throw storeError(answer.error, where);
  throw misconfigured(
    'no_database',
    `Redis at ${where} has no database ${database}. Take one of a lower number, raise its setting "databases", or keep stores apart by the option prefix`,
  );
}

/**
 * What the server does not promise, each a sentence that says how to change it.
 *
 * @throws TokenError `STORE_MISCONFIGURED` for one that cannot be used at all
 */
export async function weaknessesOf(
  connection: Asked,
  key: string,
  waitaof: boolean,
  where: string,
): Promise<readonly string[]> {
  const facts = await askServer(connection, key, where);
  checkUsable(facts.info, where);
  return weaknessesIn(facts, waitaof, where);
}

/** The same of the server behind a new connection: what cannot be used is said by what is asked of it. */
export async function weaknessesNow(
  connection: Asked,
  key: string,
  waitaof: boolean,
  where: string,
): Promise<readonly string[]> {
  return weaknessesIn(await askServer(connection, key, where), waitaof, where);
}

function weaknessesIn(facts: Facts, waitaof: boolean, where: string): readonly string[] {
  return [...logWeaknesses(facts, waitaof, where), ...memoryWeaknesses(facts, where)];
}

/** `key` leads to the one server of a cluster that holds the store. */
async function askServer(connection: Asked, key: string, where: string): Promise<Facts> {
  const [, info, ...gets] = await connection.send([
    ['exists', key],
    ['info'],
    ...settings.map((name) => ['config', 'get', name] as const),
  ]);
  const text = String(replyOf(info, where));
  const lines = text.split('\r\n').map((line) => line.split(/:(.*)/s, 2) as [string, string]);
  const config = new Map<string, string>();
  for (const answer of gets) {
    if (answer.error === undefined) {
      const [name, value] = answer.reply as [string?, string?];
      if (name !== undefined && value !== undefined) config.set(name, value);
    } else if (!['NOPERM', 'UNKNOWN', 'ERR'].includes(replyCode(answer.error) ?? '')) {
      throw storeError(answer.error, where);
    }
  }
  return { info: new Map(lines), config: config.size === 0 ? undefined : config };
}

function checkUsable(info: ReadonlyMap<string, string>, where: string): void {
  const version = info.get('redis_version') ?? '';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = OLDEST;
  if (major < oldestMajor || (major === oldestMajor && minor < oldestMinor)) {
    throw misconfigured(
      'server_too_old',
      `Redis at ${where} has version ${/^[\d.]{1,20}$/.test(version) ? version : 'unknown'}. The store needs ${OLDEST.join('.')} or later`,
    );
  }
  if (info.get('role') !== 'master') {
    throw misconfigured(
      'replica',
      `Redis at ${where} is a replica, which cannot be written. Give the address of the master, or an ioredis client with the sentinels`,
    );
  }
  if (info.get('aof_enabled') === '1' && info.get('aof_last_write_status') === 'err') {
    throw unavailable(
      'disk_failed',
      `Redis at ${where} could not write its log (aof_last_write_status:err). Make space and look into its log`,
    );
  }
}

function* logWeaknesses({ info, config }: Facts, waitaof: boolean, where: string) {
  const logged = config?.get('appendonly') ?? (info.get('aof_enabled') === '1' ? 'yes' : 'no');
  if (logged !== 'yes') {
    yield `Redis at ${where} keeps no log of writes: a restart loses them. Set appendonly yes and appendfsync always.`;
    return;
  }
  const synced = config?.get('appendfsync');
  if (synced === undefined) {
    if (!waitaof) {
      yield `Redis at ${where} does not let this user see whether writes are synced to the disk. Allow +config|get, or ask its operator for appendfsync always and set whenNotDurable to "warn".`;
    }
  } else if (synced === 'no') {
    yield `Redis at ${where} leaves it to the system when writes are synced to the disk (appendfsync no): a crash loses half a minute. Set appendfsync always.`;
  } else if (synced !== 'always' && !waitaof) {
    yield `Redis at ${where} syncs its disk once a second (appendfsync ${synced}): a crash loses the last writes. Set appendfsync always, or, from Redis 7.2 on, the option fsync: "waitaof".`;
  }
  if (config?.get('no-appendfsync-on-rewrite') === 'yes') {
    yield `Redis at ${where} does not sync writes while it rewrites its log. Set no-appendfsync-on-rewrite no.`;
  }
}

function* memoryWeaknesses({ info, config }: Facts, where: string) {
  const policy = config?.get('maxmemory-policy') ?? info.get('maxmemory_policy');
  if (policy === undefined) {
    yield `Redis at ${where} does not say whether it removes keys when memory is short. Set maxmemory-policy noeviction, and allow +info.`;
  } else if (policy !== 'noeviction') {
    yield `Redis at ${where} removes keys when memory is short (maxmemory-policy ${policy}): accounts would vanish. Set maxmemory-policy noeviction.`;
  }
}
