import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import { ExchangeError } from './http-exchange.js';

const decoders = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
} as const;

/**
 * Undoes one content coding (RFC 9110 section 8.4), never past `maxBytes`. We ask for `identity`;
 * a server that compresses all the same must not cost us the rotated token in its reply.
 */
export async function decodeBody(
  body: Buffer,
  codings: readonly string[],
  maxBytes: number,
): Promise<Uint8Array> {
  const applied = codings
    .flatMap((header) => header.split(','))
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== '' && coding !== 'identity');
  const [coding, ...more] = applied;
  if (coding === undefined) return body;
  if (more.length > 0 || !Object.hasOwn(decoders, coding)) {
    throw new ExchangeError('encoding', 'maybe');
  }
  try {
    return await decoders[coding as keyof typeof decoders](body, { maxOutputLength: maxBytes });
  } catch (error) {
    const tooLarge = (error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE';
    throw new ExchangeError(tooLarge ? 'oversized' : 'encoding', 'maybe');
  }
}
