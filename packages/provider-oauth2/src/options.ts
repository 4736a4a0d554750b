import { type Budget, type Secret, type SingleUse, TokenError } from '@tokenkeep/core';
import {
  array,
  boolean,
  custom,
  int,
  literal,
  object,
  enum as oneOf,
  record,
  strictObject,
  string,
  union,
  type z,
} from 'zod';
import {
  type ClientAuthenticationMethod,
  clientMembers,
  clientProblem,
  signingKey,
  text,
} from './client/client-members.js';

export interface OAuth2Options {
  /** Part of every account id: lower-case letters, digits, hyphens. */
  readonly id: string;
  /** The server's issuer identifier (RFC 8414 section 2): an absolute URL without query. */
  readonly issuer: string;
  /** Origins the access token may be sent to. Default: the origin of `issuer`. */
  readonly apiOrigins?: readonly string[];

  /** RFC 6749 section 2.2. Accounts without a client of their own use this one. */
  readonly clientId?: string;
  readonly clientSecret?: string | Secret;
  /** For `private_key_jwt`: PEM, or a JWK as JSON. EC, Ed25519 or RSA. */
  readonly privateKey?: string | Secret;
  /** `kid` of that key, where the server wants one. */
  readonly keyId?: string;
  /** Default: `private_key_jwt` with a key, `client_secret_basic` with a secret, else `none`. */
  readonly clientAuthentication?: ClientAuthenticationMethod;
  /** `aud` of what a client signs. Default: the issuer (RFC 7523bis). */
  readonly assertionAudience?: string;
  /** Added to this machine's clock in what is signed. Milliseconds, may be negative. Default 0. */
  readonly clockSkewMs?: number;
  /** RFC 9449: the key that tokens are bound to, PEM or JWK. Keep it as long as the accounts. */
  readonly dpopKey?: string | Secret;

  /** With it nothing is discovered: the endpoints are those given here. */
  readonly tokenEndpoint?: string;
  /** RFC 7009. `false`: never revoke, also where the server has an endpoint for it. */
  readonly revocationEndpoint?: string | false;
  /** RFC 7662. */
  readonly introspectionEndpoint?: string;
  /** RFC 6749 section 3.1, where people log in. */
  readonly authorizationEndpoint?: string;
  /** RFC 8628 section 3.1. */
  readonly deviceAuthorizationEndpoint?: string;

  /** Where a browser comes back to. Without a port any is taken. Default `http://127.0.0.1/callback`. */
  readonly redirectUri?: string;
  /**
   * Further members of the authorization request, such as `prompt`. Default: `prompt=consent` with
   * the scope `offline_access` (OpenID Connect Core section 11), else none.
   */
  readonly authorizationParameters?: Readonly<Record<string, string>>;

  /** What becomes of refresh tokens. Default: single use, no grace. */
  readonly refreshToken?: 'none' | 'reusable' | SingleUse;
  /** What to do when a single-use refresh was sent without reply. Default `never-resend`. */
  readonly inDoubt?: 'never-resend' | 'resend-once';
  /** Statuses which prove that the server did not act. Default `[429]`. */
  readonly notProcessed?: readonly number[];
  /** Whether a refresh ends the old access token. Default: true where there are refresh tokens. */
  readonly refreshRevokesAccessToken?: boolean;
  /** What revoking one token ends (RFC 7009 section 2.1). Default `grant`. */
  readonly revocationScope?: 'token' | 'grant';
  /**
   * Whether credentials may carry a person's user name and password. Then all logins of this
   * provider without a budget are capped at 24 a day. Default false.
   */
  readonly passwordLogin?: boolean;
  /** Members of a token reply to keep beside the token, such as `instance_url`. Default none. */
  readonly metadata?: readonly string[];
  /** Life of a token where none is stated, ms. Default 5 min. */
  readonly defaultLifetimeMs?: number;
  /** Longest life of a token, ms. Default 24 h. */
  readonly maxLifetimeMs?: number;
  /** The vendor's quotas. Default none. */
  readonly budgets?: readonly Budget[];
}

