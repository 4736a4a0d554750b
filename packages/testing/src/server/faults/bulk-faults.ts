import { createBrotliCompress, gzipSync } from 'node:zlib';
import type { Reply } from '../reply.js';
import type { Fault } from './fault.js';
import type { FaultExchange } from './fault-exchange.js';

const mebibyte = 1024 * 1024;

/** Processed; the reply is a small compressed body that unpacks to about `bytes` spaces. */
export function compressionBomb(bytes = 256 * mebibyte, encoding: 'gzip' | 'br' = 'gzip'): Fault {
  return {
    name: `${encoding} bomb`,
    processes: true,
    async deliver(exchange) {
      const rounds = Math.ceil(bytes / mebibyte);
      const body = encoding === 'gzip' ? gzipBomb(rounds) : await brotliBomb(rounds);
      const headers = { 'content-type': 'application/json', 'content-encoding': encoding };
      await exchange.send({ status: exchange.honestReply().status, headers, body });
    },
  };
}

/** Processed; the reply is a plain body of so many bytes. */
export function hugeBody(bytes = 1024 * mebibyte): Fault {
  return {
    name: `body of ${bytes} bytes`,
    processes: true,
    async deliver(exchange) {
      const portion = Buffer.alloc(64 * 1024, ' ');
      exchange.writeHead(exchange.honestReply().status, {
        'content-type': 'application/json',
        'content-length': String(bytes),
        connection: 'close',
      });
      for (let sent = 0; sent < bytes && !exchange.closed.aborted; sent += portion.length) {
        await exchange.writeAll(portion.subarray(0, Math.min(portion.length, bytes - sent)));
      }
      exchange.finish();
    },
  };
}

/** Processed; the reply carries this many bytes of headers, in this many lines, before its body. */
export function hugeHeaders(bytes = 64 * 1024, lines = 8): Fault {
  return {
    name: `${bytes} bytes of headers`,
    processes: true,
    async deliver(exchange: FaultExchange) {
      const { status, headers, body } = exchange.honestReply();
      const value = 'x'.repeat(Math.max(1, Math.floor(bytes / lines)));
      const padding: Reply['headers'] = Object.fromEntries(
        Array.from({ length: lines }, (_, line) => [`x-padding-${line}`, value]),
      );
      exchange.writeHead(status, {
        ...headers,
        ...padding,
        'content-length': String(body.length),
        connection: 'close',
      });
      exchange.write(body);
      exchange.finish();
    },
  };
}

function gzipBomb(rounds: number): Buffer {
  // A gzip stream may be many members in a row: made at once, without holding what it unpacks to.
  const member = gzipSync(Buffer.alloc(mebibyte, ' '), { level: 9 });
  return Buffer.concat(Array.from({ length: rounds }, () => member));
}

async function brotliBomb(rounds: number): Promise<Buffer> {
  const packer = createBrotliCompress();
  const portion = Buffer.alloc(mebibyte, ' ');
  const packed: Buffer[] = [];
  packer.on('data', (bytes: Buffer) => packed.push(bytes));
  const ended = new Promise((resolve, reject) => packer.once('end', resolve).once('error', reject));
  for (let round = 0; round < rounds; round += 1) {
    await new Promise((resolve) => packer.write(portion, resolve));
  }
  packer.end();
  await ended;
  return Buffer.concat(packed);
}
