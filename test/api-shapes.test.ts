import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { apiShapesPage } from '../scripts/api-shapes.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

test('the table of API shapes is current; npm run shapes writes it', () => {
  expect(readFileSync(join(root, 'docs/reference/api-shapes.md'), 'utf8')).toBe(apiShapesPage());
});

test('every declaration has a row with a test, and no test is without a declaration', () => {
  const declared = readdirSync(join(root, 'examples/declared')).map((file) => file.split('.')[0]);
  const tested = readdirSync(join(root, 'packages/provider-http/test/vendors'))
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => file.split('.')[0]);
  expect(tested.sort()).toEqual(declared.sort());
});