/** Members of the metadata (RFC 8414 section 2), and the option for each. */
export const furtherEndpoints = {
  revocation_endpoint: 'revocationEndpoint',
  introspection_endpoint: 'introspectionEndpoint',
  authorization_endpoint: 'authorizationEndpoint',
  device_authorization_endpoint: 'deviceAuthorizationEndpoint',
} as const;

const DAY_MS = 86_400_000;

const milliseconds = int().positive();
const url = string().refine(isPlainUrl, 'give an absolute URL without query or password');
const origin = string().refine(isOrigin, 'give an origin: https://host');

const optional = object({
  apiOrigins: array(origin),
  assertionAudience: text,
  dpopKey: signingKey,
  tokenEndpoint: url,
  revocationEndpoint: union([url, literal(false)]),
  introspectionEndpoint: url,
  authorizationEndpoint: url,
  deviceAuthorizationEndpoint: url,
  refreshRevokesAccessToken: boolean(),
}).partial().shape;

/** The options as a zod schema, for programs that read them from a file. */
export const oauth2OptionsSchema = strictObject({
  id: string().regex(/^[a-z0-9][a-z0-9-]*$/, 'use lower-case letters, digits and hyphens'),
  issuer: url,
  ...clientMembers,
  ...optional,
  clockSkewMs: int().default(0),
  redirectUri: url.default('http://127.0.0.1/callback'),
  authorizationParameters: record(string(), string()).default({}),
  refreshToken: union([
    oneOf(['none', 'reusable']),
    strictObject({ singleUse: literal(true), reuseGraceMs: int().nonnegative() }),
  ]).default({ singleUse: true, reuseGraceMs: 0 }),
  inDoubt: oneOf(['never-resend', 'resend-once']).default('never-resend'),
  notProcessed: array(int().min(400).max(599)).default([429]),
  revocationScope: oneOf(['token', 'grant']).default('grant'),
  passwordLogin: boolean().default(false),
  metadata: array(string().min(1)).default([]),
  defaultLifetimeMs: milliseconds.default(300_000),
  maxLifetimeMs: milliseconds.default(DAY_MS),
  budgets: array(
    custom<Budget>(isBudget, 'state operation, limit, windowMs, burst, refillMs and key'),
  ).default([]),
});

export type OAuth2Settings = z.output<typeof oauth2OptionsSchema>;

/** @throws TokenError `CONFIGURATION_INVALID` */
export function readOptions(options: OAuth2Options): OAuth2Settings {
  const result = oauth2OptionsSchema.safeParse(options);
  if (!result.success) {
    const problems = result.error.issues.map(({ path, message }) =>
      path.length === 0 ? message : `${path.join('.')}: ${message}`,
    );
    throw wrong(problems.join('; '));
  }
  const settings = result.data;
  const problem = clientProblem(settings) ?? endpointProblem(settings);
  if (problem !== undefined) throw wrong(problem);
  return settings;
}

/** Endpoints without `tokenEndpoint` would be overlooked: discovery brings its own. */
function endpointProblem(settings: OAuth2Settings): string | undefined {
  if (settings.tokenEndpoint !== undefined) return undefined;
  const given = Object.values(furtherEndpoints).filter((option) => settings[option]);
  return given.length === 0 ? undefined : `give tokenEndpoint as well as ${given.join(', ')}`;
}

function wrong(problem: string): TokenError {
  return new TokenError('CONFIGURATION_INVALID', `Correct the options of oauth2(). ${problem}.`);
}

function isPlainUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, username, password, search, hash } = new URL(value);
  return /^https?:$/.test(protocol) && username + password + search + hash === '';
}

function isOrigin(value: string): boolean {
  return URL.canParse(value) && new URL(value).origin === value;
}

function isBudget(value: unknown): boolean {
  const { operation, key, limit, windowMs, burst, refillMs } = (value ?? {}) as Partial<Budget>;
  const named = operation === 'obtain' || operation === 'refresh';
  const counted = [limit, windowMs, burst, refillMs].every(Number.isFinite);
  return named && counted && typeof key === 'function';
}
