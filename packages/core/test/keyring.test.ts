import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { systemRandom } from '../src/clock/system-random.js';
import { TokenError } from '../src/errors/token-error.js';
import { type Keyring, keyringSealer, type SealingKey } from '../src/sealing/keyring.js';
import type { SealedPlace } from '../src/sealing/sealer.js';

const random = systemRandom();
const key = (id: string): SealingKey => ({ id, bytes: random.bytes(32) });
const [one, two] = [key('one'), key('two')];
const place: SealedPlace = {
  account: 'crm-api/crm',
  field: 'access token',
  incarnation: '1.abc',
  generation: 7,
};
const sealer = keyringSealer([one], 'tokenkeep', random);

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (TokenError.is(error)) return error.code;
    throw error;
  }
  return 'no error';
}

describe('sealing', () => {
  test('opens what it sealed, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(sealer.open(sealer.seal(text, place), place)).toBe(text);
      }),
    );
  });

  test('S34 the same text sealed twice never looks the same', () => {
    const sealed = Array.from({ length: 1_000 }, () => sealer.seal('the same', place));
    const nonces = sealed.map((value) => nonceOf(value));
    expect(new Set(nonces).size).toBe(1_000);
    expect(sealed.join()).not.toContain('the same');
  });

  test.each<readonly [string, Partial<SealedPlace>]>([
    ['account', { account: 'crm-api/other' }],
    ['field', { field: 'refresh token' }],
    ['incarnation', { incarnation: '2.abc' }],
    ['generation', { generation: 8 }],
  ])('S29 a value moved to another %s does not open', (_, moved) => {
    const sealed = sealer.seal('text', place);
    expect(codeOf(() => sealer.open(sealed, { ...place, ...moved }))).toBe('RECORD_UNREADABLE');
  });

  test('S29 nor in another store', () => {
    const other = keyringSealer([one], 'another', random);
    expect(codeOf(() => other.open(sealer.seal('text', place), place))).toBe('RECORD_UNREADABLE');
  });

  test('S29 no two places are the same bytes', () => {
    const part = fc.string({ unit: fc.constantFrom('a', ':', '1', '2', '4'), maxLength: 6 });
    const places = fc.record({
      account: part,
      field: part,
      incarnation: part,
      generation: fc.nat(30),
    });
    fc.assert(
      fc.property(places, places, (a, b) => {
        const sealed = sealer.seal('text', a);
        const same = JSON.stringify(a) === JSON.stringify(b);
        expect(codeOf(() => sealer.open(sealed, b))).toBe(same ? 'no error' : 'RECORD_UNREADABLE');
      }),
    );
  });

  test('S31 every flipped bit of every byte is refused', () => {
    const sealed = Buffer.from(sealer.seal('a token of some length', place), 'latin1');
    for (let at = 0; at < sealed.length; at += 1) {
      for (let bit = 0; bit < 8; bit += 1) {
        const flipped = Buffer.from(sealed);
        flipped[at] = (flipped[at] ?? 0) ^ (1 << bit);
        const code = codeOf(() => sealer.open(flipped.toString('latin1'), place));
        expect(['RECORD_UNREADABLE', 'KEY_UNKNOWN']).toContain(code);
      }
    }
  });

  test('S31 every cut and every addition is refused', () => {
    const sealed = sealer.seal('a token', place);
    const encoded = sealed.split('.')[2] ?? '';
    const spoilt = [
      ...Array.from({ length: sealed.length }, (_, length) => sealed.slice(0, length)),
      `${sealed}A`,
      `${sealed}=`,
      `${sealed}.`,
      `${sealed}.x`,
      ` ${sealed}`,
      `${sealed}\n`,
      sealed.replace('tk1', 'tk0'),
      sealed.replace('tk1', 'TK1'),
      sealed.replace('tk1', 'none'),
      sealed.replace('.one.', '..'),
      sealed.replace('.one.', '.../one.'),
      sealed.replace(encoded, Buffer.from(encoded, 'base64url').toString('base64')).concat('='),
      'tk1.one.',
      'tk1',
      '',
    ];
    for (const value of spoilt) {
      expect(['RECORD_UNREADABLE', 'KEY_UNKNOWN']).toContain(
        codeOf(() => sealer.open(value, place)),
      );
    }
  });

  test('any text at all is opened to an error', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const value = `tk1.one.${Buffer.from(text).toString('base64url')}`;
        expect(codeOf(() => sealer.open(value, place))).toBe('RECORD_UNREADABLE');
        expect(['RECORD_UNREADABLE', 'KEY_UNKNOWN']).toContain(
          codeOf(() => sealer.open(text, place)),
        );
      }),
    );
  });

  function nonceOf(sealed: string): string {
    return Buffer.from(sealed.split('.')[2] ?? '', 'base64url').toString('hex', 0, 12);
  }
});

