import type { RefusalKind } from '@tokenkeep/core';

/** A reply as a vendor's page shows it. */
export interface DescribedReply {
  /** Default 200. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A text is sent as it is, anything else as JSON. Default: none. */
  readonly body?: unknown;
}

export type DescribedReplies = DescribedReply | readonly DescribedReply[];

/** How a server says no. */
export interface DescribedRefusal extends DescribedReply {
  /** What this one means, where it is not what the others do (`refusedAs`). */
  readonly as?: RefusalKind;
}

/** What a good reply carries. Put each value where the vendor puts it; `undefined` is left out. */
export interface SampleTokens {
  readonly access: unknown;
  readonly refresh: unknown;
  /** In the form that `DescribedServer.lifetime` names. */
  readonly lifetime: unknown;
  /** In the form that `DescribedServer.refreshLifetime` names. */
  readonly refreshLifetime: unknown;
  /** The server's clock, ms since 1970. */
  readonly now: number;
}

/**
 * How a lifetime is written: as a count from now, as a moment on the server's clock (`datetime` is
 * ISO 8601), or not at all.
 */
export type LifetimeForm =
  | 'seconds'
  | 'milliseconds'
  | 'minutes'
  | 'hours'
  | 'unix-seconds'
  | 'unix-milliseconds'
  | 'datetime'
  | 'none';

/** One request and its good reply. */
export interface DescribedStep {
  /** Method and path, without the query: `POST /login`. `*` stands for one segment of the path. */
  readonly request: string;
  /** Left out where a server of yours answers. */
  readonly ok?: (tokens: SampleTokens) => DescribedReply;
}

/** A login, or a refresh. */
export interface DescribedGrant extends DescribedStep {
  /** How it says no, in the vendor's words: each reply that is known. */
  readonly refused?: DescribedRefusal | readonly DescribedRefusal[];
  /** What that means. Default: `credentials_rejected` of a login, `grant_rejected` of a refresh. */
  readonly refusedAs?: RefusalKind;
  /** Requests that follow the first one in the same operation, where the vendor needs more. */
  readonly followedBy?: readonly DescribedStep[];
}

/** What may be asked for before an operation, without secrets: metadata, for one. */
export interface DescribedPreliminary {
  /** `GET /.well-known/oauth-authorization-server`. */
  readonly request: string;
  /** @param server where it listens: metadata says so */
  readonly ok: (server: { readonly url: string }) => DescribedReply;
}

/** The authorization server, as its documentation has it. */
export interface DescribedServer {
  /** Needed where the provider sends preliminary requests, which it may do once or each time. */
  readonly preliminary?: readonly DescribedPreliminary[];
  readonly obtain: DescribedGrant;
  /** What is left out is as in `obtain`. Needed where the profile knows refresh tokens. */
  readonly refresh?: Partial<DescribedGrant>;
  /** Needed where the provider revokes: one request, or one for each token. */
  readonly revoke?: {
    readonly request: string;
    /** Default: 200 without a body. */
    readonly ok?: DescribedReply;
    /** The vendor has no way to end a refresh token. */
    readonly only?: 'access';
    /** What it says of a token it does not know. Default: the same. */
    readonly unknown?: DescribedReplies;
  };
  /** Needed where the provider inspects. */
  readonly inspect?: {
    readonly request: string;
    readonly active: (tokens: SampleTokens) => DescribedReply;
    readonly inactive: DescribedReplies;
  };
  /** What the API says of a dead token, and of a call that the token does not allow. */
  readonly api: {
    readonly rejected: DescribedReplies;
    readonly denied?: DescribedReplies;
    /** The line that carries the token, with `*` in its place: `Authorization: Bearer *`. */
    readonly header?: string;
  };
  /** Default `seconds`. */
  readonly lifetime?: LifetimeForm;
  /** Default `none`. */
  readonly refreshLifetime?: LifetimeForm;
  /** How it says "too fast" besides 429. */
  readonly throttled?: DescribedReplies;
  /** The vendor wants secrets in the URL, and offers no other place. Default false. */
  readonly secretsInUrl?: boolean;
  /**
   * A server of yours that listens there. It answers every request for which no reply is described;
   * what goes wrong is still scripted, in front of it.
   */
  readonly url?: string;
}

export function repliesOf<Reply extends DescribedReply>(
  replies: Reply | readonly Reply[] | undefined,
): readonly Reply[] {
  if (replies === undefined) return [];
  return Array.isArray(replies) ? replies : [replies as Reply];
}
