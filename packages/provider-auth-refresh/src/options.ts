import { type Budget, type LifetimeBounds, type SingleUse, TokenError } from '@tokenkeep/core';
import { z } from 'zod';

/** How one API logs in and refreshes. Paths into replies are dotted: `data.token`. */
export interface AuthRefreshOptions {
  /** Part of every account id: lower-case letters, digits, hyphens. */
  readonly id: string;
  /** Absolute URL without query; the paths below are appended. */
  readonly baseUrl: string;
  /** Origins the access token may be sent to. Default: the origin of `baseUrl`. */
  readonly apiOrigins?: readonly string[];
  /** Word before the access token in `Authorization`; `bare` for none. Default `Bearer`. */
  readonly scheme?: string;
  readonly login?: {
    /** Default `POST`. */
    readonly method?: 'POST' | 'PUT' | 'PATCH';
    /** Default `/auth/login`. */
    readonly path?: string;
    /** Names in the JSON body. Default `username`, `password`, `account_id`. */
    readonly fields?: {
      readonly username?: string;
      readonly password?: string;
      readonly accountId?: string;
    };
  };
  readonly refresh?: {
    /** Default `POST`. */
    readonly method?: 'POST' | 'PUT' | 'PATCH';
    /** Default `/auth/refresh`. */
    readonly path?: string;
    /** How the refresh token is sent. Default `{ in: 'json', field: 'refresh_token' }`. */
    readonly token?: RefreshTokenPlace;
  };
  readonly reply?: {
    /** A member that is `false` in a refusal, whatever the status. Default `success`. */
    readonly success?: string;
    /** Default `token`. */
    readonly accessToken?: string;
    /** Default `{ path: 'tokenLifetime', as: 'seconds' }`. */
    readonly accessLifetime?: LifetimeField;
    /** Where the refresh token arrives. Default `{ in: 'json', path: 'refreshToken' }`. */
    readonly refreshToken?: RefreshTokenArrival;
    /** Default `{ path: 'refreshTokenExpiration', as: 'datetime' }`. */
    readonly refreshLifetime?: LifetimeField;
    /** Facts to keep beside the token: our name for each, and its path. Default none. */
    readonly metadata?: Readonly<Record<string, string>>;
  };
  /** Statuses with which the API says that the access token is dead. Default `[401]`. */
  readonly rejectionStatuses?: readonly number[];
  /** Default: works once, without grace. */
  readonly refreshToken?: 'reusable' | SingleUse;
  /** What to do when a refresh was sent and no reply was read. Default `never-resend`. */
  readonly inDoubt?: 'never-resend' | 'resend-once';
  /** Statuses which prove that the server did not act. Default `[429, 503]`. */
  readonly notProcessed?: readonly number[];
  /** Whether a refresh ends the old access token at once. Default true. */
  readonly refreshRevokesAccessToken?: boolean;
  /** Default: 5 min where none is stated, 24 h at most, `0` is invalid. Milliseconds. */
  readonly lifetime?: Partial<LifetimeBounds>;
  /** The vendor's quotas. Default none: then logins are capped at 24 a day. */
  readonly budgets?: readonly Budget[];
}

/** Where a refresh token is put. In a header or cookie the request has no body. */
export type RefreshTokenPlace =
  | { readonly in: 'json'; readonly field: string }
  | { readonly in: 'header'; readonly name: string }
  | { readonly in: 'cookie'; readonly name: string };

/** Where a new refresh token is found. A cookie is looked for in the first `Set-Cookie` line. */
export type RefreshTokenArrival =
  | { readonly in: 'json'; readonly path: string }
  | { readonly in: 'header'; readonly name: string }
  | { readonly in: 'cookie'; readonly name: string };

/**
 * How a lifetime is written. `seconds` and `milliseconds` count from now. The others are an end on
 * the server's clock, taken relative to the reply's `Date`: `datetime` is ISO 8601 with seconds
 * and an offset (`Z`, `+00:00` or `+0000`); without an offset it counts as not stated.
 */
export interface LifetimeField {
  readonly path: string;
  readonly as: 'seconds' | 'milliseconds' | 'datetime' | 'unix-seconds' | 'unix-milliseconds';
}

const HOUR_MS = 3_600_000;

