import { Secret } from '@tokenkeep/core';

const masks = [Secret.mask, encodeURIComponent(Secret.mask)];

/** @throws TypeError where a secret was printed into a request, instead of being revealed */
export function refuseMaskedSecret(url: URL, headers: Headers, body: readonly string[]): void {
  refuseMaskIn([url.href], 'URL');
  for (const [name, value] of headers) refuseMaskIn([value], `header ${name}`);
  refuseMaskIn(body, 'body');
}

export function refuseMaskIn(content: readonly (string | Buffer)[], place: string): void {
  if (!content.some((part) => masks.some((mask) => part.includes(mask)))) return;
  throw new TypeError(
    `The ${place} of the request contains ${Secret.mask}: a Secret was printed into it. Nothing ` +
      'was sent. The token is put on by authorizedFetch; elsewhere use token.headers(), or ' +
      'reveal() of a secret. If the very text is meant, give the body as bytes.',
  );
}
