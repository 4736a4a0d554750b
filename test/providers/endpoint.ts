import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SeenRequest {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface ScriptedReply {
  readonly status?: number;
  /** `date: ''` sends none. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Text as it is; anything else as JSON. */
  readonly body?: unknown;
}

/** A real server that gives these replies in order and keeps every request it saw. */
export async function endpoint(
  ...replies: readonly (ScriptedReply | ((url: string) => ScriptedReply))[]
) {
  const requests: SeenRequest[] = [];
  const server = createServer(async (message, response) => {
    let body = '';
    for await (const chunk of message) body += String(chunk);
    const { method, url, headers } = message;
    requests.push({ method, url, headers, body });
    const scripted = replies[requests.length - 1] ?? { status: 500, body: 'nothing scripted' };
    const reply = typeof scripted === 'function' ? scripted(here()) : scripted;
    const text = typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body ?? {});
    const { date, ...others } = reply.headers ?? {};
    if (date === '') response.sendDate = false;
    else if (date !== undefined) response.setHeader('date', date);
    response.writeHead(reply.status ?? 200, { connection: 'close', ...others }).end(text);
  });
  const here = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: here(),
    requests,
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
