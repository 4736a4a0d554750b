import type { Pace, ProviderProfile, RefusalKind } from '@tokenkeep/core';

/**
 * A provider as data: one API, as its vendor documents it. Everything is JSON, so it may stand in a
 * YAML file, and nothing in it is code. What is left out has the strictest default there is, but for
 * `profile.notProcessed`.
 *
 * A **template** is a text with placeholders: `{credentials.clientId}`, `{refreshToken}`,
 * `{accessToken}`, `{target.tenant}`, `{target.resource}`, `{target.scope}`, `{first.name}`. A brace
 * itself is doubled. A member of a query, form, header list or JSON body is left out where a value for
 * it is absent.
 */
export interface ProviderDeclaration {
  /** For editors. */
  readonly $schema?: string | undefined;
  /** Part of every account id: lower-case letters, digits, hyphens. */
  readonly id: string;
  /** Where relative URLs begin: `https://id.example.com`, without a slash at the end. */
  readonly baseUrl: string;
  /** What an account is configured with, by name. Default: nothing. */
  readonly credentials?: Readonly<Record<string, DeclaredCredential>> | undefined;
  /** How a token is had without one. Without it, tokens are imported. */
  readonly obtain?: ObtainOperation | undefined;
  /** RFC 6749 section 6. */
  readonly refresh?: TokenOperation | undefined;
  /** RFC 7009. Not sent where a token that it names is not there. */
  readonly revoke?: RevokeOperation | undefined;
  /** RFC 7662, or an endpoint that describes the token it is called with. */
  readonly inspect?: InspectOperation | undefined;
  /** How replies of `obtain` and `refresh` are read. */
  readonly reply?: DeclaredReply | undefined;
  /** 2xx replies that refuse all the same; one that fits is enough. */
  readonly refused?: readonly ReplyCondition[] | undefined;
  /** What a refusal means; the first rule that fits decides. */
  readonly refusals?: readonly RefusalRule[] | undefined;
  /** Whether `error`, a text, is read as in RFC 6749 section 5.2, at 2xx too. Default true. */
  readonly oauthErrors?: boolean | undefined;
  /** Where a refusal's words stand. Default `error` and `error_description`. */
  readonly words?: { readonly code?: Path | undefined; readonly description?: Path | undefined };
  /** How the token goes on requests. Default `Authorization: Bearer`. */
  readonly token?: DeclaredTokenPlace | undefined;
  /** Replies of the API that say "this token is dead"; one is enough. Default: status 401. */
  readonly rejected?: readonly ReplyCondition[] | undefined;
  readonly profile?: DeclaredProfile | undefined;
}

/** A text with placeholders. */
export type Template = string;
/** Where a value stands in a JSON reply: `data.accessToken`, `errors.0.code`. */
export type Path = string;

export interface DeclaredCredential {
  /** Default true: a `Secret`, of which errors are cleaned. */
  readonly secret?: boolean | undefined;
  /** Default false. */
  readonly optional?: boolean | undefined;
}

/** One request. It carries at most one of `form` and `json`; with neither, a POST is empty. */
export interface DeclaredRequest {
  /** Default `POST`. */
  readonly method?: 'GET' | 'POST' | 'DELETE' | 'PUT' | 'PATCH' | undefined;
  /** Template; `/path` is appended to `baseUrl`. No query: that is `query`. */
  readonly url: Template;
  readonly query?: Readonly<Record<string, Template>> | undefined;
  readonly headers?: Readonly<Record<string, Template | BasicAuthorization>> | undefined;
  readonly form?: Readonly<Record<string, Template>> | undefined;
  /** Any JSON; its texts are templates. */
  readonly json?: unknown;
}

/** RFC 7617. */
export interface BasicAuthorization {
  readonly basic: {
    readonly user: Template;
    readonly password: Template;
    /** RFC 6749 section 2.3.1: both are form-encoded first. Default false. */
    readonly formEncoded?: boolean | undefined;
  };
}

export interface TokenOperation extends DeclaredRequest {
  /**
   * A request before this one, for what it needs: a session token, a nonce. Where the refresh token is
   * not in it, its failure says nothing of that.
   */
  readonly first?: FirstStep | undefined;
  /** Members in which this operation's reply differs. */
  readonly reply?: DeclaredReply | undefined;
}

export interface ObtainOperation extends TokenOperation {
  /** Optional credentials without which nobody can log in: then a person is needed. */
  readonly needs?: readonly string[] | undefined;
}

export interface FirstStep extends DeclaredRequest {
  /** What is taken from its reply, as `{first.name}`. */
  readonly take: Readonly<Record<string, Path>>;
}

