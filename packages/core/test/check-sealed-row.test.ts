import { expect, test } from '@jest/globals';
import { systemRandom } from '../src/clock/system-random.js';
import { newSealingKey } from '../src/sealing/key-file.js';
import { keyringSealer, sealingKeyIds } from '../src/sealing/keyring.js';
import { type AccountRecord, newRecord } from '../src/store/account-record.js';
import { checkSealedRow } from '../src/store/check-sealed-row.js';
import { SealedTokens } from '../src/store/sealed-tokens.js';
import { Secret } from '../src/token/secret.js';

const random = systemRandom();
const [key, otherKey] = [newSealingKey(random), newSealingKey(random)];
const [sealer, otherSealer] = [key, otherKey].map((each) => keyringSealer([each], 'store', random));
const id = 'chatapp/crm';
const record = newRecord('1.ab');
const place = { account: id, incarnation: record.incarnation, generation: record.generation };
const issuedAt = { epoch: 1, ms: 1 };

function parts(by = sealer): Record<string, Partial<AccountRecord>> {
  if (by === undefined) throw new TypeError('no sealer');
  const tokens = new SealedTokens(by);
  const access = tokens.sealAccess(place, { token: new Secret('access-1'), metadata: {} });
  const retired = { ...place, id: 'r1', after: 1, attempts: 0 };
  const sealed = tokens.sealRetiring(place, { access: new Secret('access-0') });
  return {
    'an access token': { access: { sealed: access, tokenType: 'Bearer', issuedAt, lifetimeMs: 1 } },
    'a refresh token': {
      refresh: { sealed: tokens.sealRefresh(place, new Secret('refresh-1')), issuedAt },
    },
    'tokens that are to be ended': { retiring: [{ ...retired, sealed }] },
  };
}

test.each(Object.keys(parts()))('a row with %s opens with its own key only', (name) => {
  const row = { id, body: JSON.stringify({ ...record, ...parts()[name] }) };
  if (sealer === undefined || otherSealer === undefined) throw new TypeError('no sealer');
  expect(() => checkSealedRow(row, sealer)).not.toThrow();
  expect(() => checkSealedRow(row, otherSealer)).toThrow(/which is not in the keyring/);
  expect(() => checkSealedRow({ ...row, id: 'chatapp/other' }, sealer)).toThrow(/does not open/);
  expect(sealingKeyIds(row.body)).toEqual([key?.id]);
});

test('a row that is no record is told of, and a row without tokens needs no key', () => {
  if (sealer === undefined) throw new TypeError('no sealer');
  expect(() => checkSealedRow({ id, body: '{}' }, sealer)).toThrow(/is damaged/);
  const body = JSON.stringify(record);
  expect(() => checkSealedRow({ id, body }, sealer)).not.toThrow();
  expect(sealingKeyIds(body)).toEqual([]);
});
