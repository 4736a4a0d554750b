import { Secret } from '@tokenkeep/core';
import { z } from 'zod';
import { type AcmeCredentials, readTokens } from './acme.js';
import { type BrokenProvider, broken } from './broken-provider.js';

const engineTakesIt = 'an engine takes it: version, id, members and profile';
const schema = (password: z.ZodType<Secret>) =>
  z.strictObject({ user: z.string().min(1), password });

let instances = 0;

/** What is wrong before a reply has come. */
export const outgoing: readonly BrokenProvider[] = [
  broken(
    'other-contract',
    'made for a contract that there is not yet',
    {
      caughtBy: engineTakesIt,
      prints:
        'An engine refuses it: Provider "acme" was made for contract 2; this engine speaks 1. Install a version of the provider made for it.',
    },
    () => ({ contract: 2 as 1 }),
  ),
  broken(
    'id-with-capitals',
    'an id in capitals',
    {
      caughtBy: engineTakesIt,
      prints:
        'An engine refuses it: A provider has no id of a-z, 0-9 and "-". Is it a TokenProvider?',
    },
    () => ({
      id: 'Acme_API',
    }),
  ),
  broken(
    'profile-without-answer',
    'a profile that leaves a question open',
    {
      caughtBy: engineTakesIt,
      prints:
        'An engine refuses it: Provider "acme": profile.inDoubt is "perhaps" and must be "never-resend" or "resend-once".',
    },
    ({ profile }) => ({ profile: { ...profile, inDoubt: 'perhaps' as 'never-resend' } }),
  ),
  broken(
    'origin-with-path',
    'an origin that is a URL',
    {
      caughtBy: 'its origins are origins',
      prints: 'profile.apiOrigins has "https://api.acme.example/v1", which is no origin',
    },
    ({ profile }) => ({ profile: { ...profile, apiOrigins: ['https://api.acme.example/v1'] } }),
  ),
  broken(
    'origin-in-the-clear',
    'an origin that anybody can read along',
    {
      caughtBy: 'its origins are origins',
      prints:
        'profile.apiOrigins has "http://api.acme.example": tokens would be sent where everybody can read them',
    },
    ({ profile }) => ({ profile: { ...profile, apiOrigins: ['http://api.acme.example'] } }),
  ),
  broken(
    'another-id-each-time',
    'an id that counts the instances',
    {
      caughtBy: 'made twice for one server, it is the same provider',
      prints: 'Made twice it has two ids',
    },
    () => {
      instances += 1;
      return { id: `acme-${instances % 2}` };
    },
  ),
  broken(
    'default-above-maximum',
    'a lifetime that is taken for granted, and is longer than any',
    {
      caughtBy: 'its lifetimes fit together',
      prints:
        'profile.lifetime takes 172800000 ms where none is stated, which is more than maxMs, 86400000',
    },
    ({ profile }) => ({
      profile: { ...profile, lifetime: { ...profile.lifetime, defaultMs: 172_800_000 } },
    }),
  ),
  broken(
    'success-as-not-processed',
    'a success that is said to prove that nothing was processed',
    {
      caughtBy: 'what proves that nothing was processed is a refusal',
      prints:
        'profile.notProcessed has 202: only 400 to 599 can be refusals, and a success has been processed',
    },
    ({ profile }) => ({ profile: { ...profile, notProcessed: [202, 429] } }),
  ),
  broken(
    'password-in-budget-key',
    'a budget that is counted by the password',
    {
      caughtBy: 'its budgets can be counted, by a key without secrets',
      prints: 'The budget of obtain has a key in which the password can be read',
    },
    ({ profile }) => ({
      profile: {
        ...profile,
        budgets: profile.budgets.map((budget) => ({
          ...budget,
          key: (given) => {
            const { user, password } = given as AcmeCredentials;
            return `${user}:${password.reveal()}`;
          },
        })),
      },
    }),
  ),
  broken(
    'budget-for-each-instance',
    'a budget that begins anew with each instance',
    {
      caughtBy: 'its budgets can be counted, by a key without secrets',
      prints: 'The budget of obtain has another key each time',
    },
    ({ profile }) => {
      instances += 1;
      const own = instances;
      const budgets = profile.budgets.map((budget) => ({ ...budget, key: () => `acme-${own}` }));
      return { profile: { ...profile, budgets } };
    },
  ),
  broken(
    'short-passwords',
    'a schema that refuses what an account is configured with',
    {
      caughtBy: 'the credentials of the description pass the schema',
      prints:
        'The schema refuses the credentials of the description: password: Too big: expected string to have <=8 characters',
    },
    () => ({
      credentials: schema(
        z
          .string()
          .max(8)
          .transform((text) => new Secret(text)),
      ),
    }),
  ),
  broken(
    'cannot-log-in',
    'credentials that are said to be no login',
    {
      caughtBy: 'the credentials of the description can log in',
      prints: 'canObtain() says false of credentials whose login is described',
    },
    () => ({ canObtain: () => false }),
  ),
  broken(
    'secret-for-a-client',
    'a secret taken for the identifier of the client',
    {
      caughtBy: 'the identifier of the client is a text, and no secret',
      prints: 'In what clientId() gives the password can be read',
    },
    () => ({ clientId: ({ password }) => password.reveal() }),
  ),
  broken(
    'client-that-is-a-secret',
    'an identifier of the client that is a Secret',
    {
      caughtBy: 'the identifier of the client is a text, and no secret',
      prints: 'clientId() gives a value of type object, and no identifier',
    },
    () => ({ clientId: ({ password }) => password as never }),
  ),
  broken(
    'takes-anything',
    'a schema that takes whatever it is given',
    {
      caughtBy: 'credentials that are none are refused by the schema',
      prints: 'The schema takes undefined for credentials',
    },
    ({ credentials }) => ({
      credentials: {
        '~standard': {
          ...credentials['~standard'],
          validate: (value) => ({
            value: { ...(value as AcmeCredentials), password: new Secret(String(value)) },
          }),
        },
      },
    }),
  ),
  broken(
    'schema-quotes',
    'a schema whose complaint quotes what it was given',
    {
      caughtBy: 'what the schema says of wrong credentials quotes no secret',
      prints: 'The schema refuses an object as "password" and quotes the password',
    },
    () => ({
      credentials: schema(
        z
          .unknown()
          .refine((value) => typeof value === 'string', {
            error: ({ input }) => `is no password: ${JSON.stringify(input)}`,
          })
          .transform((text) => new Secret(String(text))),
      ),
    }),
  ),
  broken(
    'password-as-text',
    'a password that stays a plain text',
    {
      caughtBy: 'checked credentials hold their secrets as Secrets',
      prints: 'In the checked credentials the password can be read',
    },
    () => ({
      credentials: z.strictObject({ user: z.string(), password: z.string().min(1) }) as never,
    }),
  ),
  broken(
    'credentials-changed',
    'a login that notes something in the credentials',
    {
      caughtBy: 'operations leave the credentials as they are',
      prints: 'obtain() changed the credentials it was handed',
    },
    ({ obtain }) => ({
      obtain: async (credentials, call) => {
        Object.assign(credentials, { user: credentials.user.toUpperCase() });
        return obtain(credentials, call);
      },
    }),
  ),
  broken(
    'other-path',
    'a refresh that is sent to the login',
    {
      caughtBy: 'each operation asks what the description says, and no more',
      prints: 'refresh() sent POST /login where POST /refresh is described',
    },
    (_good, url) => ({
      refresh: async (refreshToken, call) => {
        const json = { refresh: refreshToken };
        const reply = await call.send({ method: 'POST', url: `${url}/login`, json });
        return readTokens(reply, 'grant_rejected', call);
      },
    }),
  ),
  broken(
    'old-refresh-token',
    'a refresh token that is kept, and sent again next time',
    {
      caughtBy: 'the refresh token that is sent is the one that was handed over',
      prints: 'refresh() sent POST /refresh without the refresh token it was handed',
    },
    ({ refresh }) => {
      let kept: Secret | undefined;
      return {
        refresh: (token, call, credentials) => {
          kept ??= token;
          return refresh(kept, call, credentials);
        },
      };
    },
  ),
  broken(
    'revealed-too-early',
    'a refresh token that is revealed before it is handed to send()',
    {
      caughtBy: 'a secret is handed to `send` as a Secret',
      prints: 'refresh() hands the refresh token to send() as plain text',
    },
    (_good, url) => ({
      refresh: async (refreshToken, call) => {
        const json = { refresh: refreshToken.reveal() };
        const reply = await call.send({ method: 'POST', url: `${url}/refresh`, json });
        return readTokens(reply, 'grant_rejected', call);
      },
    }),
  ),
  broken(
    'token-in-url',
    'a refresh token in the query',
    {
      caughtBy: 'no secret stands in a URL',
      prints: 'refresh() puts the refresh token into the URL',
    },
    (_good, url) => ({
      refresh: async (refreshToken, call) => {
        const query = new URLSearchParams({ refresh: refreshToken.reveal() });
        const reply = await call.send({ method: 'POST', url: `${url}/refresh?${query}` });
        return readTokens(reply, 'grant_rejected', call);
      },
    }),
  ),
];
