import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../clock/clock.js';
import { connect } from './connect.js';
import { decodeBody } from './decode-body.js';
import {
  ExchangeError,
  type ExchangeHooks,
  type ExchangeReply,
  type ExchangeRequest,
  type HttpExchange,
} from './http-exchange.js';

const LARGEST_HEAD_BYTES = 32_768;

/** HTTP/1.1 on a fresh connection per request: an idle connection may close as we send. */
export function nodeHttpExchange(clock: Pick<Clock, 'sleep'>): HttpExchange {
  return { send: (request, hooks) => send(clock, request, hooks) };
}

async function send(
  clock: Pick<Clock, 'sleep'>,
  request: ExchangeRequest,
  hooks: ExchangeHooks,
): Promise<ExchangeReply> {
  using limit = deadline(clock, request.timeoutMs, request.signal);
  const socket = await connectWithin(clock, request, limit.signal);
  try {
    await hooks.onConnected();
  } catch (error) {
    socket.destroy();
    throw new ExchangeError('not_admitted', 'no', error);
  }
  if (limit.signal.aborted || !socket.writable) {
    socket.destroy();
    // The server may have left meanwhile; Node would wait for a reply on the dead connection.
    const failure = limit.signal.aborted ? failureOf(limit.signal.reason) : 'reset';
    throw new ExchangeError(failure, 'no');
  }
  try {
    const reply = await writeAndRead(socket, request, hooks, limit.signal);
    const codings = reply.headers['content-encoding'] ?? [];
    return { ...reply, body: await decodeBody(reply.body, codings, request.maxBodyBytes) };
  } finally {
    socket.destroy();
  }
}

async function connectWithin(
  clock: Pick<Clock, 'sleep'>,
  request: ExchangeRequest,
  signal: AbortSignal,
): Promise<Socket> {
  using limit = deadline(clock, request.connectTimeoutMs, signal);
  try {
    return await connect(request.url, limit.signal);
  } catch (error) {
    if (error instanceof ExchangeError) throw new ExchangeError(error.failure, 'no');
    throw new ExchangeError('connect', 'no');
  }
}

function writeAndRead(
  socket: Socket,
  request: ExchangeRequest,
  hooks: ExchangeHooks,
  signal: AbortSignal,
): Promise<ExchangeReply & { body: Buffer }> {
  return new Promise((resolve, reject) => {
    const { url, method, headers, body } = request;
    const outgoing = httpRequest(
      {
        method,
        host: url.host,
        path: url.pathname + url.search,
        headers: {
          ...headers,
          Host: url.host,
          Connection: 'close',
          'Accept-Encoding': 'identity',
          ...(body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) }),
        },
        // Without an `agent`: with one, even `false`, Node makes a connection of its own.
        createConnection: () => socket,
        maxHeaderSize: LARGEST_HEAD_BYTES,
      },
      (incoming) => {
        hooks.onProgress?.('reply-begun');
        readReply(incoming, request.maxBodyBytes).then(resolve, fail);
      },
    );
    const onAbort = () => fail(signal.reason);
    const fail = (error: unknown) => {
      signal.removeEventListener('abort', onAbort);
      outgoing.destroy();
      reject(
        error instanceof ExchangeError
          ? new ExchangeError(error.failure, 'maybe')
          : new ExchangeError(failureOf(error), 'maybe'),
      );
    };
    outgoing.on('error', fail);
    outgoing.on('upgrade', () => fail(new ExchangeError('malformed', 'maybe')));
    outgoing.on('close', () => signal.removeEventListener('abort', onAbort));
    signal.addEventListener('abort', onAbort, { once: true });
    if (hooks.onProgress !== undefined && body !== undefined) {
      outgoing.flushHeaders();
      socket.write('', () => {
        hooks.onProgress?.('head-written');
        outgoing.end(body);
      });
    } else {
      outgoing.end(body);
    }
  });
}

function readReply(
  incoming: IncomingMessage,
  maxBytes: number,
): Promise<ExchangeReply & { body: Buffer }> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    incoming.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxBytes) {
        incoming.destroy();
        return reject(new ExchangeError('oversized', 'maybe'));
      }
      chunks.push(chunk);
    });
    incoming.on('error', () => reject(new ExchangeError('truncated', 'maybe')));
    incoming.on('close', () => {
      if (!incoming.complete) reject(new ExchangeError('truncated', 'maybe'));
    });
    incoming.on('end', () => {
      if (!incoming.complete) return reject(new ExchangeError('truncated', 'maybe'));
      resolve({
        status: incoming.statusCode ?? 0,
        headers: incoming.headersDistinct as Record<string, string[]>,
        body: Buffer.concat(chunks),
      });
    });
  });
}

/** An abort signal that fires after `ms` on the engine's clock, or with its parent. */
function deadline(
  clock: Pick<Clock, 'sleep'>,
  ms: number,
  parent: AbortSignal,
): { readonly signal: AbortSignal } & Disposable {
  const controller = new AbortController();
  const done = new AbortController();
  const onAbort = () => controller.abort(new ExchangeError('aborted', 'no'));
  if (parent.aborted) onAbort();
  else parent.addEventListener('abort', onAbort, { once: true });
  clock.sleep(ms, done.signal).then(
    () => controller.abort(new ExchangeError('timeout', 'no')),
    () => {},
  );
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      parent.removeEventListener('abort', onAbort);
      done.abort();
    },
  };
}

function failureOf(error: unknown): ExchangeError['failure'] {
  if (error instanceof ExchangeError) return error.failure;
  const code = (error as { code?: string } | undefined)?.code ?? '';
  if (code === 'HPE_HEADER_OVERFLOW') return 'oversized';
  return code.startsWith('HPE_') ? 'malformed' : 'reset';
}
