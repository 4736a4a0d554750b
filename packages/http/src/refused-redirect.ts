const REDIRECTS = [301, 302, 303, 307, 308];

/**
 * A request that carries a token follows no redirect, not even at home: which headers a client
 * takes along is a rule of its own, and knows `Authorization` at most.
 *
 * @throws TypeError that names the origin the API wanted to send the request to
 */
export function refuseRedirect(from: URL, response: Response): void {
  const location = response.headers.get('location');
  if (!REDIRECTS.includes(response.status) || location === null) return;
  discardBody(response);
  throw new TypeError(
    `${from.origin} answered ${response.status}, a redirect to ${targetOf(location, from)}. A ` +
      'request that carries a token follows none. Ask that URL directly, if its origin is ' +
      "allowed; or pass `redirect: 'manual'` and look at `Location`.",
  );
}

/** Lets go of the connection, and of what has been read. */
export function discardBody({ body }: Response): void {
  // Clients other than fetch put a stream of Node there.
  const stream = body as { cancel?(): Promise<void>; destroy?(): void } | null;
  if (stream?.cancel === undefined) stream?.destroy?.();
  else stream.cancel().catch(() => {});
}

function targetOf(location: string, from: URL): string {
  if (!URL.canParse(location, from.href)) return 'something that is no URL';
  const { origin, protocol } = new URL(location, from);
  return origin === 'null' ? `a URL with the scheme ${protocol}` : origin;
}
