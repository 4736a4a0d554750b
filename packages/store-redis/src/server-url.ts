import { TokenError } from '@tokenkeep/core';
import type { RedisOptions } from 'ioredis';

const SHAPE = 'redis://[user[:password]@]host[:port][/database], or rediss:// for TLS';

/** @throws TokenError `CONFIGURATION_INVALID` that repeats nothing of the URL */
export function checkUrl(url: unknown): void {
  fromUrl(url);
}

/** What a URL says, as options of the driver. The driver's own parser also takes what is no URL. */
export function fromUrl(url: unknown): RedisOptions {
  if (typeof url !== 'string') throw invalid('is no text');
  if (!URL.canParse(url)) throw invalid('cannot be read');
  const { protocol, username, password, hostname, port, pathname, search, hash } = new URL(url);
  if (protocol !== 'redis:' && protocol !== 'rediss:') throw invalid('has another protocol');
  if (hostname === '') throw invalid('names no host');
  if (search !== '' || hash !== '') {
    throw invalid(
      'has a query or a fragment; for other settings make an ioredis client and give { client }',
    );
  }
  const database = /^\/?(\d{0,9})$/.exec(pathname)?.[1];
  if (database === undefined) throw invalid('has a path that is no database number');
  // An IPv6 address stands in brackets, which are the URL's and not the address's.
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  return {
    host,
    port: port === '' ? 6379 : Number(port),
    db: Number(database),
    ...(username === '' ? {} : { username: decoded(username) }),
    ...(password === '' ? {} : { password: decoded(password) }),
    ...(protocol === 'rediss:' ? { tls: { servername: host } } : {}),
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid('has a user or a password with a % that encodes nothing: write %25');
  }
}

function invalid(what: string): TokenError {
  return new TokenError(
    'CONFIGURATION_INVALID',
    `redisStore: this url ${what}. It is ${SHAPE}; special characters of a password are percent-encoded.`,
  );
}
