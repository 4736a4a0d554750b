import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isLoopbackHost, type LoginPage } from '@tokenkeep/core';
import { commandLineError } from '../terminal/command-line-error.js';

const LONGEST_PATH = 16_384;

/** A browser of this machine comes back to it, once (RFC 8252 section 7.3). */
export interface LoopbackRedirect extends AsyncDisposable {
  /** As registered, with the port that was taken. */
  readonly redirectUri: string;
  /**
   * The URL the browser comes back to from this page. Whoever comes without the page's `state` (RFC 6749
   * section 10.12) is turned away, and waited on.
   *
   * @throws what the signal was aborted with
   */
  answerTo(page: string): Promise<URL>;
}

/** @throws TokenError `CONFIGURATION_INVALID`: it is not of this machine, or the port is taken */
export async function loopbackRedirect(
  { redirectUri }: Pick<LoginPage, 'redirectUri'>,
  signal: AbortSignal,
): Promise<LoopbackRedirect> {
  const registered = new URL(redirectUri);
  if (registered.protocol !== 'http:' || !isLoopbackHost(registered.hostname)) {
    throw commandLineError(
      `A browser comes back to ${registered.origin}, which is not this machine. Use --device, or ` +
        'register http://127.0.0.1/callback with the vendor.',
    );
  }
  const server = createServer({ maxHeaderSize: LONGEST_PATH });
  const port = await listen(server, registered);
  const here = new URL(registered);
  here.port = String(port);
  return {
    redirectUri: here.href,
    answerTo: (page) =>
      answerOnce(server, { here, state: new URL(page).searchParams.get('state') }, signal),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function listen(server: Server, { hostname, port }: URL): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', ({ code }: NodeJS.ErrnoException) => {
      const where = port === '' ? hostname : `${hostname}:${port}`;
      reject(commandLineError(`Nobody can listen on ${where} (${code}). Use --device instead.`));
    });
    // URL writes IPv6 addresses in brackets.
    const host = hostname.replace(/^\[|\]$/g, '');
    server.listen(Number(port), host, () => resolve((server.address() as AddressInfo).port));
  });
}

interface Awaited {
  readonly here: URL;
  /** Of the page the person was sent to, if it has one. */
  readonly state: string | null;
}

/** Favicons, and whoever else knocks, are told that there is nothing. */
function answerOnce(server: Server, { here, state }: Awaited, signal: AbortSignal): Promise<URL> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) return stop();
    signal.addEventListener('abort', stop, { once: true });
    server.on('request', ({ method, url: asked = '' }, response) => {
      const url = URL.canParse(asked, here.href) ? new URL(asked, here) : undefined;
      if (method !== 'GET' || url?.pathname !== here.pathname) {
        response.writeHead(404, { connection: 'close' }).end();
        return;
      }
      if (!isAnswer(url, state)) {
        // Any page in the browser can ask for this one.
        send(response, 400, 'This is not the answer to the login that Tokenkeep waits for.');
        return;
      }
      const refused = url.searchParams.has('error');
      send(response, 200, refused ? 'You are not logged in.' : 'Back to the terminal.', () => {
        signal.removeEventListener('abort', stop);
        resolve(url);
      });
    });
  });
}

function isAnswer({ searchParams }: URL, state: string | null): boolean {
  if (state !== null) return searchParams.get('state') === state;
  return searchParams.has('code') || searchParams.has('error');
}

function send(response: ServerResponse, status: number, words: string, done?: () => void): void {
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    connection: 'close',
  });
  response.end(page(words), done);
}

function page(words: string): string {
  return `<!doctype html><meta charset="utf-8"><title>Tokenkeep</title><p>${words} You can close this page.</p>\n`;
}
