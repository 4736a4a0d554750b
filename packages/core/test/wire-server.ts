import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';

/** A server below HTTP: a test sees and writes single bytes. */
export interface WireServer extends AsyncDisposable {
  readonly url: URL;
  /** Connections accepted so far. */
  readonly connections: number;
  /** Connections that still stand. */
  readonly open: number;
  /** Everything that was received, in order. */
  readonly received: string;
}

type Behaviour = (socket: Socket, received: () => string) => void;

/** Calls `behave` once for each connection; what it receives is kept. */
export async function wireServer(behave: Behaviour = () => {}): Promise<WireServer> {
  const sockets = new Set<Socket>();
  let received = '';
  let connections = 0;
  const server = createServer((socket) => {
    let own = '';
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (bytes) => {
      received += bytes.toString();
      own += bytes.toString();
    });
    behave(socket, () => own);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: new URL(`http://127.0.0.1:${port}/token?from=test`),
    get connections() {
      return connections;
    },
    get open() {
      return sockets.size;
    },
    get received() {
      return received;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Answers each request with these bytes when its head and body (of `bodyBytes`) are there. */
export function answering(bytes: string | Buffer, bodyBytes = 2): Behaviour {
  return (socket, received) => {
    socket.on('data', () => {
      const headEnds = received().indexOf('\r\n\r\n');
      if (headEnds < 0 || received().length < headEnds + 4 + bodyBytes) return;
      socket.end(bytes);
    });
  };
}

/** Lets the event loop turn until `holds`: for what loopback I/O brings about by itself. */
export async function turnsUntil(holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 100_000 && !holds(); turn += 1) await setImmediate();
  if (!holds()) throw new Error('what was waited for did not happen');
}

/** Lets the event loop turn so often that loopback I/O under way would have arrived. */
export async function manyTurns(turns = 2_000): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await setImmediate();
}
