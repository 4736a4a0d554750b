import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/**
 * What happens to every connection to the store for a while. `silent`: nothing passes, and in the
 * end all are reset · `reset`: all are reset, new ones too · `slow`: each byte comes late.
 */
export const lineTroubles = ['silent', 'reset', 'slow'] as const;

export type LineTrouble = (typeof lineTroubles)[number];

const SLOW_MS = 60;

/** A TCP proxy before a store's server. */
export class StoreLine {
  readonly #server: Server;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #trouble: LineTrouble | undefined;
  #healing: NodeJS.Timeout | undefined;

  constructor(private readonly targetPort: number) {
    this.#server = createServer((client) => this.#serve(client));
  }

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  /** The same address, by way of this line. */
  through(url: string): string {
    const redirected = new URL(url);
    redirected.port = String((this.#server.address() as AddressInfo).port);
    return redirected.href;
  }

  disturb(trouble: LineTrouble, ms: number): void {
    this.heal();
    this.#trouble = trouble;
    if (trouble === 'reset') this.#resetAll();
    if (trouble === 'silent') for (const socket of this.#sockets()) socket.pause();
    this.#healing = setTimeout(() => this.heal(), ms);
  }

  heal(): void {
    clearTimeout(this.#healing);
    const was = this.#trouble;
    this.#trouble = undefined;
    if (was === 'silent') this.#resetAll();
  }

  async stop(): Promise<void> {
    this.heal();
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets()) socket.destroy();
    await closed;
  }

  #serve(client: Socket): void {
    client.on('error', () => {});
    if (this.#trouble === 'reset') {
      client.resetAndDestroy();
      return;
    }
    const server = connect({ port: this.targetPort, host: '127.0.0.1' });
    server.on('error', () => client.destroy());
    client.setNoDelay(true);
    server.setNoDelay(true);
    const pair = [client, server] as const;
    this.#pairs.add(pair);
    this.#carry(client, server);
    this.#carry(server, client);
    for (const [socket, other] of [pair, [server, client] as const]) {
      socket.once('close', () => {
        this.#pairs.delete(pair);
        other.destroy();
      });
    }
    if (this.#trouble === 'silent') for (const socket of pair) socket.pause();
  }

  #carry(from: Socket, to: Socket): void {
    let tail: Promise<void> | undefined;
    from.on('data', (bytes) => {
      if (this.#trouble !== 'slow' && tail === undefined) {
        to.write(bytes);
        return;
      }
      // Bytes keep their order when the line is fast again.
      const mine: Promise<void> = (tail ?? Promise.resolve())
        .then(() => this.#trouble === 'slow' && new Promise((done) => setTimeout(done, SLOW_MS)))
        .then(() => {
          to.write(bytes);
          if (tail === mine) tail = undefined;
        });
      tail = mine;
    });
    from.once('end', () => void (tail ?? Promise.resolve()).then(() => to.end()));
  }

  #resetAll(): void {
    for (const socket of this.#sockets()) socket.resetAndDestroy();
  }

  #sockets(): Socket[] {
    return [...this.#pairs].flat();
  }
}
