import { expect, test } from '@jest/globals';
import type { StoreTraits, TokenProvider } from '../src/index.js';
import { checkKeysFit, checkStoreFits } from '../src/renewal/fit-store.js';

const traits: StoreTraits = {
  name: 'postgres',
  location: 'db:5432/tokens',
  durable: true,
  sharedBy: 'fleet',
  steadyClock: false,
};
const weak = { ...traits, weaknesses: ['synchronous_commit is off: set it to on.'] };
const provider = (id: string, rotation?: object) =>
  ({ id, profile: { refreshToken: rotation ?? 'reusable' } }) as unknown as TokenProvider;

test('single-use refresh tokens are not entrusted to a server that may lose what it confirmed', () => {
  const rotating = provider('rotating', { singleUse: true, reuseGraceMs: 0 });
  expect(() => checkStoreFits(traits, [rotating])).not.toThrow();
  expect(() => checkStoreFits(weak, [provider('lasting')])).not.toThrow();
  expect(() => checkStoreFits({ ...weak, weaknessesAccepted: true }, [rotating])).not.toThrow();
  expect(() => checkStoreFits(weak, [provider('lasting'), rotating])).toThrow(
    expect.objectContaining({
      code: 'STORE_MISCONFIGURED',
      reason: 'not_durable',
      message: expect.stringMatching(/"rotating".*synchronous_commit is off.*whenNotDurable/),
    }),
  );
});

test('a durable store without a place for a key file wants a keyring, which all processes share', () => {
  expect(() => checkKeysFit({ ...traits, keyFile: '/data/tokens.db.key' })).not.toThrow();
  expect(() => checkKeysFit({ ...traits, durable: false })).not.toThrow();
  expect(() => checkKeysFit(traits)).toThrow(
    expect.objectContaining({ code: 'CONFIGURATION_INVALID', reason: 'no_keyring' }),
  );
});
