import { type Budget, type SingleUse, TokenError } from '@tokenkeep/core';
import { z } from 'zod';

export interface OAuth20Options {
  /** Part of every account id: lower-case letters, digits, hyphens. */
  readonly id: string;
  /** Absolute URL without query; the paths below are appended. */
  readonly baseUrl: string;
  /** Origins the access token may be sent to. Default: the origin of `baseUrl`. */
  readonly apiOrigins?: readonly string[];
  /** The resource that is read with GET and revoked with DELETE. Default `/oauth20/access-token`. */
  readonly accessTokenPath?: string;
  /** Where grants are posted. Default `/oauth20/token`. */
  readonly tokenPath?: string;
  /**
   * What GET on the resource is. `token`: it issues the access token, which must be in its body.
   * `session`: it describes the bearer, which is the access token. `either`: a token in the body
   * if there is one, else the bearer. Default `either`.
   */
  readonly resource?: 'either' | 'token' | 'session';
  /**
   * Whether a token that was granted at `tokenPath` goes through GET as well: one more request for
   * each token, needed where GET issues another one. Default true, except in mode `session`.
   */
  readonly readAfterGrant?: boolean;
  /** Word before the access token in `Authorization`. Default `bearer`. */
  readonly scheme?: 'bearer' | 'Bearer';
  /**
   * What becomes of refresh tokens that come with a grant. `none`: they are dropped, and renewing
   * means a new grant. Default `none`.
   */
  readonly refreshToken?: 'none' | 'reusable' | SingleUse;
  /** What to do when a single-use refresh was sent without reply. Default `never-resend`. */
  readonly inDoubt?: 'never-resend' | 'resend-once';
  /** Statuses which prove that the server did not act. Default `[429, 503]`. */
  readonly notProcessed?: readonly number[];
  /** Whether a refresh ends the old access token. Default: true where there are refresh tokens. */
  readonly refreshRevokesAccessToken?: boolean;
  /**
   * Whether credentials may carry a person's user name and password. Then all logins of this
   * provider without a budget are capped at 24 a day. Default false.
   */
  readonly passwordLogin?: boolean;
  /** Facts of the session to keep beside the token. Default: all but session ids and tags. */
  readonly metadata?: readonly string[];
  /** Life of a token where none is stated, ms. Default 5 min. */
  readonly defaultLifetimeMs?: number;
  /** Longest life of a token, ms. Default 24 h. */
  readonly maxLifetimeMs?: number;
  /** The vendor's quotas. Default none. */
  readonly budgets?: readonly Budget[];
}

const DAY_MS = 86_400_000;

const urlPath = z.string().regex(/^\/[^?#\s]*$/, 'start it with / and leave the query out');
const milliseconds = z.number().int().positive();

/** The options as a zod schema, for programs that read them from a file. */
export const oauth20OptionsSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'use lower-case letters, digits and hyphens'),
  baseUrl: z
    .string()
    .refine(isBaseUrl, 'give an absolute URL without query or password: https://host')
    .transform((url) => url.replace(/\/+$/, '')),
  apiOrigins: z.array(z.string().refine(isOrigin, 'give an origin: https://host')).optional(),
  accessTokenPath: urlPath.default('/oauth20/access-token'),
  tokenPath: urlPath.default('/oauth20/token'),
  resource: z.enum(['either', 'token', 'session']).default('either'),
  readAfterGrant: z.boolean().optional(),
  scheme: z.enum(['bearer', 'Bearer']).default('bearer'),
  refreshToken: z
    .union([
      z.enum(['none', 'reusable']),
      z.strictObject({ singleUse: z.literal(true), reuseGraceMs: z.number().int().nonnegative() }),
    ])
    .default('none'),
  inDoubt: z.enum(['never-resend', 'resend-once']).default('never-resend'),
  notProcessed: z.array(z.number().int().min(400).max(599)).default([429, 503]),
  refreshRevokesAccessToken: z.boolean().optional(),
  passwordLogin: z.boolean().default(false),
  metadata: z
    .array(z.string().min(1))
    .default(['userId', 'authenticated', 'locale', 'currency', 'cartId', 'domain']),
  defaultLifetimeMs: milliseconds.default(300_000),
  maxLifetimeMs: milliseconds.default(DAY_MS),
  budgets: z.array(z.custom<Budget>(isBudget, 'state operation, limit and key')).default([]),
});

export type OAuth20Settings = z.output<typeof oauth20OptionsSchema>;

/** @throws TokenError `CONFIGURATION_INVALID` */
export function readOptions(options: OAuth20Options): OAuth20Settings {
  const result = oauth20OptionsSchema.safeParse(options);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.join('.')}: ${message}`,
  );
  throw new TokenError(
    'CONFIGURATION_INVALID',
    `Correct the options of oauth20(). ${problems.join('; ')}.`,
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
