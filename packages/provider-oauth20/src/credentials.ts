import { Secret } from '@tokenkeep/core';
import { z } from 'zod';
import type { OAuth20Settings } from './options.js';

const text = z.string().min(1, 'must not be empty');
const secret = z
  .custom<string | Secret>(
    (value) => typeof value === 'string' || Secret.is(value),
    'must be a string or a Secret',
  )
  .transform((value) => Secret.of(value))
  .refine((value) => value.length > 0, 'must not be empty');

const client = {
  clientId: text,
  /** A public client has none: its id goes into the form. */
  clientSecret: secret.optional(),
  /** Space-separated, RFC 6749 section 3.3. */
  scope: text.optional(),
  /** Further members of the form, e.g. `dr_session_token`. */
  parameters: z.record(z.string(), secret).optional(),
};

/** A token that somebody else keeps alive: `accountToken('identity')`, or a string. */
const bearer = z.strictObject({ bearer: secret });
/** RFC 6749 section 4.4. */
const clientCredentials = z.strictObject({
  grant: z.literal('client_credentials').default('client_credentials'),
  ...client,
});
/** RFC 6749 section 4.3; without a user, a public client's anonymous token. */
const password = z.strictObject({
  grant: z.literal('password').default('password'),
  ...client,
  username: text.optional(),
  password: secret.optional(),
});

const SHAPES =
  'give { bearer }, or { clientId, clientSecret }, ' +
  "or { grant: 'password', clientId, username, password }";

/** What an account may be configured with; `oauth20()` checks the user name as well. */
export const anyCredentials = z.union([bearer, clientCredentials, password], SHAPES);

export type BearerCredentials = z.output<typeof bearer>;
export type ClientCredentials = z.output<typeof clientCredentials> | z.output<typeof password>;

/** What an account is configured with: secrets as strings or as `Secret`s. */
export type OAuth20CredentialsInput = z.input<typeof anyCredentials>;
export type OAuth20Credentials = z.output<typeof anyCredentials>;

export function oauth20Credentials({ passwordLogin }: OAuth20Settings) {
  return anyCredentials
    .refine(
      (given) => passwordLogin || userOf(given).password === undefined,
      "to log in with a person's password set the provider's option passwordLogin: true",
    )
    .refine((given) => {
      const user = userOf(given);
      return (user.username === undefined) === (user.password === undefined);
    }, 'give both username and password, or neither');
}

/** Who logs in with the password grant. */
export function userOf(given: OAuth20Credentials): PasswordUser {
  if (!('grant' in given) || given.grant !== 'password') return {};
  return { username: given.username, password: given.password };
}

interface PasswordUser {
  readonly username?: string | undefined;
  readonly password?: Secret | undefined;
}

/**
 * RFC 6749 section 2.3.1: id and secret are form-encoded before they are joined, so that a colon
 * in either survives.
 */
export function basicAuthorization(clientId: string, clientSecret: Secret): Secret {
  return clientSecret.map(
    (text) => `Basic ${btoa(`${formEncoded(clientId)}:${formEncoded(text)}`)}`,
  );
}

function formEncoded(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1);
}
