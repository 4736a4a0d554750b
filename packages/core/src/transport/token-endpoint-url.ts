import { TokenError } from '../errors/token-error.js';
import { isLoopbackHost } from './loopback-host.js';

/**
 * A URL secrets may be sent to: https, or http to this machine where the engine allows it; no
 * user, password or fragment. The error shows the origin at most.
 */
export function tokenEndpointUrl(text: string, allowInsecureLoopback: boolean): URL {
  // Backslashes and control characters are read as other characters by the URL parser.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: refusing them is the purpose
  if (/[\\\u0000-\u0020]/.test(text) || !URL.canParse(text)) {
    throw unsafe('is not an absolute URL. Write it as https://host/path.');
  }
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') {
    throw unsafe(`for host ${url.host} carries a user or password. Use credentials instead.`);
  }
  if (url.hash !== '') throw unsafe(`for host ${url.host} has a fragment. Remove it.`);
  if (url.protocol === 'https:') return url;
  if (url.protocol !== 'http:') throw unsafe(`has the scheme ${url.protocol}; use https.`);
  if (!isLoopbackHost(url.hostname)) {
    throw unsafe(`${url.origin} is not https. Tokens are sent over http to this machine only.`);
  }
  if (!allowInsecureLoopback) {
    throw unsafe(
      `${url.origin} is not https. For a server on this machine set allowInsecureLoopback: true.`,
    );
  }
  return url;
}

function unsafe(problem: string): TokenError {
  return new TokenError('CONFIGURATION_UNSAFE_URL', `The token endpoint ${problem}`);
}
