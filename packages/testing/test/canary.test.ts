import { describe, expect, test } from '@jest/globals';
import { canary, scanForCanaries } from '@tokenkeep/testing';

describe('scanForCanaries', () => {
  const bird = canary('refresh');
  const inside = `Basic user:${bird.secret}:and more`;
  const secret = Buffer.from(bird.secret);

  test('a canary names its kind and is never the same twice', () => {
    expect(bird.secret).toMatch(/^cnry_[A-Za-z0-9]{24}_refresh$/);
    expect(canary('refresh').secret).not.toBe(bird.secret);
  });

  test('finds nothing where nothing leaked', () => {
    expect(scanForCanaries('{"token":"[secret]"}', [bird])).toEqual([]);
    expect(scanForCanaries(canary('refresh').secret, [bird])).toEqual([]);
    expect(scanForCanaries(`...${bird.random.slice(0, 11)}...`, [bird])).toEqual([]);
    expect(scanForCanaries('', [bird])).toEqual([]);
  });

  test.each([
    ['raw', inside],
    ['base64', secret.toString('base64')],
    ['base64', Buffer.from(inside).toString('base64')],
    ['base64', Buffer.from(`x${inside}`).toString('base64')],
    ['base64', Buffer.from(`xx${inside}`).toString('base64')],
    ['base64url', Buffer.from(inside).toString('base64url')],
    ['hex', secret.toString('hex')],
    ['hex', secret.toString('hex').toUpperCase()],
    ['percent', `a=${secret.toString('hex').replaceAll(/../g, '%$&')}`],
    ['json', secret.toString('hex').replaceAll(/../g, '\\u00$&')],
    ['fragment', `...${bird.random.slice(6, 18)}...`],
  ])('positive control: a leak in %s is caught', (encoding, leak) => {
    for (const content of [leak, Buffer.from(leak)]) {
      const hits = scanForCanaries(content, [canary('other'), bird]);
      expect(hits.map((hit) => hit.encoding)).toContain(encoding);
      expect(new Set(hits.map((hit) => hit.kind))).toEqual(new Set(['refresh']));
      expect(JSON.stringify(hits)).not.toContain(bird.random);
    }
  });

  test('finds secrets with characters that encodings change', () => {
    const odd = { kind: 'password', secret: 'p"ä/ß +%\\word', random: '' };
    const leaks = {
      raw: odd.secret,
      percent: encodeURIComponent(odd.secret).toLowerCase().replace('p', 'p'),
      json: JSON.stringify({ odd: odd.secret }),
      base64: Buffer.from(odd.secret).toString('base64'),
    };
    for (const [encoding, leak] of Object.entries(leaks)) {
      expect(scanForCanaries(leak, [odd]).map((hit) => hit.encoding)).toContain(encoding);
    }
  });

  test('finds a canary in binary content, and says where', () => {
    const content = Buffer.concat([Buffer.from([0xff, 0x00, 0xc3, 0x28]), secret]);
    expect(scanForCanaries(content, [bird])).toContainEqual({
      kind: 'refresh',
      encoding: 'raw',
      offset: 4,
    });
  });
});
