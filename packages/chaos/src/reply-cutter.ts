import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { ATTEMPT_HEADER } from './witnessed-authority.js';

/**
 * What happens to one connection. `swallow`: the request is never delivered, and nobody says so ·
 * `reset-request`: not delivered, and reset · `reset-reply`: delivered, and reset when the reply
 * begins · `reset-midway`: after its first bytes · `delay`: the reply comes a second late ·
 * `trickle`: a few bytes of it a second.
 */
export const replyTroubles = [
  'swallow',
  'reset-request',
  'reset-reply',
  'reset-midway',
  'delay',
  'trickle',
] as const;

export type ReplyTrouble = (typeof replyTroubles)[number];

/** A request or a reply that did not arrive whole. */
export interface Cut {
  readonly attemptId: string;
  readonly trouble: string;
  readonly delivered: boolean;
}

const DELAY_MS = 1_000;
const TRICKLE_BYTES = 4;
const TRICKLE_MS = 250;
const MIDWAY_BYTES = 40;

/** A TCP proxy before an account server. It writes down whose reply it has cut. */
export class ReplyCutter {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #port = 0;
  #next: ReplyTrouble[] = [];
  #opening: NodeJS.Timeout | undefined;
  #open: (() => void) | undefined;

  constructor(
    private readonly targetPort: number,
    private readonly onCut: (cut: Cut) => void,
  ) {
    this.#server = createServer((client) => this.#serve(client));
  }

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** The next connections meet this, one each. */
  next(trouble: ReplyTrouble, connections: number): void {
    for (let count = 0; count < connections; count += 1) this.#next.push(trouble);
  }

  /** Nobody listens for so long: whoever comes is turned away before a byte can leave. */
  close(ms: number): void {
    if (this.#opening !== undefined) return;
    this.#server.close();
    this.#open = () => {
      clearTimeout(this.#opening);
      this.#opening = undefined;
      this.#open = undefined;
      this.#server.listen(this.#port, '127.0.0.1');
    };
    this.#opening = setTimeout(this.#open, ms);
  }

  heal(): void {
    this.#next = [];
    this.#open?.();
  }

  async stop(): Promise<void> {
    this.heal();
    if (!this.#server.listening) await once(this.#server, 'listening');
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #serve(client: Socket): void {
    this.#keep(client);
    const trouble = this.#next.shift();
    const server = this.#keep(connect({ port: this.targetPort, host: '127.0.0.1' }));
    server.once('error', () => client.destroy());
    client.once('error', () => server.destroy());
    new CarriedExchange(client, server, trouble, this.onCut);
  }

  #keep(socket: Socket): Socket {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => this.#sockets.delete(socket));
    return socket;
  }
}

/** One connection from end to end. */
class CarriedExchange {
  #request = '';
  #wasDelivered = false;
  #isWhole = false;
  #isTold = false;
  #tail: Promise<void> = Promise.resolve();

  constructor(
    private readonly client: Socket,
    private readonly server: Socket,
    private readonly trouble: ReplyTrouble | undefined,
    private readonly onCut: (cut: Cut) => void,
  ) {
    client.on('data', (bytes) => this.#asked(bytes));
    server.on('data', (bytes) => this.#answered(bytes));
    server.once('end', () => this.#ended());
    client.once('close', () => {
      if (!this.#isWhole && trouble !== undefined) this.#tell();
      server.destroy();
    });
    server.once('close', () => void this.#tail.then(() => client.end()));
  }

  #asked(bytes: Buffer): void {
    this.#request += bytes.toString('latin1');
    if (this.trouble === 'swallow') return;
    if (this.trouble === 'reset-request') {
      this.#cut();
      return;
    }
    this.#wasDelivered = true;
    this.server.write(bytes);
  }

  #answered(bytes: Buffer): void {
    switch (this.trouble) {
      case 'reset-reply':
        this.#cut();
        return;
      case 'reset-midway':
        this.client.write(bytes.subarray(0, MIDWAY_BYTES), () => this.#cut());
        return;
      case 'delay':
        this.#later(DELAY_MS, () => this.client.write(bytes));
        return;
      case 'trickle':
        for (let from = 0; from < bytes.length; from += TRICKLE_BYTES) {
          const part = bytes.subarray(from, from + TRICKLE_BYTES);
          this.#later(TRICKLE_MS, () => this.client.write(part));
        }
        return;
      default:
        this.client.write(bytes);
    }
  }

  /** The server has said all. */
  #ended(): void {
    this.#tail = this.#tail.then(() => {
      this.#isWhole = !this.client.destroyed;
      this.client.end();
    });
  }

  #later(ms: number, act: () => void): void {
    this.#tail = this.#tail.then(async () => {
      if (this.client.destroyed) return;
      await new Promise((resolve) => setTimeout(resolve, ms));
      if (!this.client.destroyed) act();
    });
  }

  #cut(): void {
    this.#tell();
    this.client.resetAndDestroy();
    this.server.destroy();
  }

  #tell(): void {
    const attemptId = attemptIn(this.#request);
    if (this.#isTold || attemptId === undefined || this.trouble === undefined) return;
    this.#isTold = true;
    this.onCut({ attemptId, trouble: this.trouble, delivered: this.#wasDelivered });
  }
}

const attemptLine = new RegExp(`^${ATTEMPT_HEADER}: *(\\S+)`, 'im');

function attemptIn(request: string): string | undefined {
  return attemptLine.exec(request)?.[1];
}
