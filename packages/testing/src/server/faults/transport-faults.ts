import { type Fault, normal } from './fault.js';
import type { FaultExchange } from './fault-exchange.js';

/** Accepts the request and stays silent. Not processed. */
export function hang(): Fault {
  return {
    name: 'hang',
    processes: false,
    status: 0,
    deliver: (exchange) => exchange.waitForClose(),
  };
}

/** Processed; the head of the reply arrives, the body never does. */
export function stallAfterHeaders(): Fault {
  return {
    name: 'stall after headers',
    processes: true,
    async deliver(exchange) {
      const { status, headers, body } = exchange.honestReply();
      exchange.writeHead(status, { ...headers, 'content-length': String(body.length) });
      await exchange.waitForClose();
    },
  };
}

/** Processed; the body arrives at this rate. */
export function trickle(bytesPerSecond: number): Fault {
  return {
    name: `trickle ${bytesPerSecond} B/s`,
    processes: true,
    async deliver(exchange) {
      const { status, headers, body } = exchange.honestReply();
      const portion = Math.max(1, Math.floor(bytesPerSecond / 10));
      exchange.writeHead(status, {
        ...headers,
        'content-length': String(body.length),
        connection: 'close',
      });
      for (let sent = 0; sent < body.length && !exchange.closed.aborted; sent += portion) {
        await exchange.wait((portion / bytesPerSecond) * 1000);
        exchange.write(body.subarray(sent, sent + portion));
      }
      exchange.finish();
    },
  };
}

/** Resets the connection when the request has been read. Not processed. */
export function dropBeforeProcessing(): Fault {
  return {
    name: 'drop before processing',
    processes: false,
    status: 0,
    async deliver(exchange) {
      exchange.reset();
    },
  };
}

/** Processed, then the connection is torn down without a reply: RST, or FIN if asked for. */
export function dropAfterProcessing(how: 'rst' | 'fin' = 'rst'): Fault {
  return {
    name: 'drop after processing',
    processes: true,
    status: 0,
    async deliver(exchange) {
      if (how === 'rst') exchange.reset();
      else exchange.finish();
    },
  };
}

/**
 * How a cut body is framed. `close`: no length, ends with the connection · `content-length`: the
 * whole length is announced and less comes · `short-length`: the length announced is that of the
 * cut body, so the framing is right · `chunked`: the last chunk is missing.
 */
export type CutFraming = 'close' | 'content-length' | 'short-length' | 'chunked';

/** Processed; the body is cut after so many bytes. */
export function truncate(bytes: number, framing: CutFraming = 'close'): Fault {
  return {
    name: `truncated, ${framing}`,
    processes: true,
    async deliver(exchange) {
      const { status, headers, body } = exchange.honestReply();
      const cut = body.subarray(0, bytes);
      const length = framing === 'short-length' ? cut.length : body.length;
      const framed = {
        close: { connection: 'close' },
        'content-length': { 'content-length': String(length), connection: 'close' },
        'short-length': { 'content-length': String(length), connection: 'close' },
        chunked: { 'transfer-encoding': 'chunked', connection: 'close' },
      }[framing];
      exchange.writeHead(status, { ...headers, ...framed });
      if (framing === 'chunked') exchange.write(`${cut.length.toString(16)}\r\n`);
      exchange.write(cut);
      if (framing === 'chunked') exchange.write('\r\n');
      exchange.finish();
    },
  };
}

/** Says `100 Continue` again and again, and never anything else. Not processed. */
export function continueForever(intervalMs = 100): Fault {
  return {
    name: '100 Continue for ever',
    processes: false,
    status: 0,
    async deliver(exchange) {
      while (!exchange.closed.aborted) {
        exchange.write('HTTP/1.1 100 Continue\r\n\r\n');
        await exchange.wait(intervalMs);
      }
    },
  };
}

/**
 * Processes at once and sends the reply after `ms` of the server's time. With another fault: that
 * fault shows after `ms`.
 */
export function delay(ms: number, then: Fault = normal()): Fault {
  return {
    ...then,
    name: `${then.name} after ${ms} ms`,
    async deliver(exchange: FaultExchange) {
      await exchange.wait(ms);
      await then.deliver(exchange);
    },
  };
}

/** Holds the request back for `ms` of the server's time before processing it, client or none. */
export function lateProcessing(ms: number, then: Fault = normal()): Fault {
  return { ...then, name: `${then.name}, processed after ${ms} ms`, holdMs: ms };
}
