/** A kind of failure: what happened, and what to do. Follows "PostgreSQL at <location> ". */
export interface Failure {
  readonly reason: string;
  readonly message: string;
  /** Default true: it is an outage. */
  readonly retryable?: boolean;
  /** At `open()`: somebody has to change something first. */
  readonly operator?: boolean;
}

const maybeKept =
  'What was being written may have been kept or not: it is read again before anything is decided';

const lost: Failure = {
  reason: 'connection_lost',
  message: `closed the connection. ${maybeKept}`,
};
const stopping: Failure = {
  reason: 'shutting_down',
  message: `is stopping or starting. ${maybeKept}`,
};
const refusedLogin: Failure = {
  reason: 'login_refused',
  message: 'refused the login. Check user and password, and pg_hba.conf on the server',
  operator: true,
};
const noPermission: Failure = {
  reason: 'permission_denied',
  message:
    'does not let this user do what the store needs. The README of @tokenkeep/store-postgres has the GRANTs',
  operator: true,
};
const noTables: Failure = {
  reason: 'no_schema',
  message:
    'has lost the tables of the store, or they are not those of this version. Restore a backup, or restart the process to make them anew',
  retryable: false,
};
const readOnly: Failure = {
  reason: 'read_only',
  message: 'does not take writes now: it is a standby, or was set to read-only',
};

/** By SQLSTATE, or by its class. https://www.postgresql.org/docs/current/errcodes-appendix.html */
export const sqlStates: Readonly<Record<string, Failure>> = {
  '08': lost,
  '28': refusedLogin,
  '53': {
    reason: 'out_of_resources',
    message: 'is short of memory or other resources. Look into its log',
  },
  '57': stopping,
  '58': { reason: 'io_error', message: 'failed to read or write its files. Look into its log' },
  XX: {
    reason: 'damaged',
    message: 'reports an internal error or damaged data. Look into its log; restore a backup',
    retryable: false,
  },
  '25006': readOnly,
  '3D000': {
    reason: 'no_database',
    message: 'has no such database. Make it with createdb, or correct the URL',
    operator: true,
  },
  '3F000': noTables,
  '40001': { reason: 'busy', message: 'undid a change because of another one at the same time' },
  '40P01': { reason: 'busy', message: 'undid a change that waited for another in a circle' },
  '42501': noPermission,
  '42703': noTables,
  '42883': noTables,
  '42P01': noTables,
  '53100': { reason: 'disk_full', message: 'has no space left on its disk. Make space there' },
  '53300': {
    reason: 'too_many_connections',
    message: 'has no connection left. Raise its max_connections, or lower maxConnections',
  },
  '54000': {
    reason: 'too_large',
    message: 'refused an id that is too long for an index. Give the account a shorter name',
    retryable: false,
  },
  '55P03': {
    reason: 'row_locked',
    message: 'was waiting for a lock of another session for too long. See pg_stat_activity there',
  },
  '57014': {
    reason: 'cancelled',
    message: 'cancelled the statement: statement_timeout, or a person. Nothing was changed',
  },
};

const unreachable = (what: string): Failure => ({ reason: 'unreachable', message: what });

export const systemCodes: Readonly<Record<string, Failure>> = {
  ECONNREFUSED: unreachable('is not reachable: nothing listens there (ECONNREFUSED)'),
  ENOTFOUND: unreachable('is not reachable: its name is unknown (ENOTFOUND)'),
  EAI_AGAIN: unreachable('is not reachable: no name server answered (EAI_AGAIN)'),
  ETIMEDOUT: unreachable('is not reachable: no answer (ETIMEDOUT)'),
  EHOSTUNREACH: unreachable('is not reachable: no way to that host (EHOSTUNREACH)'),
  ENETUNREACH: unreachable('is not reachable: no way to that network (ENETUNREACH)'),
  EMFILE: unreachable('is not reachable: this process has too many open files (EMFILE)'),
  ECONNRESET: lost,
  EPIPE: lost,
  ENOENT: {
    reason: 'no_file',
    message: 'was not asked: a file that the URL names is missing (sslrootcert, sslcert, sslkey)',
    operator: true,
  },
  EACCES: {
    reason: 'no_file',
    message: 'was not asked: this user may not read a file that the URL names (sslkey)',
    operator: true,
  },
};

/** Of Node and OpenSSL, where a certificate is not believed. */
export const tlsCodes =
  /^(CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERR_TLS_|ERR_SSL_|EPROTO$|HOSTNAME_MISMATCH)/;

/** What the driver says in words only. */
export const noCode = {
  lost,
  tls: (code: string): Failure => ({
    reason: 'tls',
    message: `did not prove its identity (${code}). Name its authority in the URL: sslmode=verify-full&sslrootcert=/path/to/ca.pem`,
    operator: true,
  }),
  noTls: {
    reason: 'tls',
    message: 'does not speak TLS. Turn ssl on there, or leave sslmode out of the URL',
    operator: true,
  },
  password: {
    reason: 'login_refused',
    message: 'wants a password that the URL does not have, or proved no knowledge of it',
    operator: true,
  },
  timeout: {
    reason: 'timeout',
    message: 'did not accept a connection in time',
  },
  poolEnded: {
    reason: 'pool_ended',
    message: 'cannot be asked: the host has ended the pool it gave to the store',
    retryable: false,
  },
} as const satisfies Record<string, Failure | ((code: string) => Failure)>;
