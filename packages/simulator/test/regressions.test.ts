import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { type Draw, runDraw } from '../src/index.js';

/** Draws that broke a promise once, made small, and kept for ever. */
const regressions: { readonly found: string; readonly draw: Draw }[] = JSON.parse(
  readFileSync(new URL('../regressions.json', import.meta.url), 'utf8'),
);

test.each(regressions)('$found: never again', async ({ draw }) => {
  expect((await runDraw(draw)).violations).toEqual([]);
});
