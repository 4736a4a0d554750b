import {
  ExchangeError,
  type ExchangeFailure,
  type ExchangeHooks,
  type ExchangeReply,
  type ExchangeRequest,
} from '@tokenkeep/core';
import type { Reply } from '../../server/reply.js';
import type { ServerRequest } from '../../server/server-request.js';
import type { SimProcess } from '../host/sim-process.js';
import type { Kernel } from '../kernel/kernel.js';
import { latency } from './latency.js';
import type { NetworkFault } from './network-fault.js';
import type { NetworkWatcher, ScriptedTrouble, Send, SimServer } from './send.js';
import { serverRequest } from './server-request.js';
import { spoilt, unprocessed } from './stand-in-replies.js';

const retryAfterSeconds = [1, 5, 30, 120] as const;

/** One request on one connection, as `nodeHttpExchange` makes it. */
export class Exchange {
  #sent: 'no' | 'maybe' = 'no';
  #isOver = false;
  /** What the server says instead of acting on it. */
  #instead: Reply | undefined;
  #send: Send | undefined;
  readonly #done = new AbortController();

  constructor(
    private readonly network: {
      readonly watchers: ReadonlySet<NetworkWatcher>;
      readonly latencyMs: number;
    },
    private readonly kernel: Kernel,
    private readonly process: SimProcess,
    private readonly request: ExchangeRequest,
    private readonly hooks: ExchangeHooks,
    private readonly resolve: (reply: ExchangeReply) => void,
    private readonly reject: (error: unknown) => void,
  ) {}

  run(server: SimServer | undefined, trouble: ScriptedTrouble | undefined): void {
    const { process, request } = this;
    const fault = typeof trouble === 'string' ? trouble : undefined;
    this.#instead = typeof trouble === 'string' ? undefined : trouble;
    const onAbort = () => this.#fail('aborted');
    if (request.signal.aborted) {
      this.#fail('aborted');
      return;
    }
    request.signal.addEventListener('abort', onAbort, { once: true });
    this.#done.signal.addEventListener('abort', () => {
      request.signal.removeEventListener('abort', onAbort);
    });
    this.#within(request.timeoutMs, this.#done.signal);
    if (fault !== undefined) this.kernel.note(process.id, `network: ${fault}`);
    this.#connect(server, fault);
  }

  #connect(server: SimServer | undefined, fault: NetworkFault | undefined): void {
    const { process, request } = this;
    const connected = new AbortController();
    this.#within(request.connectTimeoutMs, connected.signal);
    this.#done.signal.addEventListener('abort', () => connected.abort('over'));
    if (server !== undefined) {
      for (const watcher of this.network.watchers) watcher.connecting?.(process, server);
    }
    if (fault === 'connecting hangs') return;
    process.answerAfter(3 * this.#latency(), () => {
      if (this.#isOver) return;
      connected.abort('over');
      if (server === undefined || fault === 'name not found') {
        this.#fail('dns');
        return;
      }
      if (server.isDown || fault === 'connection refused') {
        this.#fail('connect');
        return;
      }
      if (fault === 'certificate refused') {
        this.#fail('tls');
        return;
      }
      this.hooks.onConnected().then(
        () => this.#write(server, fault),
        (error) => this.#end(() => this.reject(new ExchangeError('not_admitted', 'no', error))),
      );
    });
  }

  #write(server: SimServer, fault: NetworkFault | undefined): void {
    if (this.#isOver || !this.process.isAlive) return;
    const { request, process, kernel, network } = this;
    const incoming = serverRequest(request.method, request.url, request.headers, request.body);
    const { operation, accountId, presentedGeneration } = server.authority.recognise(incoming);
    this.#sent = 'maybe';
    const send: Send = {
      process,
      server,
      operation,
      accountId,
      presentedGeneration,
      sentAt: kernel.now,
      fault,
      timesHeldAtSend: process.isHeld ? -1 : process.timesHeld,
    };
    this.#send = send;
    kernel.note(process.id, `${operation} sent`, accountId, presentedGeneration);
    for (const watcher of network.watchers) watcher.sent?.(send);
    this.#progress('head-written');
    // Of a request that was cut off by a crash, all of it or too little may have left.
    if (!process.isAlive && kernel.dice.chance(0.5)) return;
    if (fault === 'request swallowed') return;
    if (fault === 'request reset') {
      this.#failAfter(2 * this.#latency(), 'reset');
      return;
    }
    const slowMs = fault === 'request slow' ? kernel.dice.between(2_000, 30_000) : 0;
    kernel.after(this.#latency() + slowMs, () => this.#arrive(send, incoming));
  }

  #arrive(send: Send, incoming: ServerRequest): void {
    const { fault, server, operation, accountId } = send;
    const { kernel } = this;
    if (server.isDown) {
      this.#failAfter(this.#latency(), 'reset');
      return;
    }
    const refusal = unprocessed(fault, kernel.dice.pick(retryAfterSeconds));
    if (refusal !== undefined) {
      this.#deliver(send, refusal);
      return;
    }
    const { reply, entry } = server.authority.answer(incoming, this.#instead);
    send.entry = entry;
    kernel.note(server.origin, `${operation} ${entry.outcome}`, accountId, entry.generation);
    if (this.#instead !== undefined) {
      this.#deliver(send, reply);
      return;
    }
    for (const watcher of this.network.watchers) watcher.processed?.(send, entry);
    if (fault === 'reply swallowed') return;
    if (fault === 'reply reset') {
      this.#failAfter(this.#latency(), 'reset');
      return;
    }
    if (fault === 'reply cut') {
      this.#failAfter(this.#latency(), 'truncated');
      return;
    }
    const instead = spoilt(fault) ?? server.garble?.(reply);
    send.readHonestly = instead === undefined;
    this.#deliver(send, instead ?? reply);
  }

  #deliver(send: Send, { status, headers, body }: Reply): void {
    const { kernel, process, network } = this;
    const slowMs = send.fault === 'reply slow' ? kernel.dice.between(2_000, 60_000) : 0;
    process.answerAfter(this.#latency() + slowMs, () => {
      if (this.#isOver) return;
      // A process that dies here has the reply in its memory, and nowhere else.
      this.#progress('reply-begun');
      if (!process.isAlive) return;
      send.readStatus = status;
      send.retryAfterMs = 1_000 * (Number(headers['retry-after']) || 0);
      kernel.note(process.id, `${send.operation} answered ${status}`, send.accountId);
      for (const watcher of network.watchers) watcher.read?.(send);
      const lines = Object.entries(headers).map(([name, value]) => [name, [value].flat()]);
      this.#end(() => this.resolve({ status, headers: Object.fromEntries(lines), body }));
    });
  }

  /** Says how far it is, which may be where the process is made to die. */
  #progress(step: 'head-written' | 'reply-begun'): void {
    try {
      this.hooks.onProgress?.(step);
    } catch (error) {
      if (this.process.isAlive) throw error;
    }
  }

  #within(ms: number, done: AbortSignal): void {
    this.process.clock.sleep(ms, done).then(
      () => this.#fail('timeout'),
      () => {},
    );
  }

  #failAfter(ms: number, failure: ExchangeFailure): void {
    this.process.answerAfter(ms, () => this.#fail(failure));
  }

  #fail(failure: ExchangeFailure): void {
    this.#end(() => this.reject(new ExchangeError(failure, this.#sent)));
  }

  #end(settle: () => void): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#send !== undefined) this.#send.isOver = true;
    this.#done.abort('over');
    settle();
  }

  #latency(): number {
    return latency(this.kernel, this.network.latencyMs);
  }
}