export interface RevokeOperation extends DeclaredRequest {
  /** Replies which say that there is nothing to revoke any more, besides every 2xx. */
  readonly revoked?: readonly ReplyCondition[] | undefined;
}

export interface InspectOperation extends DeclaredRequest {
  /** Replies which say that the token is dead. Default: `active` is false. */
  readonly inactive?: readonly ReplyCondition[] | undefined;
  readonly lifetime?: DeclaredLifetime | undefined;
}

export interface DeclaredReply {
  /** Default `access_token`. */
  readonly accessToken?: Path | undefined;
  /** Default `refresh_token`. The place of the access token, where that refreshes itself. */
  readonly refreshToken?: Path | undefined;
  /** Default `{ at: expires_in, as: seconds }`. */
  readonly lifetime?: DeclaredLifetime | undefined;
  /** Default: not stated. */
  readonly refreshLifetime?: DeclaredLifetime | undefined;
  /** Default `token_type`. */
  readonly tokenType?: Path | undefined;
  /** Default `scope`. */
  readonly scope?: Path | undefined;
  /** Facts to keep beside the token: our name for each, and its path. */
  readonly metadata?: Readonly<Record<string, Path>> | undefined;
}

/**
 * How a lifetime is written. `seconds` and `milliseconds` count from now; numbers or digits. The others
 * are an end on the server's clock, taken relative to `serverTime` or the reply's `Date`: `datetime` is
 * ISO 8601 with seconds and an offset (`Z`, `+00:00`, `+0000`).
 */
export interface DeclaredLifetime {
  readonly at: Path;
  readonly as: LifetimeForm;
  /** The server's own time, in the same reply, where an end is relative to it. */
  readonly serverTime?: { readonly at: Path; readonly as: MomentForm } | undefined;
}

export type MomentForm = 'unix-seconds' | 'unix-milliseconds' | 'datetime';
export type LifetimeForm = 'seconds' | 'milliseconds' | MomentForm;

/** Fits a reply if all that is stated fits. Words are compared exactly; there are no patterns. */
export interface ReplyCondition {
  readonly status?: readonly number[] | undefined;
  /** The value that is looked at; with none of the tests below it has to be there. */
  readonly at?: Path | undefined;
  /** The same, for a header. */
  readonly header?: string | undefined;
  readonly is?: readonly (string | number | boolean)[] | undefined;
  readonly startsWith?: readonly string[] | undefined;
  readonly contains?: readonly string[] | undefined;
  /** `false`: it is absent, or null. */
  readonly present?: boolean | undefined;
}

export interface RefusalRule extends ReplyCondition {
  /** Default: all operations. */
  readonly on?: readonly Operation[] | undefined;
  readonly kind: RefusalKind;
}

export type Operation = 'obtain' | 'refresh' | 'revoke' | 'inspect';

export interface DeclaredTokenPlace {
  /** Default `Authorization`. */
  readonly header?: string | undefined;
  /** The word before the token; `none` for the bare token. Default `Bearer`. */
  readonly scheme?: string | undefined;
}

/** `ProviderProfile` of the contract, as data. Defaults are the strictest, but for `notProcessed`. */
export interface DeclaredProfile {
  /** Default: the origin of `baseUrl`; none where that has a placeholder. */
  readonly apiOrigins?: readonly string[] | undefined;
  readonly renewal?: ProviderProfile['renewal'] | undefined;
  /** Default: single use without grace; `none` without `refresh`. */
  readonly refreshToken?: ProviderProfile['refreshToken'] | undefined;
  readonly inDoubt?: ProviderProfile['inDoubt'] | undefined;
  /** Default `[429]`: RFC 6585 section 4. */
  readonly notProcessed?: readonly number[] | undefined;
  readonly refreshRevokesAccessToken?: boolean | undefined;
  readonly revocationScope?: ProviderProfile['revocationScope'] | undefined;
  readonly lifetime?: Partial<ProviderProfile['lifetime']> | undefined;
  readonly passwordLogin?: boolean | undefined;
  readonly budgets?: readonly DeclaredBudget[] | undefined;
  readonly pace?: Pace | undefined;
}

export interface DeclaredBudget {
  readonly operation: 'obtain' | 'refresh';
  readonly limit: number;
  readonly windowMs: number;
  /** Less than `limit`. Default 0. */
  readonly reserve?: number | undefined;
  /** Default 1. */
  readonly burst?: number | undefined;
  /** Default: an even share of the window. */
  readonly refillMs?: number | undefined;
  /** Credentials the vendor counts by, none of them secret. Default: all accounts share it. */
  readonly per?: readonly string[] | undefined;
}
