import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions as TlsOptions } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { EpochMs } from '@tokenkeep/core';
import type { TestClock } from '../clock/test-clock.js';
import { normal } from './faults/fault.js';
import { FaultExchange } from './faults/fault-exchange.js';
import { FaultScript } from './faults/fault-script.js';
import type { Reply } from './reply.js';
import { type LogEntry, type Operation, type RequestFacts, RequestLog } from './request-log.js';
import { readRequest, type ServerRequest } from './server-request.js';
import { type ServerTime, serverTime } from './server-time.js';

export interface ScriptedServerOptions {
  /** Virtual time; steps of its wall clock do not touch the server. Default: real time. */
  readonly clock?: TestClock;
  /** The time it lives by, in place of `clock`: that of a simulation. */
  readonly time?: ServerTime;
  /** Also appends the log to this file, a line of JSON for each request. */
  readonly logFile?: string;
  /** How far the server's clock, as clients see it, is ahead of true time, ms. Default 0. */
  readonly dateSkewMs?: number;
  /** Whether replies carry a `Date` header. Default true. */
  readonly dateHeader?: boolean;
  /** Real ms after which an idle connection is closed. Default 5000. */
  readonly keepAliveMs?: number;
  /** Default 0: any free port. */
  readonly port?: number;
  /** Key and certificate: the server speaks https. */
  readonly tls?: TlsOptions;
}

/** What a server did with a request: the reply and, for the log, what it means. */
export interface Processed {
  readonly reply: Reply;
  readonly facts: RequestFacts;
}

/**
 * A real HTTP server on 127.0.0.1 whose log is the oracle of a test: it knows what was asked and
 * what was done, whatever the client believes. Faults are scripted for single requests.
 *
 * ```ts
 * const server = new ChatAppAuthority();
 * await server.start();
 * server.faults.next('refresh', fault.dropAfterProcessing());
 * ```
 */
export abstract class ScriptedServer {
  readonly log: RequestLog;
  readonly faults = new FaultScript();
  /** May be changed while the server runs. */
  dateSkewMs: number;
  /** May be changed while the server runs. */
  dateHeader: boolean;

  protected readonly time: ServerTime;
  readonly #options: ScriptedServerOptions;
  readonly #sockets = new Map<Socket, number>();
  readonly #processedListeners = new Set<(entry: LogEntry) => void | Promise<void>>();
  readonly #requestWaiters = new Set<(entry: LogEntry) => void>();
  readonly #breakdowns: unknown[] = [];
  #server: Server | undefined;
  #stopping = new AbortController();
  #connections = 0;

  constructor(options: ScriptedServerOptions = {}) {
    this.#options = options;
    this.log = new RequestLog(options.logFile);
    this.time = options.time ?? serverTime(options.clock);
    this.dateSkewMs = options.dateSkewMs ?? 0;
    this.dateHeader = options.dateHeader ?? true;
  }

  /** `http://127.0.0.1:<port>`, without a slash at the end. @throws Error before `start`. */
  get url(): string {
    const address = this.#server?.address() as AddressInfo | null | undefined;
    if (!address) throw new Error('the server is not started');
    return `${this.#options.tls ? 'https' : 'http'}://127.0.0.1:${address.port}`;
  }

  /** Connections accepted so far. */
  get connections(): number {
    return this.#connections;
  }

  get openConnections(): number {
    return this.#sockets.size;
  }

