import { type AccountHandle, type AccountKey, type TokenEngine, TokenError } from '@tokenkeep/core';
import { allowedUrl, baseUrlOf, originOf } from './allowed-url.js';
import { refuseMaskedSecret } from './masked-secret.js';
import { type OutgoingRequest, readRequest } from './outgoing-request.js';
import { discardBody, refuseRedirect } from './refused-redirect.js';
import { untilAborted } from './until-aborted.js';

/** As global `fetch` is called, and where a `fetch` can be handed in, this can be. */
export type AuthorizedFetch = (
  input: string | URL | Request,
  init?: RequestInit,
) => Promise<Response>;

export interface AuthorizedFetchOptions {
  /** Origins (`https://files.example.com`) the token may go to besides the provider's own. */
  readonly allowOrigins?: readonly string[];
  /** What relative URLs are resolved against; end it with a slash. Allows nothing by itself. */
  readonly baseUrl?: string | URL;
  /** How long to wait at most for a token, and after a refusal for the next; 15 s by default. */
  readonly waitMs?: number;
  /**
   * Sends the requests; global `fetch` at the time of the call by default. It must heed
   * `redirect: 'manual'` and `signal`.
   */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
}

/**
 * A `fetch` that carries the token of an account. Where the API refuses the token, the next one is
 * fetched (once, for everybody who was refused), saved, and the request repeated once; what comes
 * then is the answer, refusals included.
 *
 * The token goes to the provider's `apiOrigins` and to `allowOrigins`, and follows no redirect. A
 * body that is a stream is sent once. `init.signal` ends this call and nobody else's.
 *
 * ```ts
 * const crm = authorizedFetch(engine, 'crm');
 * const reply = await crm('https://api.chatapp.online/v1/licenses');
 * ```
 *
 * @throws TypeError, from the call: the URL is not one the token may go to, the request shows the
 *   mask of a secret, the API redirects; as `fetch` does: the request is wrong, the network failed
 * @throws TokenError, from the call: those of `getToken`; `TOKEN_REFUSED` when the API refused the
 *   token and no other could be had, unless one was asked for in the last five minutes: then the
 *   refusal is the answer; `REQUEST_NOT_REPLAYABLE`
 * @throws what `signal` was aborted with, from the call
 */
export function authorizedFetch(
  engine: Pick<TokenEngine, 'account' | 'getToken' | 'withToken'>,
  account: AccountKey,
  options: AuthorizedFetchOptions = {},
): AuthorizedFetch {
  const { waitMs } = options;
  const allowOrigins = (options.allowOrigins ?? []).map(originOf);
  const baseUrl = baseUrlOf(options.baseUrl);

  return async (input, init) => {
    // First of all: as with fetch, what counts is what stood there at the call.
    const request = readRequest(input, init);
    const { id, apiOrigins } = await handleOf(engine, account);
    const { signal } = request;
    const allowed = [...apiOrigins, ...allowOrigins];
    const url = allowedUrl(request.url, { account: id, allowed, baseUrl });
    refuseMaskedSecret(url, request.headers, request.text);
    const response = await untilAborted(signal, () => call(id, url, request));
    if (request.redirect !== 'manual') refuseRedirect(url, response);
    return response;
  };

  async function call(id: string, url: URL, request: OutgoingRequest): Promise<Response> {
    const { signal, init } = request;
    const send = options.fetch ?? globalThis.fetch;
    const body = await request.body();
    const answers: Response[] = [];
    let sent = false;
    try {
      return await engine.withToken(
        account,
        async (token) => {
          answers.forEach(discardBody);
          if (sent && !body.replayable) throw notReplayable(id, answers[0]);
          sent = true;
          const headers = new Headers(request.headers);
          for (const [name, value] of Object.entries(token.headers())) headers.set(name, value);
          const answer = await send(url.href, { ...init, ...body.init, headers });
          answers.push(answer);
          return answer;
        },
        { ...(signal && { signal }), ...(waitMs !== undefined && { waitMs }) },
      );
    } catch (error) {
      const [refusal] = answers;
      if (refusal !== undefined && isAnswer(error)) return refusal;
      answers.forEach(discardBody);
      throw error;
    }
  }
}

/** An account that another process has added to the store is found by asking for its token. */
async function handleOf(
  engine: Pick<TokenEngine, 'account' | 'getToken'>,
  account: AccountKey,
): Promise<AccountHandle> {
  try {
    return engine.account(account);
  } catch (error) {
    if (!TokenError.is(error, 'ACCOUNT_UNKNOWN')) throw error;
    await engine.getToken(account);
    return engine.account(account);
  }
}

/**
 * A token of this account was replaced for being refused within the last five minutes, and the
 * engine does not ask for one more. As far as can be known it is not the token that is wrong, so
 * what the API says is more use than our word: the same as it was before the replacement.
 */
function isAnswer(error: unknown): boolean {
  return TokenError.is(error, 'TOKEN_REFUSED') && error.reason === 'forced_gap';
}

function notReplayable(account: string, refusal: Response | undefined): TokenError {
  return new TokenError(
    'REQUEST_NOT_REPLAYABLE',
    `The API refused the token of ${account}, which has been renewed. The body was a stream and ` +
      'is spent, so the request was not repeated. Make it again with a new stream; a string, a ' +
      'buffer, a Blob or a form is repeated by itself.',
    { retryable: true, account, ...(refusal && { status: refusal.status }) },
  );
}
