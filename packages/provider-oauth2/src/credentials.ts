import { literal, record, strictObject, string, union, type z } from 'zod';
import {
  type ClientDescription,
  clientMembers,
  clientProblem,
  secret,
  signingKey,
  text,
} from './client/client-members.js';
import type { OAuth2Settings } from './options.js';

const members = {
  ...clientMembers,
  /** Space-separated, RFC 6749 section 3.3. Default: the account's. */
  scope: text.optional(),
  /** Further members of the form, such as `audience`. */
  parameters: record(string(), secret).optional(),
};

/** RFC 6749 section 4.4. */
const clientCredentials = strictObject({
  grant: literal('client_credentials').default('client_credentials'),
  ...members,
});
/** The client of a person who logs in by it (RFC 6749 section 4.1, RFC 8628): it mints nothing. */
const authorizationCode = strictObject({
  grant: literal('authorization_code'),
  ...members,
});
/** RFC 6749 section 4.3. */
const password = strictObject({
  grant: literal('password'),
  ...members,
  username: text,
  password: secret,
});
/** RFC 7523 section 2.1, an assertion that somebody else signs: each is good for minutes. */
const assertion = strictObject({
  grant: literal('jwt_bearer'),
  ...members,
  assertion: secret,
});
/** RFC 7523 section 2.1, signed here. */
const signedAssertion = strictObject({
  grant: literal('jwt_bearer'),
  ...members,
  assertionKey: signingKey,
  assertionKeyId: text.optional(),
  assertionIssuer: text,
  assertionSubject: text,
  /** Default: the provider's `assertionAudience`, else the issuer. */
  assertionAudience: text.optional(),
});

const SHAPES =
  "give { clientId, clientSecret } or { clientId, privateKey }, with grant: 'authorization_code' " +
  "where a person logs in; { grant: 'password', username, password }, { grant: 'jwt_bearer', " +
  "assertion }, or { grant: 'jwt_bearer', assertionKey, assertionIssuer, assertionSubject }; {} is " +
  'the client of the provider';

/** What an account may be configured with; `oauth2()` checks that there is a client as well. */
export const anyCredentials = union(
  [clientCredentials, authorizationCode, password, assertion, signedAssertion],
  SHAPES,
);

/** What an account is configured with: secrets as strings or as `Secret`s. */
export type OAuth2CredentialsInput = z.input<typeof anyCredentials>;
export type OAuth2Credentials = z.output<typeof anyCredentials>;
export type SignedAssertionCredentials = z.output<typeof signedAssertion>;

export function oauth2Credentials(settings: OAuth2Settings) {
  return anyCredentials
    .refine(
      ({ grant }) => grant !== 'password' || settings.passwordLogin,
      "to log in with a person's password set the provider's option passwordLogin: true",
    )
    .superRefine((given, context) => {
      const problem =
        clientProblem(given) ??
        (given.clientId === undefined && settings.clientId === undefined
          ? 'clientId is missing, here and in the options of the provider'
          : undefined);
      if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
    });
}

/** Whether they log in by themselves. */
export function canObtain({ grant }: OAuth2Credentials): boolean {
  return grant !== 'authorization_code';
}

/** Who asks: the account's own client, or the provider's. */
export function clientOf(
  settings: OAuth2Settings,
  credentials: OAuth2Credentials | undefined,
): ClientDescription | undefined {
  const own = credentials?.clientId === undefined ? settings : credentials;
  return own.clientId === undefined ? undefined : { ...own, clientId: own.clientId };
}