  async start(): Promise<this> {
    const { tls, keepAliveMs = 5000, port = 0 } = this.#options;
    const limits = { maxHeaderSize: 256 * 1024, requestTimeout: 0, keepAliveTimeout: keepAliveMs };
    const listener = (message: IncomingMessage, response: ServerResponse) => {
      this.#handle(message, response).catch((error: unknown) => {
        this.#breakdowns.push(error);
        response.destroy();
      });
    };
    const server = tls
      ? createTlsServer({ ...limits, ...tls }, listener)
      : createServer(limits, listener);
    server.headersTimeout = 0;
    // Newer Node keeps idle connections a second longer than it tells the client.
    if ('keepAliveTimeoutBuffer' in server) Object.assign(server, { keepAliveTimeoutBuffer: 0 });
    server.on('connection', (socket: Socket) => this.#admit(socket));
    if (tls) server.on('secureConnection', (socket: Socket) => this.#admit(socket));
    server.on('clientError', (_error, socket) => socket.destroy());
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    this.#server = server;
    this.#stopping = new AbortController();
    return this;
  }

  /**
   * Stops listening and destroys every connection. Idempotent.
   *
   * @throws AggregateError when the server itself broke while handling a request.
   */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.#stopping.abort();
    if (server !== undefined) {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of this.#sockets.keys()) socket.destroy();
      await closed;
      this.#sockets.clear();
    }
    const breakdowns = this.#breakdowns.splice(0);
    if (breakdowns.length > 0) throw new AggregateError(breakdowns, 'the scripted server broke');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /**
   * Called when a request has been processed and logged, before anything is sent back. A promise
   * holds the reply back until it settles.
   */
  onProcessed(listener: (entry: LogEntry) => void | Promise<void>): Disposable {
    this.#processedListeners.add(listener);
    return { [Symbol.dispose]: () => void this.#processedListeners.delete(listener) };
  }

  /** Resolves with the next request of this kind, processed or not, before it is answered. */
  nextRequest(operation: Operation): Promise<LogEntry> {
    return new Promise((resolve) => {
      const waiter = (entry: LogEntry) => {
        if (entry.operation !== operation) return;
        this.#requestWaiters.delete(waiter);
        resolve(entry);
      };
      this.#requestWaiters.add(waiter);
    });
  }

  /** The server's clock as clients see it, ms since 1970. */
  shownNow(): EpochMs {
    return this.time.now() + this.dateSkewMs;
  }

  /** What a request asks for and presents. Changes nothing. */
  recognise(request: ServerRequest): RequestFacts & { readonly operation: Operation } {
    const operation = this.route(request);
    return { ...this.identify(request, operation), operation };
  }

  /**
   * Acts on a request that came by another way than HTTP, such as a simulated network.
   *
   * @param instead what it says instead of acting on it
   */
  answer(
    request: ServerRequest,
    instead?: Reply,
  ): { readonly reply: Reply; readonly entry: LogEntry } {
    if (!this.faults.isClear) {
      throw new TypeError(
        'These faults are for HTTP, and this server is asked without it. In a simulation, script ' +
          'the faults of what serve() returned.',
      );
    }
    const operation = this.route(request);
    const presented = this.identify(request, operation);
    const { reply, facts } =
      instead === undefined ? this.process(request, operation) : standIn(instead);
    const entry = this.#log(request, operation, this.time.now(), {
      ...presented,
      ...facts,
      status: reply.status,
    });
    return { reply: { ...reply, headers: { ...this.#serverHeaders(), ...reply.headers } }, entry };
  }

  /** Says what a request asks for. */
  protected abstract route(request: ServerRequest): Operation;

  /** Says what a request presents. Changes nothing: it is asked for requests that fail, too. */
  protected abstract identify(request: ServerRequest, operation: Operation): RequestFacts;

  /** Acts on the request. */
  protected abstract process(request: ServerRequest, operation: Operation): Processed;

  #admit(socket: Socket): void {
    // A TLS connection comes twice, raw and secured, under one number.
    if (!('encrypted' in socket)) this.#connections += 1;
    this.#sockets.set(socket, this.#connections);
    socket.once('close', () => this.#sockets.delete(socket));
  }

  async #handle(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const at = this.time.now();
    const connection = this.#sockets.get(message.socket) ?? 0;
    let request: ServerRequest;
    try {
      request = await readRequest(message, connection);
    } catch {
      response.destroy();
      return;
    }
    const operation = this.route(request);
    const presented = this.identify(request, operation);
    const { accountId } = presented;
    const identified = { ...request, operation, ...(accountId === undefined ? {} : { accountId }) };
    const scripted = this.faults.take(identified);
    const fault = scripted ?? normal();

    if (fault.holdMs !== undefined) {
      const stopping = this.#stopping.signal;
      await this.time.sleep(fault.holdMs, stopping);
      if (stopping.aborted) return;
    }
    const known = fault.holdMs === undefined ? presented : this.identify(request, operation);
    const processed = fault.processes ? this.process(request, operation) : undefined;
    const entry = this.#log(request, operation, at, {
      ...known,
      ...processed?.facts,
      status: fault.status ?? processed?.reply.status ?? 0,
      ...(scripted === undefined ? {} : { fault: fault.name }),
    });
    for (const waiter of [...this.#requestWaiters]) waiter(entry);
    if (processed !== undefined) await this.#tellProcessed(entry);
    await fault.deliver(
      new FaultExchange({
        request,
        reply: processed?.reply,
        response,
        time: this.time,
        shownNow: () => this.shownNow(),
        serverHeaders: () => this.#serverHeaders(),
      }),
    );
  }

  #log(
    request: ServerRequest,
    operation: Operation,
    at: EpochMs,
    facts: RequestFacts & Pick<LogEntry, 'status' | 'fault'>,
  ): LogEntry {
    return this.log.append({
      at,
      method: request.method,
      path: request.path,
      operation,
      replay: false,
      familyRevoked: false,
      outcome: 'faulted',
      ...facts,
      connection: request.connection,
      bodyBytes: request.body.length,
    });
  }

  async #tellProcessed(entry: LogEntry): Promise<void> {
    for (const listener of [...this.#processedListeners]) {
      const promise = listener(entry);
      if (promise === undefined) continue;
      const held = this.time.hold();
      try {
        await promise;
      } finally {
        held[Symbol.dispose]();
      }
    }
  }

  #serverHeaders(): Reply['headers'] {
    return this.dateHeader ? { date: new Date(this.shownNow()).toUTCString() } : {};
  }
}

function standIn(reply: Reply) {
  return { reply, facts: { outcome: 'faulted', fault: `status ${reply.status}` } as const };
}
