import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { z } from 'zod';
import { configJsonSchema } from '../src/config/config-json-schema.js';
import { sandboxConfig } from '../src/sandbox/sandbox-world.js';
import { wrongConfigs } from './wrong-configs.js';

const file = fileURLToPath(new URL('../tokenkeep.schema.json', import.meta.url));

test('the published JSON schema is the one of this version; UPDATE_SCHEMA=1 writes it', () => {
  const schema = configJsonSchema();
  if (process.env.UPDATE_SCHEMA === '1') writeFileSync(file, JSON.stringify(schema, null, 2));
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(schema);
});

describe('what an editor says', () => {
  const schema = z.fromJSONSchema(configJsonSchema() as Parameters<typeof z.fromJSONSchema>[0]);
  const accepts = (value: unknown) => schema.safeParse(value).success;

  test('a good config is accepted, references, durations and tokens of others included', () => {
    expect(accepts(sandboxConfig())).toBe(true);
    const config = parse(`
store: ./tokens.db
providers:
  chatapp: { reuseGraceMs: 10s }
  identity: { use: oauth20, baseUrl: '\${URL}', passwordLogin: true }
accounts:
  crm:
    provider: chatapp
    keepAlive: true
    rotateEvery: 30d
    credentials: { email: a@b.example, password: '\${P}', appId: app_1_1 }
  shop: { provider: identity, credentials: { bearer: { tokenOf: crm } } }
  app: { provider: identity, credentials: { clientId: a, clientSecret: '\${file:./s}' } }
parameters: { waitMs: 10s, leaseMs: 10000, ambiguousWaitsMs: [1m, 5m] }
`);
    expect(accepts(config)).toBe(true);
  });

  const made = (use: string) =>
    accepts({ providers: { acme: { use, baseUrl: 'https://a.example' } } });

  test.each([
    'tokenkeep-provider-acme',
    '@acme/tokenkeep-provider',
    './acme.js',
    '../lib/acme.mjs',
  ])('a package or a file makes a provider: %s', (use) => expect(made(use)).toBe(true));

  test.each(['chatap', 'acme', 'https://a.example/tokenkeep.js', '@acme', 'tokenkeep provider'])(
    'no other word does: %s',
    (use) => expect(made(use)).toBe(false),
  );

  const seen = [
    'a member of the file is misspelt',
    'the kind of a provider is misspelt',
    'a provider does not say of which kind it is',
    'a provider is named like one kind, and is of another',
    'an option of a provider is misspelt, two levels down',
    'an option of a provider has a value it cannot have',
    'a provider that needs a URL has none',
    'an account has no provider',
    'accounts are a list',
    'yes is no boolean',
    'a member of the credentials is misspelt',
    'a password is a number',
    'a duration has words in it',
    'a parameter is misspelt',
  ];

  test.each(wrongConfigs.filter(({ mistake }) => seen.includes(mistake)))(
    'it is refused: $mistake',
    ({ yaml }) => expect(accepts(parse(yaml))).toBe(false),
  );

  test('every mistake of the list is in the table', () => {
    const known = wrongConfigs.map(({ mistake }) => mistake);
    expect(seen.filter((mistake) => !known.includes(mistake))).toEqual([]);
  });
});
