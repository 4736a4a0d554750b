import {
  array,
  boolean,
  int,
  literal,
  number,
  enum as oneOf,
  optional,
  record,
  strictObject,
  string,
  union,
  unknown,
  type z,
} from 'zod';

const text = string().min(1).max(2_048);
const name = string().regex(/^[A-Za-z]\w{0,63}$/, 'use letters, digits and _');
const headerName = string().regex(/^[\w!#$%&'*+.^`|~-]{1,64}$/, 'write the name of a header');
const count = int().positive();
const status = int().min(200).max(599);
const flag = boolean();
const yes = flag.default(true);
/** One of these words; without any, the first. */
const firstOf = <const Words extends readonly [string, ...string[]]>(...words: Words) =>
  oneOf(words).default(words[0] as never);

const moment = oneOf(['unix-seconds', 'unix-milliseconds', 'datetime']);
const lifetime = strictObject({
  at: text,
  as: oneOf(['seconds', 'milliseconds', ...moment.options]),
  serverTime: optional(strictObject({ at: text, as: moment })),
});

const words = array(text).min(1);
const condition = strictObject({
  status: array(status).min(1),
  at: text,
  header: headerName,
  is: array(union([string(), number(), flag])).min(1),
  startsWith: words,
  contains: words,
  present: flag,
}).partial();
const conditions = array(condition);
const noConditions = conditions.default([]);
const noNames = array(name).default([]);

const templates = optional(record(string(), text));
const request = {
  method: firstOf('POST', 'GET', 'DELETE', 'PUT', 'PATCH'),
  url: text,
  query: templates,
  headers: optional(
    record(
      headerName,
      union(
        [
          text,
          strictObject({
            basic: strictObject({ user: text, password: text, formEncoded: optional(flag) }),
          }),
        ],
        'write a text, or { basic: { user, password } }',
      ),
    ),
  ),
  form: templates,
  json: optional(unknown()),
};

const reply = strictObject({
  accessToken: text,
  refreshToken: text,
  lifetime,
  refreshLifetime: lifetime,
  tokenType: text,
  scope: text,
  metadata: record(name, text),
}).partial();

const tokenOperation = strictObject({
  ...request,
  first: optional(strictObject({ ...request, take: record(name, text) })),
  reply: reply.default({}),
});

const budget = strictObject({
  operation: oneOf(['obtain', 'refresh']),
  limit: count.max(1_000),
  windowMs: count,
  reserve: optional(count),
  burst: count.default(1),
  refillMs: optional(count),
  per: noNames,
});

const profile = strictObject({
  apiOrigins: optional(
    array(string().regex(/^https?:\/\/[^/?#@]+$/, 'give an origin: https://host')),
  ),
  renewal: firstOf('ahead', 'on-demand'),
  refreshToken: optional(
    union(
      [
        oneOf(['none', 'reusable']),
        strictObject({ singleUse: literal(true), reuseGraceMs: int().nonnegative() }),
      ],
      'write none, reusable, or { singleUse: true, reuseGraceMs: 0 }',
    ),
  ),
  inDoubt: firstOf('never-resend', 'resend-once'),
  // RFC 6585 section 4: what is too much was not served.
  notProcessed: array(status).default([429]),
  refreshRevokesAccessToken: yes,
  revocationScope: firstOf('grant', 'token'),
  lifetime: strictObject({
    defaultMs: count.default(300_000),
    maxMs: count.default(86_400_000),
    zeroMeans: firstOf('invalid', 'never'),
  }).prefault({}),
  passwordLogin: yes,
  budgets: array(budget).default([]),
  // The engine checks its members.
  pace: optional(record(string(), union([string(), number()]))),
});

/** The shape of a declaration. What members say of each other is checked by `httpProvider()`. */
export const providerDeclarationSchema = strictObject({
  $schema: optional(string()),
  id: string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'use a-z, 0-9 and -, at most 64'),
  baseUrl: text,
  credentials: record(name, strictObject({ secret: yes, optional: flag.default(false) })).default(
    {},
  ),
  obtain: optional(tokenOperation.extend({ needs: noNames })),
  refresh: optional(tokenOperation),
  revoke: optional(strictObject({ ...request, revoked: noConditions })),
  inspect: optional(
    strictObject({
      ...request,
      inactive: conditions.default([{ at: 'active', is: [false] }]),
      lifetime: optional(lifetime),
    }),
  ),
  reply: reply.default({}),
  refused: noConditions,
  refusals: array(
    condition.extend({
      on: optional(array(oneOf(['obtain', 'refresh', 'revoke', 'inspect']))),
      kind: oneOf([
        'grant_rejected',
        'credentials_rejected',
        'client_rejected',
        'upstream_rejected',
        'quota_exceeded',
        'throttled',
        'unavailable',
        'ambiguous',
      ]),
    }),
  ).default([]),
  oauthErrors: yes,
  words: strictObject({
    code: text.default('error'),
    description: text.default('error_description'),
  }).prefault({}),
  token: strictObject({
    header: headerName.default('Authorization'),
    scheme: string()
      .regex(/^[A-Za-z][\w-]{0,63}$/, 'write one word, or none')
      .default('Bearer'),
  }).prefault({}),
  rejected: conditions.default([{ status: [401] }]),
  profile: profile.prefault({}),
});

/** A declaration with all its defaults. */
export type Declared = z.output<typeof providerDeclarationSchema>;
export type DeclaredAsk = Pick<
  NonNullable<Declared['obtain']>,
  'method' | 'url' | 'query' | 'headers' | 'form' | 'json'
>;
export type DeclaredTokenAsk = NonNullable<Declared['refresh']>;
export type Condition = z.output<typeof condition>;
export type Lifetime = z.output<typeof lifetime>;
export type ReplyPlaces = z.output<typeof reply>;
