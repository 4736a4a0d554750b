import { isLoopbackHost } from '@tokenkeep/core';

// Left out, or read as other characters, by the URL parser: what is checked by eye is then not
// where the request goes.
// biome-ignore lint/suspicious/noControlCharactersInRegex: refusing them is the purpose
const DECEPTIVE = /[\u0000-\u001f\u007f]|^[^?#]*\\/;

/**
 * The URL of a request that carries a token, if its origin is one of `allowed`. No message shows
 * more than an origin: the rest may hold secrets.
 *
 * @throws TypeError for every other URL, saying how to allow it where it can be allowed
 */
export function allowedUrl(
  text: string,
  {
    account,
    allowed,
    baseUrl,
  }: {
    readonly account: string;
    readonly allowed: readonly string[];
    readonly baseUrl: URL | undefined;
  },
): URL {
  if (DECEPTIVE.test(text)) {
    throw new TypeError(
      'The URL contains a backslash or a control character. Write / for a backslash, and encode ' +
        'the rest with encodeURIComponent().',
    );
  }
  if (!URL.canParse(text, baseUrl?.href)) {
    throw new TypeError(
      'The URL is not absolute. Write it as https://host/path, or set `baseUrl` in the options ' +
        'of authorizedFetch.',
    );
  }
  const url = withoutFinalDot(new URL(text, baseUrl));
  refuseUnsafe(url);
  const origins = allowed.map((origin) => normalOrigin(origin));
  if (origins.includes(url.origin)) return url;
  throw new TypeError(
    `The token of ${account} may not be sent to ${url.origin}: it may go to ` +
      `${origins.join(', ') || 'no origin'}. If that server may see the token, add the origin to ` +
      '`apiOrigins` of the provider, or to `allowOrigins` in the options of authorizedFetch.',
  );
}

/** @throws TypeError when it is not an origin, as a URL states its own */
export function originOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.origin !== text) {
    const meant = url === undefined || url.origin === 'null' ? 'https://host' : url.origin;
    throw new TypeError(`An entry of \`allowOrigins\` is not an origin. Write it as ${meant}.`);
  }
  refuseUnsafe(withoutFinalDot(url));
  return text;
}

/** @throws TypeError when it is not absolute */
export function baseUrlOf(base: string | URL | undefined): URL | undefined {
  if (base === undefined) return undefined;
  if (URL.canParse(String(base))) return new URL(base);
  throw new TypeError('`baseUrl` is not absolute. Write it as https://host/path/.');
}

function refuseUnsafe(url: URL): void {
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw new TypeError(`A token is not sent to a URL with the scheme ${url.protocol} Use https.`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new TypeError(
      `The URL at ${url.origin} carries a user or password. Leave them out: the token is what ` +
        'the request is authorized with.',
    );
  }
  if (url.protocol === 'http:' && !isLoopbackHost(url.hostname)) {
    throw new TypeError(
      `${url.origin} is not https. Tokens are sent over http to this machine only.`,
    );
  }
}

function normalOrigin(origin: string): string {
  return URL.canParse(origin) ? withoutFinalDot(new URL(origin)).origin : origin;
}

/** `host.` is `host`, to DNS and to us. */
function withoutFinalDot(url: URL): URL {
  if (url.hostname.endsWith('.')) url.hostname = url.hostname.slice(0, -1);
  return url;
}
