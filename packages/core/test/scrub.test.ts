import { describe, expect, test } from '@jest/globals';
import { canary, scanForCanaries } from '@tokenkeep/testing';
import fc from 'fast-check';
import { printable } from '../src/errors/printable.js';
import { TokenError } from '../src/errors/token-error.js';
import { scrub, scrubError } from '../src/token/scrub.js';
import { Secret } from '../src/token/secret.js';

const ODD = 'p w+%&\'"\\/!~*()<é\u200f';
const spellings: Readonly<Record<string, (text: string) => string>> = {
  itself: (text) => text,
  JSON: (text) => JSON.stringify(text),
  'a URL': encodeURIComponent,
  'a URL in lower case': (text) => encodeURIComponent(text).toLowerCase(),
  'a form': (text) => new URLSearchParams({ text }).toString(),
  'a page': (text) =>
    text
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      .replaceAll("'", '&#39;'),
  base64: (text) => Buffer.from(text).toString('base64'),
  base64url: (text) => Buffer.from(text).toString('base64url'),
  hexadecimal: (text) => Buffer.from(text).toString('hex'),
  'hexadecimal in capitals': (text) => Buffer.from(text).toString('hex').toUpperCase(),
  'our own errors': (text) => printable(text, 1_000),
  'our own errors, of JSON': (text) => printable(JSON.stringify(text), 1_000),
};

describe('S25 what a server says back', () => {
  test.each(Object.entries(spellings))('S25 is cleaned of a secret written as %s', (_, write) => {
    const found = canary('password');
    const secret = new Secret(`${ODD}${found.secret}`);
    const lowered = write(`${ODD}${found.secret}`);
    const clean = scrub(`cannot accept ${lowered}, sorry`, [secret]);
    if (!/[A-Z]/.test(lowered.slice(0, 40))) expect(clean).toContain('cannot accept ');
    expect(clean).toContain('sorry');
    expect(clean).toContain(Secret.mask);
    const hits = scanForCanaries(clean, [found]).map(({ encoding }) => encoding);
    expect(hits).toEqual([]);
  });

  test('S25 is cleaned of every part of twelve characters, and of short secrets as a whole', () => {
    const text = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
    const secret = new Secret(text);
    for (let from = 0; from + 12 <= text.length; from += 1) {
      expect(scrub(`<${text.slice(from, from + 12)}>`, [secret])).toBe('<[secret]>');
    }
    expect(scrub('<ABCDEFGHIJK>', [secret])).toBe('<ABCDEFGHIJK>');
    expect(scrub('pin 4711, PIN 4711', [new Secret('4711')])).toBe('pin [secret], PIN [secret]');
    // Shorter than that it would blank ordinary words.
    expect(scrub('a cat sat', [new Secret('cat')])).toBe('a cat sat');
  });

  test('S25 is cleaned of the beginning of a secret where it was cut', () => {
    const secret = new Secret('hunter2-hunter3-hunter4');
    for (let length = 4; length <= 23; length += 1) {
      const cut = printable(`wrong: ${secret.reveal()}`, 7 + length);
      expect(scrub(cut, [secret])).not.toContain('hunt');
    }
    expect(scrub('wrong: hunter...', [new Secret('hunter22')])).toBe('wrong: [secret]...');
  });

  test('S25 two secrets that overlap are both gone', () => {
    const [one, two] = [new Secret('aaaa-bbbb-cccc-dddd'), new Secret('cccc-dddd-eeee-ffff')];
    expect(scrub('x aaaa-bbbb-cccc-dddd-eeee-ffff y', [one, two])).toBe('x [secret] y');
    expect(scrub('x', [])).toBe('x');
  });

  test('S25 wherever in whatever text, no canary is found afterwards', () => {
    const found = canary('token');
    const secret = new Secret(found.secret);
    const writes = fc.constantFrom(...Object.values(spellings));
    fc.assert(
      fc.property(fc.string(), fc.string(), writes, (before, after, write) => {
        const clean = scrub(`${before}${write(found.secret)}${after}`, [secret]);
        // In lower case it is another text: only its encoding in the URL is put in capitals.
        if (write === spellings['a URL in lower case']) return;
        expect(scanForCanaries(clean, [found])).toEqual([]);
      }),
    );
  });
});

describe('an error that is cleaned', () => {
  const secret = new Secret('sk-canary-4711-secret');

  test('says the same without the secret, in every member', () => {
    const text = `with ${secret.reveal()}`;
    const error = new TokenError('PROVIDER_UNAVAILABLE', text, {
      retryable: true,
      retryAt: 5,
      status: 503,
      reason: text,
      providerCode: text,
      providerMessage: text,
    });
    const clean = scrubError(error, [secret]);
    expect(clean).toMatchObject({
      code: 'PROVIDER_UNAVAILABLE',
      message: 'with [secret]',
      retryable: true,
      retryAt: 5,
      status: 503,
      reason: 'with [secret]',
      providerCode: 'with [secret]',
      providerMessage: 'with [secret]',
    });
    expect(clean.stack).not.toContain('canary');
  });

  test('keeps a cause of ours, cleaned, and drops any other', () => {
    const inner = new TokenError('ABORTED', `inner ${secret.reveal()}`, {
      cause: new Error(secret.reveal()),
    });
    const clean = scrubError(new TokenError('ABORTED', 'outer', { cause: inner }), [secret]);
    expect(TokenError.is(clean.cause)).toBe(true);
    expect(clean.cause).toMatchObject({ message: 'inner [secret]' });
    expect((clean.cause as Error).cause).toBeUndefined();
  });
});