describe('a ring of keys', () => {
  test('seals with the first and opens with all', () => {
    const both = keyringSealer([two, one], 'tokenkeep', random);
    expect(both.open(sealer.seal('old', place), place)).toBe('old');
    expect(both.seal('new', place)).toMatch(/^tk1\.two\./);
    expect(keyringSealer([two], 'tokenkeep', random).open(both.seal('new', place), place)).toBe(
      'new',
    );
  });

  test('names the key it lacks, and those it has', () => {
    const other = keyringSealer([two], 'tokenkeep', random);
    expect(() => other.open(sealer.seal('text', place), place)).toThrow(
      /key "one", which is not in the keyring \(it has: two\)/,
    );
    expect(codeOf(() => other.open(sealer.seal('text', place), place))).toBe('KEY_UNKNOWN');
  });

  test('a key of the same name and other bytes opens nothing', () => {
    const impostor = keyringSealer([{ ...two, id: 'one' }], 'tokenkeep', random);
    expect(codeOf(() => impostor.open(sealer.seal('text', place), place))).toBe(
      'RECORD_UNREADABLE',
    );
  });

  test.each<readonly [string, unknown]>([
    ['no keys', []],
    ['16 bytes', [{ id: 'a', bytes: random.bytes(16) }]],
    ['33 bytes', [{ id: 'a', bytes: random.bytes(33) }]],
    ['zeros', [{ id: 'a', bytes: new Uint8Array(32) }]],
    ['a short pattern', [{ id: 'a', bytes: Uint8Array.from({ length: 32 }, (_, i) => i % 4) }]],
    ['a passphrase', [{ id: 'a', bytes: Buffer.from('correct horse battery staple 123') }]],
    ['hexadecimal text', [{ id: 'a', bytes: Buffer.from('0123456789abcdef0123456789abcdef') }]],
    ['a text', [{ id: 'a', bytes: 'x'.repeat(32) }]],
    ['a list of numbers', [{ id: 'a', bytes: Array.from(random.bytes(32)) }]],
    ['no id', [{ bytes: random.bytes(32) }]],
    ['an empty id', [{ ...one, id: '' }]],
    ['an id with a dot', [{ ...one, id: 'a.b' }]],
    ['an id that is a path', [{ ...one, id: '../a' }]],
    ['an id that is too long', [{ ...one, id: 'a'.repeat(33) }]],
    ['one id twice', [one, { ...two, id: 'one' }]],
    ['a bad key behind a good one', [one, { id: 'b', bytes: random.bytes(31) }]],
  ])('S35 %s is refused', (_, keyring) => {
    const make = () => keyringSealer(keyring as Keyring, 'tokenkeep', random);
    expect(codeOf(make)).toBe('CONFIGURATION_INVALID');
    expect(make).toThrow('openssl rand 32');
  });
});

describe('a fingerprint', () => {
  test('matches its text, and nothing else', () => {
    const print = sealer.fingerprint('credentials');
    expect(sealer.matches('credentials', print)).toBe(true);
    expect(sealer.matches('credentialz', print)).toBe(false);
    expect(sealer.matches('', print)).toBe(false);
  });

  test('says nothing without the key, and is not wrong when the key is gone', () => {
    const other = keyringSealer([two], 'tokenkeep', random);
    expect(other.matches('credentials', sealer.fingerprint('credentials'))).toBe(false);
    expect(other.fingerprint('credentials')).not.toBe(sealer.fingerprint('credentials'));
    const ring = keyringSealer([two, one], 'tokenkeep', random);
    expect(ring.matches('credentials', sealer.fingerprint('credentials'))).toBe(true);
  });

  test('that is damaged matches nothing', () => {
    for (const damaged of [
      '',
      '.',
      'one',
      'one.',
      'one.x',
      'two.x',
      `${sealer.fingerprint('a')}x`,
    ]) {
      expect(sealer.matches('a', damaged)).toBe(false);
    }
  });
});
