import { describe, test } from '@jest/globals';
import fc from 'fast-check';
import { manyRuns } from '../../../test/property-runs.js';
import { tokenEndpointUrl } from '../src/transport/token-endpoint-url.js';
import { outcomeOf } from './outcome-of.js';

const CANARY = 'canary-4711';

const schemes = fc.constantFrom(
  ...['https:', 'https:', 'http:', 'http:', 'HTTPS:', 'hTTp:', 'ftp:', 'ws:', 'wss:', 'data:'],
  ...['javascript:', 'file:', 'blob:', 'blob:https:', 'node:', 'htps:', ':', '', ' https:'],
);
const slashes = fc.constantFrom('//', '//', '//', '//', '/', '', '///', '\\\\', '/\\', ':');
const userInfo = fc.constantFrom(
  ...['', '', '', '', `${CANARY}@`, `ada:${CANARY}@`, `:${CANARY}@`, '@', ':@', 'good.com\\@'],
);
const hosts = fc.oneof(
  fc.constantFrom(
    ...['localhost', 'LOCALHOST', 'localhost.', 'localhost.evil.com', '127.0.0.1', '127.1'],
    ...['2130706433', '0x7f.1', '0177.0.0.1', '127.0.0.1.', '127.0.0.1.nip.io', '128.0.0.1'],
    ...['[::1]', '[::]', '[0:0:0:0:0:0:0:1]', '[::ffff:127.0.0.1]', '①②⑦.0.0.1', 'ｌocalhost'],
    ...['127.0.0.256', '0', '10.0.0.1', '169.254.169.254', '', 'exa mple.com', 'a%00b', 'xn--'],
  ),
  fc.domain({ size: 'xsmall' }),
  fc.ipV4Extended(),
  fc.ipV6().map((address) => `[${address}]`),
);
const ports = fc.constantFrom('', '', '', ':443', ':8080', ':0', ':65536', ':', ':x');
const paths = fc.constantFrom('', '/', '/token', `/${CANARY}`, '/a b', '/\u0007', '/..%2f', '/é');
const queries = fc.constantFrom('', '', `?key=${CANARY}`, '?', '??');
const fragments = fc.constantFrom('', '', '', '#', `#${CANARY}`);

const assembled = fc
  .tuple(schemes, slashes, userInfo, hosts, ports, paths, queries, fragments)
  .map((parts) => parts.join(''));
const spoilt = fc
  .tuple(assembled, fc.nat(60), fc.constantFrom('\t', '\n', '\0', ' ', '\\', '@', '#', '%', '/'))
  .map(([text, at, character]) => text.slice(0, at) + character + text.slice(at));
const texts = fc.oneof(
  { weight: 5, arbitrary: assembled },
  { weight: 3, arbitrary: spoilt },
  fc.webUrl({ validSchemes: ['http', 'https'], withFragments: true, withQueryParameters: true }),
  fc.string({ unit: 'binary' }),
);

describe('where secrets may be sent', () => {
  test('S08 S10 S11 is https, or flagged http to this machine, and nowhere else', () => {
    fc.assert(
      fc.property(texts, fc.boolean(), (text, allowInsecureLoopback) => {
        const { value: url, error } = outcomeOf(() =>
          tokenEndpointUrl(text, allowInsecureLoopback),
        );
        const expected = model(text, allowInsecureLoopback);
        if (error === undefined) return url?.href === expected?.href;
        return (
          expected === undefined &&
          error.code === 'CONFIGURATION_UNSAFE_URL' &&
          !showsSecret(error.message, text)
        );
      }),
      manyRuns,
    );
  });
});

/** The URL as every standard client reads it, if it is one that secrets may go to. */
function model(text: string, allowInsecureLoopback: boolean): URL | undefined {
  const deceptive = [...text].some((character) => character <= ' ' || character === '\\');
  if (deceptive || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  const { origin, pathname, search } = url;
  // Nothing but an origin, a path and a query; empty ends go nowhere, and stay as they were written.
  if (withoutEmptyEnds(url.href) !== withoutEmptyEnds(origin + pathname + search)) return undefined;
  if (origin.startsWith('https://')) return url;
  return allowInsecureLoopback && isThisMachine(origin) ? url : undefined;
}

function withoutEmptyEnds(href: string): string {
  return href.replace(/\??#?$/, '');
}

function isThisMachine(origin: string): boolean {
  const host = /^http:\/\/([^/]*?)(?::\d+)?$/.exec(origin)?.[1] ?? '';
  if (host === 'localhost' || host === 'localhost.' || host === '[::1]') return true;
  const bytes = host.split('.').map(Number);
  return bytes.length === 4 && bytes[0] === 127 && bytes.every((byte) => byte >= 0 && byte < 256);
}

/** The host may be shown, whatever was taken for it. */
function showsSecret(message: string, text: string): boolean {
  const host = URL.canParse(text) ? new URL(text).host : '';
  return message.includes(CANARY) && !host.includes(CANARY);
}
