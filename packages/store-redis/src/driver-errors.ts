import { TokenError } from '@tokenkeep/core';
import { schemaVersion } from './keys.js';

/**
 * The word an error of the server begins with. Redis 6 puts that of a command in a script into the
 * middle. Nothing else of the message is looked at: it may quote what was written.
 */
export function replyCode(error: unknown): string | undefined {
  const { name, message } = Object(error) as { name?: unknown; message?: unknown };
  if (name !== 'ReplyError' || typeof message !== 'string') return undefined;
  const inScript =
    /^-?(?:ERR Error running script|@user_script).*?: -?(OOM|READONLY|WRONGTYPE|MISCONF|NOPERM|NOREPLICAS|MASTERDOWN) /s;
  const code = inScript.exec(message)?.[1] ?? /^-?([A-Z]+)\b/.exec(message)?.[1] ?? 'unknown';
  if (code !== 'ERR') return code;
  if (/can't run this command|can't access at least one of the keys|ACL failure/.test(message)) {
    return 'NOPERM';
  }
  return /^-?ERR unknown command/i.test(message) ? 'UNKNOWN' : code;
}

/** Whatever the driver fails with, as the operator needs it. The driver's message stays behind. */
export function storeError(error: unknown, where: string): TokenError {
  if (TokenError.is(error)) return error;
  const code = replyCode(error);
  if (code !== undefined) return refused(code, error as Error, where);
  // What a cluster fails with does not say why; its last node does.
  const { code: cause, lastNodeError } = Object(error) as Record<string, unknown>;
  if (lastNodeError !== undefined && lastNodeError !== error)
    return storeError(lastNodeError, where);
  if (typeof cause === 'string' && /^[A-Z0-9_]+$/.test(cause)) return unreachable(cause, where);
  return lost(where);
}

/**
 * What somebody has to put right is an outage where it begins under an open store: a password that
 * was changed on the server first. Tokens in memory are served on meanwhile.
 */
export function whileOpen(error: unknown): unknown {
  if (!TokenError.is(error, 'STORE_MISCONFIGURED')) return error;
  const { message, reason = 'misconfigured' } = error;
  return new TokenError('STORE_UNAVAILABLE', message, { reason, retryable: true });
}

/** Before anything was sent. */
export function notWritable(where: string): TokenError {
  return unavailable(
    'no_connection',
    `there is no connection to Redis at ${where}. Is it running?`,
  );
}

export function lost(where: string): TokenError {
  return unavailable(
    'connection_lost',
    `the connection to Redis at ${where} was lost. What was being written may be there or not`,
  );
}

export function timedOut(where: string, timeoutMs: number): TokenError {
  return unavailable(
    'timeout',
    `Redis at ${where} has not answered within ${timeoutMs} ms. What was being written may be there or not`,
  );
}

export function noTls(where: string, timeoutMs: number): TokenError {
  return unavailable(
    'no_tls',
    `Redis at ${where} has not answered the greeting of TLS within ${timeoutMs} ms, as a server without TLS does. Turn TLS on there, or write redis:// instead of rediss://`,
  );
}

function unreachable(code: string, where: string): TokenError {
  if (/CERT|TLS|SSL|SELF_SIGNED/.test(code)) {
    return misconfigured(
      'tls',
      `Redis at ${where} does not prove who it is (${code}). Correct its certificate, or give an ioredis client with the right "tls.ca"`,
    );
  }
  return unavailable('no_connection', `Redis at ${where} cannot be reached (${code})`);
}

function refused(code: string, error: Error, where: string): TokenError {
  switch (code) {
    case 'TKSCHEMA':
      return otherSchema(error.message, where);
    case 'TKFOREIGN':
    case 'WRONGTYPE':
      return misconfigured(
        'foreign_keys',
        `Redis at ${where} has keys of another program where this store's are. Choose another "prefix"`,
      );
    case 'TKDAMAGED':
    case 'TKIDENTITY':
      return permanent(
        'damaged',
        `the store in Redis at ${where} is not what was written. Find out who writes to its keys, and restore a backup`,
      );
    case 'NOAUTH':
    case 'WRONGPASS':
      return misconfigured(
        'credentials_rejected',
        `Redis at ${where} does not accept this user and password, or wants one (${code})`,
      );
    case 'NOPERM':
      return misconfigured(
        'permission_denied',
        `this user may not do what the store does in Redis at ${where}. ${permissions}`,
      );
    case 'UNKNOWN':
      return misconfigured(
        'server_too_old',
        `Redis at ${where} lacks a command. The store needs Redis 6.2 or later, or Valkey`,
      );
    case 'READONLY':
      return unavailable(
        'not_master',
        `Redis at ${where} has become a replica. The next call looks for the master at the same address`,
      );
    case 'OOM':
      return unavailable(
        'out_of_memory',
        `Redis at ${where} has no memory left and writes nothing. Raise maxmemory: redis-cli config set maxmemory`,
      );
    case 'MISCONF':
      return unavailable(
        'disk_failed',
        `Redis at ${where} cannot write to its disk and accepts no writes. Make space and look into its log`,
      );
    case 'LOADING':
      return unavailable('loading', `Redis at ${where} is reading its data from the disk`);
    case 'NOREPLICAS':
      return unavailable(
        'not_replicated',
        `Redis at ${where} has fewer replicas than min-replicas-to-write`,
      );
    case 'MASTERDOWN':
    case 'CLUSTERDOWN':
    case 'TRYAGAIN':
    case 'MOVED':
    case 'ASK':
    case 'BUSY':
    case 'UNBLOCKED':
      return unavailable('server_busy', `Redis at ${where} cannot answer for now (${code})`);
    default:
      return permanent('driver_error', `Redis at ${where} refused an operation (${known(code)})`);
  }
}

const permissions =
  'It needs ~{prefix}:* &{prefix}:* with +eval +evalsha +info +config|get +get +set +exists +time +hset +hget +hmget +zadd +zrem +zcard +zrange +zrangebylex +zmscore +publish +subscribe, and +wait or +waitaof where those are used';

function otherSchema(message: string, where: string): TokenError {
  const version = Number(/TKSCHEMA (\d{1,9})\b/.exec(message)?.[1]);
  if (version > schemaVersion) {
    return new TokenError(
      'STORE_SCHEMA_NEWER',
      `the store in Redis at ${where} has schema ${version}, this program knows up to ${schemaVersion}. Update it: npm install @tokenkeep/store-redis@latest`,
      { reason: 'schema_newer' },
    );
  }
  return permanent(
    'emptied',
    `the store in Redis at ${where} is gone: the server was emptied, or another has taken over that lacks its data. Bring the data back, or start again and log every account in`,
  );
}

/** Nothing but the first word of a message, and only if it looks like Redis' own. */
function known(code: string): string {
  return code.length <= 20 ? code : 'unknown';
}

export function unavailable(reason: string, message: string): TokenError {
  return new TokenError('STORE_UNAVAILABLE', `${message}.`, { reason, retryable: true });
}

export function misconfigured(reason: string, message: string): TokenError {
  return new TokenError('STORE_MISCONFIGURED', `${message}.`, { reason });
}

function permanent(reason: string, message: string): TokenError {
  return new TokenError('STORE_UNAVAILABLE', `${message}.`, { reason });
}
