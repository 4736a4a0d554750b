import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { jsonReply, type Reply } from '../reply.js';
import type { ServerRequest } from '../server-request.js';
import type { ServerTime } from '../server-time.js';

type Headers = Reply['headers'];

export interface FaultExchangeParts {
  readonly request: ServerRequest;
  readonly reply: Reply | undefined;
  readonly response: ServerResponse;
  readonly time: ServerTime;
  /** The server's clock as clients see it, ms since 1970. */
  readonly shownNow: () => number;
  /** Headers the server adds to every reply. */
  readonly serverHeaders: () => Headers;
}

/** One request and its wire, in the hands of a fault. */
export class FaultExchange {
  readonly request: ServerRequest;
  /** What the server would say; undefined when it did not process the request. */
  readonly reply: Reply | undefined;
  readonly response: ServerResponse;
  readonly socket: Socket;
  /** Aborted when the client has left or the reply is complete. */
  readonly closed: AbortSignal;
  readonly #parts: FaultExchangeParts;

  constructor(parts: FaultExchangeParts) {
    this.#parts = parts;
    this.request = parts.request;
    this.reply = parts.reply;
    this.response = parts.response;
    this.socket = parts.response.req.socket;
    const closing = new AbortController();
    this.closed = closing.signal;
    if (this.response.destroyed || this.socket.destroyed) closing.abort();
    this.response.once('close', () => closing.abort());
  }

  /** The server's clock as clients see it, ms since 1970. */
  shownNow(): number {
    return this.#parts.shownNow();
  }

  /** What the server would say; an empty object from one that did not process the request. */
  honestReply(): Reply {
    return this.reply ?? jsonReply(200, {});
  }

  /** Sends a whole, well-framed reply. */
  async send(reply: Reply): Promise<void> {
    if (this.closed.aborted) return;
    const { response } = this;
    response.sendDate = false;
    response.statusCode = reply.status;
    for (const [name, value] of this.#headerLines(reply.headers)) {
      response.appendHeader(name, value);
    }
    if (reply.status !== 204 && reply.status !== 304) {
      response.setHeader('content-length', reply.body.length);
    }
    response.end(reply.body);
  }

  /** Writes the head of a reply as it is: framing is the fault's business. */
  writeHead(status: number, headers: Headers): void {
    const lines = this.#headerLines(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const reason = STATUS_CODES[status] ?? 'Unknown';
    this.write(`HTTP/1.1 ${status} ${reason}\r\n${lines.join('')}\r\n`);
  }

  /** Writes bytes behind the back of the HTTP server. */
  write(bytes: string | Uint8Array): void {
    if (!this.socket.destroyed) this.socket.write(bytes);
  }

  /** Writes bytes and waits until the client makes room for more. */
  async writeAll(bytes: Uint8Array): Promise<void> {
    if (this.socket.destroyed || this.socket.write(bytes)) return;
    await new Promise<void>((resolve) => {
      const go = () => {
        this.socket.off('drain', go);
        this.socket.off('close', go);
        resolve();
      };
      this.socket.once('drain', go);
      this.socket.once('close', go);
    });
  }

  /** Closes the connection in good order (FIN). */
  finish(): void {
    if (!this.socket.destroyed) this.socket.end();
  }

  /** Tears the connection down (RST). */
  reset(): void {
    // Only plain sockets can be reset; a TLS socket is destroyed.
    if ('encrypted' in this.socket) this.socket.destroy();
    else this.socket.resetAndDestroy();
  }

  /** Waits `ms` of the server's time, or until the client leaves. */
  wait(ms: number): Promise<void> {
    return this.#parts.time.sleep(ms, this.closed);
  }

  /** Holds the request back until the client leaves or the server stops. */
  async waitForClose(): Promise<void> {
    if (this.closed.aborted) return;
    const held = this.#parts.time.hold();
    try {
      await new Promise<void>((resolve) => {
        this.closed.addEventListener('abort', () => resolve(), { once: true });
      });
    } finally {
      held[Symbol.dispose]();
    }
  }

  #headerLines(headers: Headers): [string, string][] {
    const all: Headers = { ...this.#parts.serverHeaders(), ...headers };
    return Object.entries(all).flatMap(([name, value]) =>
      [value].flat().map((line): [string, string] => [name, line]),
    );
  }
}
