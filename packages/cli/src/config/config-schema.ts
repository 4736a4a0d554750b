import { defaultParameters } from '@tokenkeep/core';
import { z } from 'zod';
import { isKind, type KindName, kindNames, kindOf } from './provider-kinds.js';
import { isStore, mayBeRedis } from './store-place.js';

const text = z.string().min(1, 'must not be empty');
const wholeNumber = z.number().int('must be whole').positive('must be above 0');

function parameterSchemas() {
  const entries = Object.entries(defaultParameters).map(([name, value]) => {
    const schema = Array.isArray(value) ? z.array(wholeNumber) : wholeNumber;
    const shown = Array.isArray(value) ? value.join(', ') : value;
    return [name, schema.optional().describe(`Default: ${shown}.`)] as const;
  });
  return Object.fromEntries(entries);
}

/** A provider as the file has it. `use` may be left out where the provider's name is a kind. */
function providerSchema(kind: KindName, use: z.ZodType) {
  return kindOf(kind).options.extend({ use }).describe(`A provider of kind ${kind}.`);
}

const named = kindNames.map((kind) => [kind, providerSchema(kind, z.literal(kind).optional())]);
const [first, ...others] = kindNames.map((kind) => providerSchema(kind, z.literal(kind)));
if (first === undefined) throw new TypeError('There are no kinds of providers.');

const providers = z
  .object(
    Object.fromEntries(named.map(([kind, schema]) => [kind, (schema as z.ZodType).optional()])),
  )
  .catchall(z.discriminatedUnion('use', [first, ...others]));

const account = z.strictObject({
  provider: text.describe('Name of one of "providers".'),
  account: text.optional().describe("Its name at the provider. Default: the account's name here."),
  tenant: text.optional(),
  resource: text.optional(),
  scope: text.optional().describe('Separated by spaces.'),
  keepAlive: z.boolean().optional().describe('Refresh even when nobody needs a token.'),
  eager: z.boolean().optional().describe('Get the first token at the start.'),
  rotateEvery: wholeNumber.optional().describe('Replace the token for security this often.'),
  credentials: z
    .record(z.string(), z.unknown())
    .optional()
    .describe(`Secrets as \${NAME} or \${file:./path}.`),
});

const pace = z
  .strictObject({
    perSecond: z.number().positive('must be above 0').optional(),
    burst: wholeNumber.optional().describe('How many may go at once after a pause. Default: 1.'),
    concurrent: wholeNumber.max(256, 'is too many').optional().describe('On their way at once.'),
    of: text.optional().describe('Providers with the same name here share one pace.'),
  })
  .refine(({ perSecond, concurrent }) => perSecond !== undefined || concurrent !== undefined, {
    message: 'needs perSecond or concurrent',
  });

/** What `redisStore()` takes beside what every store has. */
export const redisSchema = z.strictObject({
  waitForReplicas: z
    .int()
    .min(0, 'give a number of replicas, 0 or more')
    .exactOptional()
    .describe('So many replicas must have a write before it counts. Default: 0.'),
  fsync: z
    .enum(['server', 'waitaof'], "give 'server' or 'waitaof'")
    .exactOptional()
    .describe('Who syncs: the server (appendfsync always), or WAITAOF. Default: server.'),
});

/**
 * A config file, with references resolved and durations in milliseconds. Credentials are checked
 * by the provider of each account.
 */
export const configSchema = z
  .strictObject({
    $schema: z.string().optional(),
    store: text
      .refine(isStore, 'give a path, postgres://... or redis://...')
      .optional()
      .describe('SQLite file, relative to this file; or postgres://... or redis://...'),
    namespace: text
      .optional()
      .describe('With a server as store: the schema (PostgreSQL) or the prefix of keys (Redis).'),
    keys: text.optional().describe('With a server as store: the file with the sealing keys.'),
    escrow: text.optional().describe('With a server as store: where pairs wait while it is away.'),
    whenNotDurable: z
      .enum(['refuse', 'warn'], "give 'refuse' or 'warn'")
      .optional()
      .describe(
        'With a server as store, if it may lose what it has acknowledged. Default: refuse.',
      ),
    redis: redisSchema.exactOptional().describe('With Redis as store: what a write waits for.'),
    allowInsecureLoopback: z.boolean().optional().describe('http to this machine: for sandboxes.'),
    providers: providers.describe('Named as you like; each of a kind.'),
    accounts: z
      .record(z.string().min(1, 'must not be empty').max(128, 'is too long'), account)
      .optional()
      .describe("Named as in getToken('crm')."),
    parameters: z.strictObject(parameterSchemas()).optional(),
    pace: z
      .record(text, pace)
      .optional()
      .describe('How fast all processes together ask a provider for tokens, by its name.'),
  })
  .refine(({ store, redis }) => redis === undefined || mayBeRedis(store), {
    path: ['redis'],
    message: 'leave it out, or give redis://... as store',
  });

export type ConfigData = z.output<typeof configSchema>;
export type AccountData = NonNullable<ConfigData['accounts']>[string];

/** The kind of a provider of this name and content, where it has one. */
export function kindOfProvider(name: string, provider: unknown): KindName | undefined {
  const { use = name } = (provider ?? {}) as { use?: unknown };
  return isKind(use) ? use : undefined;
}

/** Members that hold milliseconds, and may be written as `10s`. */
export function isDuration(name: string | number | undefined): boolean {
  return typeof name === 'string' && (name === 'rotateEvery' || name.endsWith('Ms'));
}
