import { test } from '@jest/globals';
import { type JsonObject, type JsonValue, Secret } from '@tokenkeep/core';
import fc from 'fast-check';
import { manyRuns } from '../../../test/property-runs.js';
import { readOptions } from '../src/options.js';
import { readGrant, readResource } from '../src/replies.js';

const settings = readOptions({ id: 'x', baseUrl: 'https://id.example' });
const bearer = new Secret('bearer-4711');
const names = fc.constantFrom('expires_in', 'expiresIn');

const lifetimesIn = (json: JsonObject) => [
  readGrant(json, settings).lifetimeMs,
  readResource(json, bearer, settings).lifetimeMs,
];

test('F05 seconds are seconds, as a number or as digits, under either name, bare or inside "token"', () => {
  fc.assert(
    fc.property(
      fc.nat(9_999_999_999),
      names,
      fc.boolean(),
      fc.boolean(),
      (life, name, text, deep) => {
        const members = { access_token: 'a', [name]: text ? String(life) : life };
        return lifetimesIn(deep ? { token: members } : members).every((ms) => ms === life * 1_000);
      },
    ),
    manyRuns,
  );
});

test('F04 F05 F06 whatever else stands there is a number, or not stated, and never thrown', () => {
  const values = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.string({ unit: fc.constantFrom(...'0123456789-+.eE '), maxLength: 14 }),
    fc.jsonValue({ maxDepth: 2 }),
  );
  fc.assert(
    fc.property(values, names, fc.boolean(), (value, name, deep) => {
      const members = { access_token: 'a', [name]: value as JsonValue };
      const json: JsonObject = deep ? { token: value as JsonValue } : members;
      return lifetimesIn(json).every((ms) => ms === undefined || !Number.isNaN(ms));
    }),
    manyRuns,
  );
});
