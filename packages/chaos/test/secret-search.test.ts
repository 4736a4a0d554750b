import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { searchSecrets } from '../src/secret-search.js';

const secret = 'ZmFrZS1zZWNyZXQtZm9yLXRoaXMtdGVzdA';
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tokenkeep-search-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

test.each([
  ['whole', `token ${secret} refused`],
  ['in part', `...${secret.slice(9, 21)}...`],
  ['in hex', Buffer.from(secret).toString('hex')],
])('I7 a secret is found %s', (_, text) => {
  writeFileSync(join(folder, 'log'), text);
  expect(searchSecrets(folder, [secret]).leaks).toEqual(['log holds a part of a secret']);
});

test('what holds no secret is clean, and counted', () => {
  writeFileSync(join(folder, 'log'), 'nothing to see');
  expect(searchSecrets(folder, [secret])).toEqual({ leaks: [], bytes: 14 });
});
