import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestClock } from '../../../clock/test-clock.js';
import type { Fault } from '../../../server/faults/fault.js';
import { FaultExchange } from '../../../server/faults/fault-exchange.js';
import { readRequest, type ServerRequest } from '../../../server/server-request.js';
import { serverTime } from '../../../server/server-time.js';
import type { DescribedPreliminary } from '../described-server.js';
import { DescriptionProblem } from '../description-problem.js';
import { sent } from './sent-reply.js';

/** What becomes of a request; `index` counts those of one run from 0. */
export type Responder = (request: ServerRequest, index: number) => Fault;

/** The server of a rule: it does with each request what the rule says, and keeps them all. */
export class StageServer {
  /** Every request since the last `begin`, in order of arrival; without the preliminary ones. */
  seen: ServerRequest[] = [];
  /** What is wrong with the description, or with the author's own server. */
  problem: DescriptionProblem | undefined;
  /** How far its clock is ahead of the client's, ms. */
  skewMs = 0;
  #respond: Responder = () => {
    throw new Error('nobody said what to reply');
  };
  #server: Server | undefined;

  /** @param preliminary what is answered as it is described, and not counted */
  constructor(
    private readonly clock: TestClock,
    private readonly preliminary: readonly DescribedPreliminary[] = [],
  ) {}

  get url(): string {
    const address = this.#server?.address() as AddressInfo | null | undefined;
    if (!address) throw new Error('the server is not started');
    return `http://127.0.0.1:${address.port}`;
  }

  /** Its clock, ms since 1970, in whole seconds as a `Date` header has them. */
  now(): number {
    return Math.floor((this.clock.trueNow() + this.skewMs) / 1_000) * 1_000;
  }

  /** Forgets what was asked, and does this with what is asked from now on. */
  begin(respond: Responder): void {
    this.seen = [];
    this.#respond = respond;
  }

  async start(): Promise<void> {
    const server = createServer((message, response) => {
      this.#handle(message, response).catch((error: unknown) => {
        if (error instanceof DescriptionProblem) this.problem ??= error;
        response.destroy();
      });
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    this.#server = server;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }

  async #handle(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = await readRequest(message, 0);
    await this.#faultFor(request).deliver(
      new FaultExchange({
        request,
        reply: undefined,
        response,
        time: serverTime(this.clock),
        shownNow: () => this.now(),
        serverHeaders: () => ({ date: new Date(this.now()).toUTCString() }),
      }),
    );
  }

  #faultFor(request: ServerRequest): Fault {
    const line = lineOf(request);
    const described = this.preliminary.find((each) => each.request === line);
    if (described !== undefined) return sent(described.ok(this));
    this.seen.push(request);
    return this.#respond(request, this.seen.length - 1);
  }
}

/** A request as one line, without its query: that may be secret. */
export function lineOf({ method, path }: Pick<ServerRequest, 'method' | 'path'>): string {
  return `${method} ${path}`;
}

/** Everything that came with a request, as text, percent-encoding undone. */
export function textOf({ path, query, headers, body }: ServerRequest): string {
  const fields = Object.values(headers).flat();
  const sent = body.toString('utf8');
  const form = [...new URLSearchParams(sent).values()];
  const parts = [
    path,
    decoded(path),
    ...query.values(),
    ...fields,
    sent,
    ...form,
    ...basic(headers),
  ];
  return parts.join('\n');
}

function* basic({ authorization }: ServerRequest['headers']): Iterable<string> {
  const [, encoded] = /^basic (.+)$/i.exec(authorization ?? '') ?? [];
  if (encoded !== undefined) yield decoded(Buffer.from(encoded, 'base64').toString('utf8'));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
