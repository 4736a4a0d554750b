import { TokenError } from '@tokenkeep/core';
import { z } from 'zod';

/** Every option has the strictest reading of what ChatApp documents as its default. */
export interface ChatAppOptions {
  /** Part of every account id. Default `chatapp`; another one for a second server. */
  readonly id?: string;
  /** Absolute URL without query. Default `https://api.chatapp.online`. */
  readonly baseUrl?: string;
  /** Origins the access token may be sent to. Default: the origin of `baseUrl`. */
  readonly apiOrigins?: readonly string[];
  /** Language of the vendor's messages, sent as `Lang`. Default: none is asked for. */
  readonly lang?: 'en' | 'ru';
  /**
   * How the access token rides in `Authorization`: alone, as ChatApp documents it, or after the
   * word `Bearer`, which some public clients send. Default `bare`.
   */
  readonly scheme?: 'bare' | 'Bearer';
  /** How long a used refresh token still answers, ms. Undocumented. Default 0: not at all. */
  readonly reuseGraceMs?: number;
  /** What to do when a refresh was sent and no reply was read. Default `resend-once`. */
  readonly inDoubt?: 'never-resend' | 'resend-once';
  /** HTTP statuses which prove that the server did not act on a request. Default `[429]`. */
  readonly notProcessed?: readonly number[];
  /** Whether a refresh ends the old access token at once. Undocumented. Default true. */
  readonly refreshRevokesAccessToken?: boolean;
  /** Longest life of an access token, taken also where none is stated, ms. Default 24 h. */
  readonly maxLifetimeMs?: number;
}

const DAY_MS = 86_400_000;

/** The options as a zod schema, for programs that read them from a file. */
export const chatAppOptionsSchema = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]*$/, 'use lower-case letters, digits and hyphens')
    .default('chatapp'),
  baseUrl: z
    .string()
    .refine(isBaseUrl, 'give an absolute URL without query or password: https://host')
    .transform((url) => url.replace(/\/+$/, ''))
    .default('https://api.chatapp.online'),
  apiOrigins: z.array(z.string().refine(isOrigin, 'give an origin: https://host')).optional(),
  lang: z.enum(['en', 'ru']).optional(),
  scheme: z.enum(['bare', 'Bearer']).default('bare'),
  reuseGraceMs: z.number().int().nonnegative().default(0),
  inDoubt: z.enum(['never-resend', 'resend-once']).default('resend-once'),
  notProcessed: z.array(z.number().int().min(400).max(599)).default([429]),
  refreshRevokesAccessToken: z.boolean().default(true),
  maxLifetimeMs: z.number().int().positive().default(DAY_MS),
});

export type ChatAppSettings = z.output<typeof chatAppOptionsSchema>;

/** @throws TokenError `CONFIGURATION_INVALID` */
export function readOptions(options: ChatAppOptions): ChatAppSettings {
  const result = chatAppOptionsSchema.safeParse(options);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.join('.')}: ${message}`,
  );
  throw new TokenError(
    'CONFIGURATION_INVALID',
    `Correct the options of chatApp(). ${problems.join('; ')}.`,
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
