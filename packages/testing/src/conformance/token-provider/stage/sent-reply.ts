import { type IncomingMessage, request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import type { Fault } from '../../../server/faults/fault.js';
import { jsonReply, type Reply, textReply } from '../../../server/reply.js';
import type { ServerRequest } from '../../../server/server-request.js';
import type { DescribedReply } from '../described-server.js';
import { DescriptionProblem } from '../description-problem.js';

/** So long a server of the author's may take, ms. */
const patienceMs = 5_000;

/** A described reply, sent whole. */
export function sent(reply: DescribedReply): Fault {
  return sends(wireReply(reply));
}

/** Hands the request on to a server of the author's, and its reply back. */
export function forwarded(url: string): Fault {
  return {
    name: 'forwarded',
    processes: true,
    async deliver(exchange) {
      await exchange.send(await forward(url, exchange.request));
    },
  };
}

export function wireReply({ status = 200, headers: described = {}, body }: DescribedReply): Reply {
  const lines = Object.entries(described).map(([name, value]) => [name.toLowerCase(), value]);
  const headers: Record<string, string> = Object.fromEntries(lines);
  if (body === undefined) return { status, headers, body: Buffer.alloc(0) };
  if (typeof body === 'string') return textReply(status, body, 'text/plain', headers);
  return jsonReply(status, body, headers);
}

function sends(reply: Reply): Fault {
  return { name: 'reply', processes: true, deliver: (exchange) => exchange.send(reply) };
}

/** With the host that was asked for: a server may compare it with what was signed. */
function forward(url: string, asked: ServerRequest): Promise<Reply> {
  const { hostname, port } = new URL(url);
  const search = asked.query.size === 0 ? '' : `?${asked.query}`;
  return new Promise((resolve, reject) => {
    const { method, headers } = asked;
    const path = `${asked.path}${search}`;
    const outgoing = request({ hostname, port, method, path, headers }, (incoming) => {
      replyOf(incoming).then(resolve, (error: Error) => outgoing.destroy(error));
    });
    outgoing.setTimeout(patienceMs, () =>
      outgoing.destroy(new Error(`no answer within ${patienceMs / 1_000} s`)),
    );
    outgoing.on('error', ({ message }) =>
      reject(
        new DescriptionProblem(
          `your server at ${url} did not answer ${method} ${asked.path.split('/', 2).join('/')}: ${message}.`,
        ),
      ),
    );
    outgoing.end(asked.body);
  });
}

async function replyOf(incoming: IncomingMessage): Promise<Reply> {
  const { statusCode: status = 502, headersDistinct } = incoming;
  const kept = Object.entries(headersDistinct as Reply['headers']);
  return {
    status,
    headers: Object.fromEntries(kept.filter(([name]) => !framing.has(name))),
    body: await buffer(incoming),
  };
}

/** What belongs to one connection, and not to the message (RFC 9110 section 7.6.1). */
const framing = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length']);
