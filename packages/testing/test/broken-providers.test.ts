import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { testTokenProvider } from '@tokenkeep/testing/conformance';
import { everyRule } from '../src/conformance/token-provider/every-rule.js';
import { acme } from './broken-providers/acme.js';
import { acmeDescription } from './broken-providers/acme-description.js';
import { everyBrokenProvider } from './broken-providers/every-broken-provider.js';
import { failuresOf } from './broken-providers/failures-of.js';
import { conformancePage } from './broken-providers/page.js';

const reference = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../../../docs/reference/${name}`, import.meta.url)), 'utf8');

/** Without what is only the look of a text. */
const plain = (text: string) => text.replace(/[*`]/g, '').replace(/\s+/g, ' ');

test.each(everyBrokenProvider)('$id ($title) is caught', async ({ make, caughtBy, prints }) => {
  const [failure] = await failuresOf(make, caughtBy);
  expect(failure?.sentence).toBe(prints);
  const [, says = 'no sentence'] =
    /The provider contract says: "(.*)" /.exec(failure?.message ?? '') ?? [];
  expect(plain(reference('provider-contract.md'))).toContain(plain(says));
});

test('every rule catches one of them', () => {
  const names: string[] = [];
  testTokenProvider({
    ...acmeDescription,
    provider: ({ url }) => acme(url),
    test: (name) => void names.push(name),
  });
  const caught = new Set(everyBrokenProvider.map(({ caughtBy }) => caughtBy));
  expect(names.filter((name) => !caught.has(name))).toEqual([]);
  expect(names.length).toBe(everyRule.length);
});

test('each is broken in its own way', () => {
  const ids = everyBrokenProvider.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.length).toBeGreaterThanOrEqual(25);
});

test('every sentence that a rule quotes stands in the contract', () => {
  const contract = plain(reference('provider-contract.md'));
  const missing = everyRule.filter(({ says }) => !contract.includes(plain(says)));
  expect(missing.map(({ says }) => says)).toEqual([]);
});

test('the page of the reference is current (npm run broken-providers -- --write)', () => {
  expect(reference('provider-conformance.md')).toBe(conformancePage());
});
