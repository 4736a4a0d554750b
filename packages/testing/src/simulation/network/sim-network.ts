import type { ExchangeHooks, ExchangeReply, ExchangeRequest, HttpExchange } from '@tokenkeep/core';
import { oneOf } from '../../one-of.js';
import { FaultScript } from '../../server/faults/fault-script.js';
import type { Reply } from '../../server/reply.js';
import type { SimProcess } from '../host/sim-process.js';
import type { Kernel } from '../kernel/kernel.js';
import { Exchange } from './exchange.js';
import { latency } from './latency.js';
import { everyNetworkFault, type NetworkFault } from './network-fault.js';
import type { AnyAuthority, NetworkWatcher, ScriptedTrouble, SimServer } from './send.js';
import { serverRequest } from './server-request.js';

/** The network between processes and authorization servers. */
export class SimNetwork {
  /** Chance per request, 0 to 1. */
  readonly rates = new Map<NetworkFault, number>();
  readonly servers = new Map<string, SimServer>();
  readonly watchers = new Set<NetworkWatcher>();
  /** Median of one way, ms. */
  latencyMs = 40;
  readonly #scripted: { readonly origin: string; readonly fault: NetworkFault }[] = [];
  readonly #dice;

  constructor(private readonly kernel: Kernel) {
    this.#dice = kernel.diceFor('network faults');
  }

  serve(origin: string, authority: AnyAuthority): SimServer {
    const faults = new FaultScript<ScriptedTrouble>(checkTrouble);
    const server = { origin, authority, faults, isDown: false };
    this.servers.set(origin, server);
    return server;
  }

  /** The next request to this server goes wrong in this way, after those scripted before. */
  next(origin: string, fault: NetworkFault): void {
    this.#scripted.push({ origin, fault });
  }

  /** The network as one process uses it. */
  exchangeOf(process: SimProcess): HttpExchange {
    return { send: (request, hooks) => this.#exchange(process, request, hooks) };
  }

  /** An API call with a token on it: the reply, or `undefined` if there was none. */
  callApi(
    process: SimProcess,
    server: SimServer,
    headers: Readonly<Record<string, string>>,
  ): Promise<Reply | undefined> {
    return new Promise((resolve) => {
      const there = this.#latency();
      this.kernel.after(there, () => {
        if (server.isDown) {
          process.answerAfter(this.#latency(), () => resolve(undefined));
          return;
        }
        const request = serverRequest('GET', new URL('/v1/api', server.origin), headers, undefined);
        const { reply } = server.authority.answer(request);
        process.answerAfter(this.#latency(), () => resolve(reply));
      });
    });
  }

  #exchange(
    process: SimProcess,
    request: ExchangeRequest,
    hooks: ExchangeHooks,
  ): Promise<ExchangeReply> {
    return new Promise((resolve, reject) => {
      if (!process.isAlive) return;
      const exchange = new Exchange(this, this.kernel, process, request, hooks, resolve, reject);
      exchange.run(this.servers.get(request.url.origin), this.#troubleFor(request));
    });
  }

  #troubleFor(request: ExchangeRequest): ScriptedTrouble | undefined {
    const { origin } = request.url;
    const index = this.#scripted.findIndex((each) => each.origin === origin);
    if (index >= 0) return this.#scripted.splice(index, 1)[0]?.fault;
    const server = this.servers.get(origin);
    if (server?.faults.isClear === false) {
      const incoming = serverRequest(request.method, request.url, request.headers, request.body);
      const { operation, accountId } = server.authority.recognise(incoming);
      const account = accountId === undefined ? {} : { accountId };
      const scripted = server.faults.take({ ...incoming, operation, ...account });
      if (scripted !== undefined) return scripted;
    }
    let draw = this.#dice.float();
    for (const fault of everyNetworkFault) {
      draw -= this.rates.get(fault) ?? 0;
      if (draw < 0) return fault;
    }
    return undefined;
  }

  #latency(): number {
    return latency(this.kernel, this.latencyMs);
  }
}

/** The name of a fault, or what the server is to say instead. */
function checkTrouble(trouble: ScriptedTrouble): void {
  const { status } = Object(trouble) as Partial<Reply>;
  if (typeof trouble === 'object' && Number.isInteger(status) && Number(status) >= 200) return;
  oneOf(everyNetworkFault, trouble, 'fault');
}
