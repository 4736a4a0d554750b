import { Secret, TokenError } from '@tokenkeep/core';
import { allowInsecureRequests, customFetch, DPoP, protectedResourceRequest } from 'oauth4webapi';
import { isSigningKey } from '../client/signing-key.js';
import { signingKeyPair } from '../client/signing-key-pair.js';

/** As `fetch` is called with a URL; what `authorizedFetch` takes as its option `fetch`. */
export type SendingFetch = (url: string, init: RequestInit) => Promise<Response>;

export interface DpopFetchOptions {
  /** The provider's `dpopKey`. */
  readonly key: string | Secret;
  /** Sends the requests: global `fetch`, or what stands in its place. */
  readonly fetch: SendingFetch;
}

/**
 * A `fetch` that proves, on every request whose `Authorization` says `DPoP`, that the token's key is
 * here (RFC 9449 section 7). Where the API wants its nonce in the proof the request is repeated
 * once; it must have a body that can be sent twice, or it is not.
 *
 * ```ts
 * const crm = authorizedFetch(engine, 'crm', { fetch: dpopFetch({ key, fetch }) });
 * ```
 *
 * @throws TokenError `CONFIGURATION_INVALID`: the key is none
 */
export function dpopFetch({ key, fetch: send }: DpopFetchOptions): SendingFetch {
  const secret = Secret.of(key);
  if (!isSigningKey(secret)) {
    throw new TokenError('CONFIGURATION_INVALID', 'Give dpopFetch() a private key: PEM or JWK.');
  }
  const handle = signingKeyPair(secret).then((pair) => DPoP({}, pair));
  handle.catch(() => {});

  return async (url, init) => {
    const headers = new Headers(init.headers);
    const token = /^DPoP +(\S+)$/i.exec(headers.get('authorization') ?? '')?.[1];
    if (token === undefined) return send(url, init);
    const dpop = await handle;
    const once = () => withProof(url, token, headers, init, { DPoP: dpop, send });
    const answer = await once();
    if (!wantsNonce(answer) || init.body instanceof ReadableStream) return answer;
    await answer.body?.cancel();
    return once();
  };
}

interface Sender {
  readonly DPoP: ReturnType<typeof DPoP>;
  readonly send: SendingFetch;
}

async function withProof(
  url: string,
  token: string,
  headers: Headers,
  init: RequestInit,
  { DPoP: handle, send }: Sender,
): Promise<Response> {
  let answer: Response | undefined;
  const method = init.method ?? 'GET';
  try {
    await protectedResourceRequest(token, method, new URL(url), undefined, null, {
      DPoP: handle,
      // Whoever calls says what may be http; the token goes where they send it.
      [allowInsecureRequests]: true,
      [customFetch]: async (_url, proven) => {
        headers.set('dpop', proven.headers.dpop ?? '');
        answer = await send(url, { ...init, headers });
        return answer;
      },
    });
  } catch (error) {
    // A refusal is the caller's to read. It is only thrown once there is an answer.
    if (answer === undefined) throw error;
  }
  if (answer === undefined) throw new TypeError('oauth4webapi sent nothing.');
  return answer;
}

/** RFC 9449 section 9. */
function wantsNonce(answer: Response): boolean {
  const challenge = answer.headers.get('www-authenticate') ?? '';
  const given = answer.headers.has('dpop-nonce');
  return answer.status === 401 && given && /(^|,\s*)DPoP\b.*\buse_dpop_nonce\b/i.test(challenge);
}
