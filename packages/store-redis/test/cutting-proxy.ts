import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export interface CuttingProxy {
  readonly port: number;
  /** The next answer of the server does not arrive: its connection breaks instead. */
  cutNextAnswer(): void;
  close(): void;
}

/** A way to a server that can lose what comes back. */
export async function cuttingProxy(serverPort: () => number): Promise<CuttingProxy> {
  let cutting = false;
  const open = new Set<Socket>();
  const proxy = createServer((client) => {
    const server = connect(serverPort(), '127.0.0.1');
    for (const socket of [client, server]) {
      open.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        client.destroy();
        server.destroy();
      });
    }
    client.pipe(server);
    server.on('data', (answer) => {
      if (!cutting) return void client.write(answer);
      cutting = false;
      client.destroy();
    });
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const address = proxy.address();
  return {
    port: typeof address === 'object' ? (address?.port ?? 0) : 0,
    cutNextAnswer: () => {
      cutting = true;
    },
    close: () => {
      proxy.close();
      for (const socket of open) socket.destroy();
    },
  };
}
