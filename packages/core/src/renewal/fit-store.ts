import { TokenError } from '../errors/token-error.js';
import { singleUse } from '../provider/provider-profile.js';
import type { TokenProvider } from '../provider/token-provider.js';
import type { StoreTraits } from '../store/token-store.js';

/**
 * Single-use refresh tokens are not entrusted to a store that may lose what it has confirmed: the
 * successor would be gone, and the token that is left has been used.
 *
 * @throws TokenError `STORE_MISCONFIGURED` with reason `not_durable`
 */
export function checkStoreFits(traits: StoreTraits, providers: readonly TokenProvider[]): void {
  const { weaknesses = [], weaknessesAccepted = false } = traits;
  const rotating = providers.find(({ profile }) => singleUse(profile));
  if (rotating === undefined || weaknesses.length === 0 || weaknessesAccepted) return;
  throw new TokenError(
    'STORE_MISCONFIGURED',
    `The refresh tokens of provider "${rotating.id}" can be used once, and the ${traits.name} store ` +
      `at ${traits.location} may lose what it has confirmed. ${weaknesses.join(' ')} To go on all ` +
      "the same, give the store whenNotDurable: 'warn'.",
    { reason: 'not_durable', provider: rotating.id },
  );
}

/**
 * A key that is made in memory is lost with the process, and other processes never had it.
 *
 * @throws TokenError `CONFIGURATION_INVALID` with reason `no_keyring`
 */
export function checkKeysFit({ name, location, durable, keyFile }: StoreTraits): void {
  if (!durable || keyFile !== undefined) return;
  throw new TokenError(
    'CONFIGURATION_INVALID',
    `The ${name} store at ${location} has no place for a key file, and needs the same keys in every ` +
      'process. Give the engine a keyring: keyring: sharedKeyring("/run/secrets/tokenkeep.keys").',
    { reason: 'no_keyring' },
  );
}