const method = z.enum(['POST', 'PUT', 'PATCH']).default('POST');
const urlPath = z.string().regex(/^\/[^?#\s]*$/, 'start it with / and leave the query out');
const field = z.string().min(1, 'name a member');
const headerName = z.string().regex(/^[\w!#$%&'*+.^`|~-]+$/, 'use the characters of a header name');
const status = z.number().int().min(400).max(599);
const inHeader = z.strictObject({ in: z.literal('header'), name: headerName });
const inCookie = z.strictObject({ in: z.literal('cookie'), name: headerName });
const lifetimeField = z.strictObject({
  path: field,
  as: z.enum(['seconds', 'milliseconds', 'datetime', 'unix-seconds', 'unix-milliseconds']),
});

/** The options as a zod schema, for programs that read them from a file. */
export const authRefreshOptionsSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'use lower-case letters, digits and hyphens'),
  baseUrl: z
    .string()
    .refine(isBaseUrl, 'give an absolute URL without query or password: https://host')
    .transform((url) => url.replace(/\/+$/, '')),
  apiOrigins: z.array(z.string().refine(isOrigin, 'give an origin: https://host')).optional(),
  scheme: z
    .string()
    .regex(/^[A-Za-z][\w-]*$/, 'use one word, or bare')
    .default('Bearer'),
  login: z
    .strictObject({
      method,
      path: urlPath.default('/auth/login'),
      fields: z
        .strictObject({
          username: field.default('username'),
          password: field.default('password'),
          accountId: field.default('account_id'),
        })
        .prefault({}),
    })
    .prefault({}),
  refresh: z
    .strictObject({
      method,
      path: urlPath.default('/auth/refresh'),
      token: z
        .discriminatedUnion('in', [
          z.strictObject({ in: z.literal('json'), field }),
          inHeader,
          inCookie,
        ])
        .default({ in: 'json', field: 'refresh_token' }),
    })
    .prefault({}),
  reply: z
    .strictObject({
      success: field.default('success'),
      accessToken: field.default('token'),
      accessLifetime: lifetimeField.default({ path: 'tokenLifetime', as: 'seconds' }),
      refreshToken: z
        .discriminatedUnion('in', [
          z.strictObject({ in: z.literal('json'), path: field }),
          inHeader,
          inCookie,
        ])
        .default({ in: 'json', path: 'refreshToken' }),
      refreshLifetime: lifetimeField.default({ path: 'refreshTokenExpiration', as: 'datetime' }),
      metadata: z.record(z.string(), field).default({}),
    })
    .prefault({}),
  rejectionStatuses: z.array(status).default([401]),
  refreshToken: z
    .union([
      z.literal('reusable'),
      z.strictObject({ singleUse: z.literal(true), reuseGraceMs: z.number().int().nonnegative() }),
    ])
    .default({ singleUse: true, reuseGraceMs: 0 }),
  inDoubt: z.enum(['never-resend', 'resend-once']).default('never-resend'),
  notProcessed: z.array(status).default([429, 503]),
  refreshRevokesAccessToken: z.boolean().default(true),
  lifetime: z
    .strictObject({
      defaultMs: z
        .number()
        .int()
        .positive()
        .default(HOUR_MS / 12),
      maxMs: z
        .number()
        .int()
        .positive()
        .default(24 * HOUR_MS),
      zeroMeans: z.enum(['invalid', 'never']).default('invalid'),
    })
    .prefault({}),
  budgets: z.array(z.custom<Budget>(isBudget, 'state operation, limit and key')).default([]),
});

export type AuthRefreshSettings = z.output<typeof authRefreshOptionsSchema>;

/** @throws TokenError `CONFIGURATION_INVALID` */
export function readOptions(options: AuthRefreshOptions): AuthRefreshSettings {
  const result = authRefreshOptionsSchema.safeParse(options);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.join('.')}: ${message}`,
  );
  throw new TokenError(
    'CONFIGURATION_INVALID',
    `Correct the options of authRefresh(). ${problems.join('; ')}.`,
  );
}

function isBaseUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, search, hash } = new URL(text);
  return /^https?:$/.test(protocol) && username + password + search + hash === '';
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text;
}

function isBudget(value: unknown): boolean {
  const { operation, limit, key } = (value ?? {}) as Partial<Budget>;
  const named = operation === 'obtain' || operation === 'refresh';
  return named && typeof limit === 'number' && typeof key === 'function';
}
